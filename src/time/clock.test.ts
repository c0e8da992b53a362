import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildTrace, type OptionSpec } from '../../test/support/build-trace.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { countsNanoseconds, countsTscTicks, printsSeconds } from './clock.ts';

const traceCmd = '/usr/bin/trace-cmd';
const folder = temporaryFolder();
const FORMAT = formatText('value', 900, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');
const CLOCKS = [
  'local',
  'global',
  'counter',
  'uptime',
  'perf',
  'mono',
  'mono_raw',
  'boot',
  'tai',
  'x86-tsc',
  'tsc2nsec',
];

describe.skipIf(!existsSync(traceCmd))('seconds are printed where the real trace-cmd prints them', () => {
  const cases = [...CLOCKS, undefined].flatMap((clock) =>
    ([6, 7] as const).flatMap((version) =>
      [false, true].flatMap((tsc) =>
        ['', '--raw-ts', '--ts2secs=1000'].map((option) => ({ clock, version, tsc, option })),
      ),
    ),
  );

  test.each(cases)('$clock, version $version, TSC2NSEC $tsc $option', ({ clock, version, tsc, option }) => {
    const tscToNanoseconds = { multiplier: 2 ** 31 - 1, shift: 31, offset: 0n };
    const data: OptionSpec['data'] = (out) => void out.u32(tscToNanoseconds.multiplier).u32(31).u64(0);
    const events = [{ time: 5_000_000_000n, data: recordBytes(true, { id: 900 }, (out) => void out.u32(1)) }];
    const path = join(folder, 'clock.dat');
    const systems = [{ name: 'test', formats: [FORMAT] }];
    const traceClock = clock === undefined ? null : `[${clock}]`;
    const buffers = [{ clock: clock ?? 'counter', cpus: [{ cpu: 0, events }] }];
    const options = tsc ? [{ id: 14, data }] : [];
    writeFileSync(path, buildTrace({ version, traceClock, options, systems, buffers }));
    const list = ['report', ...(option ? [option] : []), '-i', path];
    const text = execFileSync(traceCmd, list, { encoding: 'latin1', stdio: 'pipe' });
    const seconds = /\d\.\d{6}: value/.test(text);
    const facts = { traceClock: clock, tscToNanoseconds: tsc ? tscToNanoseconds : undefined };
    expect(printsSeconds({ ...facts, rawTimes: option === '--raw-ts' })).toBe(seconds);
  });
});

test('what the clocks of the kernel count', () => {
  // As listed by trace_clocks[] in kernel/trace/trace.c, with in_ns.
  const others = ['counter', 'uptime', 'x86-tsc'];
  expect(CLOCKS.filter((clock) => !countsNanoseconds(clock))).toEqual(others);
  expect(CLOCKS.filter(countsTscTicks)).toEqual(['x86-tsc', 'tsc2nsec']);
});
