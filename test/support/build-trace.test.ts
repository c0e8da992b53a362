import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatText, recordBytes } from './build-events.ts';
import { buildTrace, type TraceSpec } from './build-trace.ts';

const traceCmd = '/usr/bin/trace-cmd';
const directory = mkdtempSync(join(tmpdir(), 'build-trace-'));
let files = 0;
afterAll(() => rmSync(directory, { recursive: true }));

/** What the real trace-cmd reports of a spec's file, one line per event. */
function reported(spec: TraceSpec): string[] {
  const path = join(directory, `${files++}.dat`);
  writeFileSync(path, buildTrace(spec));
  const text = execFileSync(traceCmd, ['report', '-t', '-i', path], { encoding: 'latin1', stdio: 'pipe' });
  return text.split('\n').filter((line) => / value: /.test(line) || /EVENTS DROPPED|cpus=/.test(line));
}

const FORMAT = formatText('value', 900, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');

/** `count` events a second apart in CPU `cpu`, whose value is 1000 * cpu + index. */
function events(spec: TraceSpec, cpu: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    time: 1_000_000_000n * BigInt(i + 1) + BigInt(cpu),
    data: recordBytes(spec.littleEndian ?? true, { id: 900, pid: 7 }, (out) => void out.u32(1000 * cpu + i)),
  }));
}

function withEvents(spec: TraceSpec, count: number): TraceSpec {
  const cpus = [0, 2].map((cpu) => ({ cpu, events: events(spec, cpu, count) }));
  return { ...spec, systems: [{ name: 'test', formats: [FORMAT] }], buffers: [{ cpus }], cmdlines: '7 seven\n' };
}

describe.skipIf(!existsSync(traceCmd))('the real trace-cmd reads what the builder writes', () => {
  const shapes: TraceSpec[] = [
    { version: 6 },
    { version: 6, littleEndian: false, longSize: 4 },
    { version: 6, pageSize: 8192, longSize: 4 },
    { version: 7 },
    { version: 7, littleEndian: false },
    { version: 7, pageSize: 16384, compression: 'zstd' },
    { version: 7, compression: 'zstd', longSize: 4, stringsSections: 2 },
    { version: 7, compression: 'zstd', compressOptions: true, stringsSections: 0 },
  ];
  test.each(shapes)('%o', (shape) => {
    const lines = reported(withEvents(shape, 300));
    expect(lines.length).toBe(601);
    expect(lines[0]).toContain('cpus=3');
    expect(lines[1]).toMatch(/seven-7 +\[000\] +1\.000000000: value: +value=0/);
    expect(lines[2]).toMatch(/seven-7 +\[002\] +1\.000000002: value: +value=2000/);
    expect(lines[600]).toMatch(/seven-7 +\[002\] +300\.000000002: value: +value=2299/);
  });

  test('lost events', () => {
    const list = events({}, 0, 3).map((event, i) => ({ ...event, ...(i === 1 ? { lost: 17 } : {}) }));
    const spec: TraceSpec = {
      systems: [{ name: 'test', formats: [FORMAT] }],
      buffers: [{ cpus: [{ cpu: 0, events: list }] }],
    };
    expect(reported(spec)[2]).toContain('CPU:0 [17 EVENTS DROPPED]');
  });

  test('instances of both versions', () => {
    for (const version of [6, 7] as const) {
      const cpus = [{ cpu: 0, events: events({}, 0, 5) }];
      const spec: TraceSpec = {
        version,
        systems: [{ name: 'test', formats: [FORMAT] }],
        buffers: [{ cpus }, { name: 'one', cpus }, { name: 'two', cpus }],
      };
      expect(
        reported(spec)
          .map((line) => line.slice(0, 4))
          .sort(),
      ).toEqual(['cpus', ...Array(5).fill('    '), ...Array(5).fill('one:'), ...Array(5).fill('two:')].sort());
    }
  });

  test('latency text', () => {
    for (const version of [6, 7] as const) {
      const path = join(directory, `latency${version}.dat`);
      // With option TRACECLOCK trace-cmd takes the first 8 bytes of a v6 latency text for the clock's length.
      const traceClock = version === 6 ? null : '[local]';
      writeFileSync(
        path,
        buildTrace({ version, traceClock, latencyText: '# tracer: wakeup\nline\n', compression: 'zstd' }),
      );
      const text = execFileSync(traceCmd, ['report', '-i', path], { encoding: 'latin1', stdio: 'pipe' });
      expect(text).toContain('# tracer: wakeup\nline\n');
    }
  });
});
