import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildTrace } from '../../test/support/build-trace.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { Correction } from '../time/correction.ts';
import type { SyncSample, Ticks, TimeShift } from '../time/types.ts';
import { timeShiftOption } from '../trace-file/write/content.ts';
import { kvm } from './protocols/kvm.ts';
import { ptp } from './protocols/ptp.ts';
import { isStorable } from './scaled-line.ts';
import { timeShiftOf } from './time-shift.ts';
import type { Measurement, SyncProtocol } from './types.ts';

/** The installed trace-cmd, and a 3.4 where one is named. */
const programs = ['/usr/bin/trace-cmd', ...(process.env.TRACE_CMD_34 ? [process.env.TRACE_CMD_34] : [])];
const folder = temporaryFolder();
const FORMAT = formatText('value', 900, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');
const record = recordBytes(true, { id: 900, pid: 7 }, (out) => void out.u32(1));

/** What the real trace-cmd makes of ascending stamps of CPU 0. */
function printed(traceCmd: string, shift: TimeShift, stamps: readonly bigint[]): bigint[] {
  const { id, data } = timeShiftOption(shift, true);
  const cpus = [{ cpu: 0, events: stamps.map((time) => ({ time, data: record })) }];
  const systems = [{ name: 'test', formats: [FORMAT] }];
  const path = join(folder, 'shift.dat');
  writeFileSync(path, buildTrace({ traceClock: '[counter]', options: [{ id, data }], systems, buffers: [{ cpus }] }));
  const text = execFileSync(traceCmd, ['report', '-t', '-i', path], { encoding: 'latin1', stdio: 'pipe' });
  return [...text.matchAll(/\[000\](?: [.]{5})? *([\d.]+): value:/g)].map(([, time]) => BigInt(time!.replace('.', '')));
}

const sampleOf = (sample: Partial<SyncSample>): SyncSample => ({
  ...{ time: 1n, offset: 0n, scaling: 1n, fraction: 0, bound: 0n },
  ...sample,
});
const measured = (cpu: number, sample: Partial<SyncSample>): Measurement => ({
  ...{ cpu, limits: undefined, probes: undefined },
  sample: sampleOf(sample),
});

function shiftOf(protocol: SyncProtocol, measurements: readonly Measurement[], cpuCount = 1): TimeShift {
  const guestClock = protocol === kvm ? 'x86-tsc' : 'local';
  const shift = timeShiftOf({ protocol, measurements, cpuCount, guestClock, peerTraceId: 5n });
  if (!shift) throw new Error('nothing was measured');
  return shift;
}

const SECOND = 2_400_000_000n;
const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);

describe('the option of a session', () => {
  const anyMeasurements = fc.array(
    fc
      .record({
        cpu: fc.nat(3),
        time: fc.bigInt(1n, 2n ** 50n),
        offset: fc.oneof(fc.constant(0n), fc.bigInt(-(2n ** 30n), 2n ** 30n)),
        bound: fc.option(fc.bigInt(0n, 100_000n), { nil: undefined }),
      })
      .map(({ cpu, ...sample }) => measured(cpu, sample)),
    { minLength: 1, maxLength: 12 },
  );

  test('has as many samples for each CPU, two at least, at ascending times', () => {
    fc.assert(
      fc.property(anyMeasurements, fc.constantFrom(kvm, ptp), (measurements, protocol) => {
        const byTime = measurements.sort((a, b) => (a.sample.time < b.sample.time ? -1 : 1));
        const { cpus } = shiftOf(protocol, byTime, 4);
        expect(cpus.length).toBe(4);
        for (const samples of cpus) {
          expect(samples.length).toBe(cpus[0]!.length);
          expect(samples.length).toBeGreaterThanOrEqual(2);
          const times = samples.map(({ time }) => time);
          for (const [i, time] of times.entries()) if (i > 0) expect(time > times[i - 1]!).toBe(true);
        }
      }),
    );
  });

  test('is none where nothing was measured', () => {
    const nothing = { measurements: [], cpuCount: 2, guestClock: 'mono', peerTraceId: 1n };
    expect(timeShiftOf({ protocol: ptp, ...nothing })).toBeUndefined();
    expect(timeShiftOf({ protocol: kvm, ...nothing })).toBeUndefined();
  });

  test('keeps an offset of zero, and gives a CPU that was never measured what the next one has', () => {
    const { cpus, flags } = shiftOf(kvm, [measured(1, { time: 9n })], 3);
    const samples = [sampleOf({ time: 9n }), sampleOf({ time: 10n })];
    expect({ cpus, flags }).toEqual({ cpus: [samples, samples, samples], flags: 0 });
  });
});

