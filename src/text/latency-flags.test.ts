import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildTrace } from '../../test/support/build-trace.ts';
import { missing } from '../../test/support/capabilities.ts';
import { buildRecord, Random } from '../../test/support/random-records.ts';
import { from34 } from '../../test/support/stored-34.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import type { TextVersion } from '../format/environment.ts';
import { parseEventFormat } from '../format/parse-event.ts';
import { compileFlagsColumn, ExtraColumns } from './latency-flags.ts';

const LOCK_DEPTH = '\tfield:int common_lock_depth;\toffset:8;\tsize:4;\tsigned:1;\n';
const MIGRATE_DISABLE = '\tfield:unsigned short common_migrate_disable;\toffset:12;\tsize:2;\tsigned:0;\n';
const format = (extra: string): string =>
  'name: value\nID: 900\nformat:\n' +
  '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n' +
  '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n' +
  '\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n' +
  `\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n${extra}\n` +
  '\tfield:u32 value;\toffset:16;\tsize:4;\tsigned:0;\n\nprint fmt: "value=%u", REC->value\n';

type Row = Readonly<Record<string, number>>;
const recordsOf = (extra: string, rows: readonly Row[]): Uint8Array[] =>
  rows.map((row) => buildRecord(format(extra), new Random(1), { common_flags: 0, common_preempt_count: 0, ...row }));

function stock(traceCmd: string, extra: string, rows: readonly Row[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'latency-flags-'));
  try {
    const path = join(directory, 'trace.dat');
    const events = recordsOf(extra, rows).map((data, i) => ({ time: 1000n * BigInt(i + 1), data }));
    const systems = [{ name: 'test', formats: [format(extra)] }];
    writeFileSync(path, buildTrace({ version: 6, systems, buffers: [{ cpus: [{ cpu: 0, events }] }] }));
    const text = execFileSync(traceCmd, ['report', '-l', '-i', path], { encoding: 'latin1', stdio: 'pipe' });
    return [...text.matchAll(/-\d+ +0(\S+) /g)].map((match) => match[1] as string);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function ours(version: TextVersion, extra: string, rows: readonly Row[]): string[] {
  const { commonFields } = parseEventFormat(format(extra), 'test', { longSize: 8 });
  const write = compileFlagsColumn(commonFields, true, version, new ExtraColumns());
  return recordsOf(extra, rows).map((bytes) => {
    const out = new ByteWriter();
    write(out, { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length });
    return new TextDecoder().decode(out.view());
  });
}

const bytes = (name: string): Row[] => Array.from({ length: 256 }, (_, value) => ({ [name]: value }));
const depths = (...pairs: readonly (readonly [lock: number, migrate: number])[]): Row[] =>
  pairs.map(([common_lock_depth, common_migrate_disable]) => ({ common_lock_depth, common_migrate_disable }));

const CASES: readonly (readonly [name: string, extra: string, rows: readonly Row[]])[] = [
  ['all flags', '', bytes('common_flags')],
  ['all counts', '', bytes('common_preempt_count')],
  ['a lock depth', LOCK_DEPTH, depths([0, 0], [3, 0], [-1, 0], [12, 0])],
  ['a lock depth that is none at first', LOCK_DEPTH, depths([-1, 0], [3, 0], [12, 0])],
  ['a migrate-disable count', MIGRATE_DISABLE, depths([0, 0], [0, 3], [0, 0xffff])],
  ['both', LOCK_DEPTH + MIGRATE_DISABLE, depths([0, 7], [3, 3], [-1, 9])],
  ['both, with no lock depth at first', LOCK_DEPTH + MIGRATE_DISABLE, depths([-1, 7], [3, 3])],
];

const stored = new URL('./expected/latency-flags.json', import.meta.url);

describe.each(CASES)('%s', (name, extra, rows) => {
  test('as trace-cmd 3.1', (context) => {
    const unable = missing('trace-cmd 3.1');
    context.skip(unable !== undefined, unable);
    expect(ours('3.1', extra, rows)).toEqual(stock('trace-cmd', extra, rows));
  });

  test('as trace-cmd 3.4', () => {
    expect(ours('3.4', extra, rows)).toEqual(from34(stored, name, (traceCmd) => stock(traceCmd, extra, rows)));
  });
});
