import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildTrace } from '../../test/support/build-trace.ts';
import { missing } from '../../test/support/capabilities.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { utf8 } from '../base/byte-writer.ts';
import { CommTable, parseCmdlines } from './comms.ts';

const folder = temporaryFolder();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const FORMAT = formatText('event', 1, ['int a;\toffset:8;\tsize:4;\tsigned:1;'], '"x"');
const PIDS = [0, 1, 2, 3, 4, 5, 10, 99, -1];

/** The task names that trace-cmd prints for events of those pids. */
function stockNames(cmdlines: string): string[] {
  const events = PIDS.map((pid, i) => ({
    time: BigInt(i + 1) * 1000n,
    data: recordBytes(true, { id: 1, pid: pid >>> 0 }, (out) => void out.u32(1)),
  }));
  const file = join(folder, 'trace.dat');
  const systems = [{ name: 'test', formats: [FORMAT] }];
  writeFileSync(file, buildTrace({ version: 6, systems, cmdlines, buffers: [{ cpus: [{ cpu: 0, events }] }] }));
  const { stdout } = spawnSync('trace-cmd', ['report', '-i', file], { encoding: 'latin1' });
  return [...stdout.matchAll(/^ *(\S.*?)-(?:-?\d+) +\[000\]/gm)].map((match) => match[1] as string);
}

describe('saved command lines', () => {
  test.each([
    ['usual', '1 init\n2 kthreadd\n10 trace-cmd\n'],
    ['with blanks', '1 two words\n2   three   more  words\n 3 four\n\t4\tfive\n'],
    ['of pid 0', '0 swapper\n1 init\n'],
    ['of a negative pid', '-1 minus\n1 init\n'],
    ['without a name', '1 init\n2 \n3 after\n'],
    ['without a pid', '1 init\nnone\n3 after\n'],
    ['with empty lines', '\n\n1 init\n\n2 two\n'],
    ['cut', '1 init\n2 two\n3'],
    ['of other bytes', '1 caf\u00e9\n2 two\n'],
    ['with a name right after the pid', '1init\n2 two\n'],
    ['none at all', ''],
  ])('%s name tasks as in trace-cmd', (_what, cmdlines) => {
    const unable = missing('trace-cmd');
    if (unable !== undefined) return;
    const table = parseCmdlines(utf8(cmdlines));
    expect(PIDS.map((pid) => text(table.get(pid)))).toEqual(stockNames(cmdlines));
  });
});

test('the first name of a task stays', () => {
  const table = new CommTable();
  const source = utf8('one two');
  table.register(5, source, 0, 3);
  table.register(5, source, 4, 7);
  source.fill(0);
  expect([text(table.get(5)), table.has(5), table.has(6), table.size]).toEqual(['one', true, false, 1]);
});