describe.each(programs.filter(existsSync))('%s makes of it what was measured', (traceCmd) => {
  test('numbers of the hypervisor hold until the next ones, the last ones to the end', () => {
    const list = [3n, 0n, -7n].map((offset, i) => measured(0, { time: BigInt(i + 1) * 1000n, offset }));
    const shift = shiftOf(kvm, list);
    const expected: readonly (readonly [bigint, bigint])[] = [
      ...[[500n, 503n] as const, [1500n, 1503n] as const, [2000n, 2000n] as const],
      ...[[2999n, 2999n] as const, [3000n, 2993n] as const, [9_000_000n, 8_999_993n] as const],
    ];
    const stamps = expected.map(([stamp]) => stamp);
    expect(printed(traceCmd, shift, stamps)).toEqual(expected.map(([, time]) => time));
  });

  const ratios = [
    { name: 'Intel, 1.25', scaling: 5n << 46n, fraction: 48 },
    { name: 'AMD, 1.1', scaling: (11n << 32n) / 10n, fraction: 32 },
    { name: 'AMD, 0.4', scaling: (2n << 32n) / 5n, fraction: 32 },
    { name: 'Intel, 3.7', scaling: (37n << 48n) / 10n, fraction: 48 },
    { name: 'hardly scaled', scaling: (1n << 48n) + 12345n, fraction: 48 },
  ];
  test.each(ratios)('a scaled TSC, within the bound: $name', ({ scaling, fraction }) => {
    const offset = 4_000_000_000_000n; // stored: minus tsc-offset
    const guestOf = (host: bigint): bigint => ((host * scaling) >> BigInt(fraction)) - offset;
    const host = 30_000_000_000_000n;
    const rounds = [0n, 40n, 90n].map((s) => guestOf(host + s * SECOND));
    const list = rounds.map((time) => measured(0, { time, offset, scaling, fraction }));
    expect(isStorable({ offset, scaling, fraction })).toBe(true);
    const shift = shiftOf(kvm, list);
    expect(shift.flags).toBe(1);
    expect(shift.cpus[0]!.length).toBeLessThan(2000);
    // From a second before the first round to ten after the last one.
    const hosts = Array.from({ length: 500 }, (_, i) => host - SECOND + (101n * SECOND * BigInt(i)) / 500n);
    const results = printed(traceCmd, shift, hosts.map(guestOf));
    expect(results.length).toBe(hosts.length);
    // Outside, the slope of the short pieces at the ends counts: 0.2 us within ten seconds. Several host ticks have the same guest tick where the guest's counts slower.
    const ticks = (1n << BigInt(fraction)) / scaling + 1n;
    for (const [i, result] of results.entries()) {
      const isOutside = i < 10 || i > 450;
      const bound = isOutside ? 400n : (shift.cpus[0]![0]!.bound as bigint) + ticks;
      expect(distance(result, hosts[i] as bigint)).toBeLessThanOrEqual(bound);
    }
  });

  test('a clock that counts other units, over minutes, with an offset of hours', () => {
    // ns of the host for ticks of the guest at 2.4 GHz: products of stock would pass 64 bits in seconds.
    const hostOf = (guest: bigint): bigint => 50_000_000_000_000n + (guest * 10n) / 24n;
    const times = [100n, 160n, 400n].map((s) => s * SECOND);
    const list = times.map((time) => measured(0, { time, offset: hostOf(time) - time, bound: 2000n }));
    const shift = shiftOf(ptp, list);
    const stamps = Array.from({ length: 300 }, (_, i) => 100n * SECOND + BigInt(i) * SECOND);
    const results = printed(traceCmd, shift, stamps);
    for (const [i, result] of results.entries()) {
      expect(distance(result, hostOf(stamps[i] as bigint))).toBeLessThanOrEqual(2000n);
    }
    const ours = new Correction(0, { mode: 'exact', timeShift: shift, offset: 0n });
    expect(stamps.map((stamp) => ours.correct(stamp as Ticks))).toEqual(results);
  });
});

test('a ratio that would take samples without end is left to measuring', () => {
  expect(isStorable({ offset: 0n, scaling: 1n, fraction: 48 })).toBe(false);
  expect(isStorable({ offset: 0n, scaling: 0n, fraction: 0 })).toBe(false);
  expect(isStorable({ offset: 0n, scaling: 1n, fraction: 0 })).toBe(true);
});
