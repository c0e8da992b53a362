import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildTrace, type OptionSpec, type TraceSpec } from '../../test/support/build-trace.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { Correction, type CorrectionRules } from './correction.ts';
import type { SyncSample, Ticks, TimeShift, TscToNanoseconds } from './types.ts';

/** The installed trace-cmd, and a 3.4 where one is named. */
const programs = ['/usr/bin/trace-cmd', ...(process.env.TRACE_CMD_34 ? [process.env.TRACE_CMD_34] : [])];
const folder = temporaryFolder();

const FORMAT = formatText('value', 900, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');
const record = recordBytes(true, { id: 900, pid: 7 }, (out) => void out.u32(1));

function timeShiftOption(shift: TimeShift): OptionSpec {
  return {
    id: 12,
    data: (out) => {
      out.u64(shift.peerTraceId).u32(shift.flags).u32(shift.cpus.length);
      for (const samples of shift.cpus) {
        out.u32(samples.length);
        for (const key of ['time', 'offset', 'scaling'] as const) {
          for (const sample of samples) out.u64(BigInt.asUintN(64, sample[key]));
        }
      }
      for (const sample of shift.cpus.flat()) out.u64(sample.fraction);
    },
  };
}

interface Case {
  readonly version: 6 | 7;
  readonly timeShift?: TimeShift;
  readonly tscToNanoseconds?: TscToNanoseconds;
  /** Raw stamps, ascending, per CPU. */
  readonly stamps: readonly (readonly bigint[])[];
}

/** The corrected stamps that the real trace-cmd prints, per CPU. */
function printed(
  traceCmd: string,
  { version, timeShift, tscToNanoseconds: tsc, stamps }: Case,
  ...extra: string[]
): bigint[][] {
  const options: OptionSpec[] = [];
  if (timeShift) options.push(timeShiftOption(timeShift));
  if (tsc) options.push({ id: 14, data: (out) => void out.u32(tsc.multiplier).u32(tsc.shift).u64(tsc.offset) });
  const cpus = stamps.map((times, cpu) => ({ cpu, events: times.map((time) => ({ time, data: record })) }));
  const systems = [{ name: 'test', formats: [FORMAT] }];
  const spec: TraceSpec = { version, traceClock: '[counter]', options, systems, buffers: [{ cpus }] };
  const path = join(folder, 'case.dat');
  writeFileSync(path, buildTrace(spec));
  const text = execFileSync(traceCmd, ['report', '-t', ...extra, '-i', path], { encoding: 'latin1', stdio: 'pipe' });
  const result: bigint[][] = stamps.map(() => []);
  for (const [, cpu, time] of text.matchAll(/\[(\d+)\](?: [.]{5})? *([\d.]+): value:/g)) {
    result[Number(cpu)]!.push(BigInt(time!.replace('.', '')));
  }
  return result;
}

function corrected(rules: Omit<CorrectionRules, 'mode' | 'offset'>, stamps: Case['stamps']): bigint[][] {
  return stamps.map((times, cpu) => {
    const correction = new Correction(cpu, { mode: 'stock', offset: 0n, ...rules });
    return times.map((time) => {
      correction.apply(Number(time >> 32n), Number(time & 0xffff_ffffn));
      const value = (BigInt(correction.outHi) << 32n) | BigInt(correction.outLo);
      expect(correction.correct(time as Ticks)).toBe(value);
      return value;
    });
  });
}

const ascending = (list: bigint[]): bigint[] => list.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const sampleTime = fc.oneof(fc.bigInt(0n, 1_000_000n), fc.bigInt(0n, 2n ** 40n), fc.bigInt(0n, 2n ** 58n));
const scale = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ scaling: 1n, fraction: 0 }) },
  { weight: 1, arbitrary: fc.constant({ scaling: 4_724_464_026n, fraction: 32 }) },
  { weight: 1, arbitrary: fc.record({ scaling: fc.bigInt(0n, 2n ** 50n), fraction: fc.nat(63) }) },
);
const sample: fc.Arbitrary<SyncSample> = fc
  .tuple(sampleTime, fc.oneof(fc.bigInt(-1_000_000n, 1_000_000n), fc.bigInt(-(2n ** 58n), 2n ** 58n)), scale)
  .map(([time, offset, { scaling, fraction }]) => ({ time, offset, scaling, fraction }));
const cpuCase = fc
  .tuple(fc.array(sample, { minLength: 1, maxLength: 6 }), fc.array(sampleTime, { minLength: 1, maxLength: 30 }))
  .map(([samples, times]) => {
    // On, right before and right after the samples, and elsewhere.
    const near = samples.flatMap(({ time }) => [time, time + 1n, time > 0n ? time - 1n : 0n]);
    return { samples, times: ascending([...near, ...times]) };
  });

for (const traceCmd of programs)
  describe.skipIf(!existsSync(traceCmd))(`stock corrections are what ${traceCmd} prints`, () => {
    test('samples of every kind, in both versions', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(6 as const, 7 as const),
          fc.constantFrom(0, 1),
          fc.array(cpuCase, { minLength: 8, maxLength: 8 }),
          (version, flags, cases) => {
            const timeShift = { peerTraceId: 1n, flags, cpus: cases.map(({ samples }) => samples) };
            // One CPU more than there are samples for.
            const stamps = [...cases.map(({ times }) => times), [1n, 2n]];
            const ours = corrected({ timeShift }, stamps);
            // 3.4 takes such a stamp for the end of its CPU; no clock gets there.
            fc.pre(!ours.flat().includes(2n ** 64n - 1n));
            expect(ours).toEqual(printed(traceCmd, { version, timeShift, stamps }));
          },
        ),
        { numRuns: 60 },
      );
    });

    test('ticks to ns, any multiplier and shift', () => {
      const stamps = fc.array(fc.array(sampleTime, { minLength: 1, maxLength: 30 }).map(ascending), { minLength: 1 });
      const multiplier = fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.constantFrom(894_784_853, 2 ** 31));
      const shift = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(31, 32) }, { weight: 2, arbitrary: fc.nat(70) });
      fc.assert(
        fc.property(fc.constantFrom(6 as const, 7 as const), multiplier, shift, stamps, (version, m, s, list) => {
          const tscToNanoseconds = { multiplier: m, shift: s, offset: 5n };
          const expected = printed(traceCmd, { version, tscToNanoseconds, stamps: list });
          expect(corrected({ tscToNanoseconds }, list)).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    });

    test('--ts2secs', () => {
      const times = fc.array(fc.bigInt(0n, 2n ** 60n), { minLength: 1, maxLength: 40 }).map(ascending);
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 5_000_000_000 }), times, (ticksPerSecond, list) => {
          const expected = printed(traceCmd, { version: 7, stamps: [list] }, '--ts2secs', String(ticksPerSecond));
          expect(corrected({ ticksPerSecond }, [list])).toEqual(expected);
        }),
        { numRuns: 20 },
      );
    });
  });
