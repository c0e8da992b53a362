import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatText, recordBytes } from '../../../test/support/build-events.ts';
import { buildTrace, storedZstd, type TraceSpec } from '../../../test/support/build-trace.ts';
import { ByteBuilder } from '../../../test/support/byte-builder.ts';
import { from34 } from '../../../test/support/stored-34.ts';
import { memorySource } from '../../base/byte-source.ts';
import { utf8 } from '../../base/byte-writer.ts';
import { portableCodecs } from '../../trace-file/codecs.ts';
import { openTrace } from '../../trace-file/open.ts';
import { writeReport } from './report.ts';
import { loadReportFile } from './report-file.ts';
import { reportInput, reportSettings } from './settings.ts';

const stored = new URL('expected/last-boot.json', import.meta.url);

const KALLSYMS = [
  ['ffffffff81000000', '_text'],
  ['ffffffff81000100', 'foo'],
  ['ffffffff81001000', '_stext'],
  ['ffffffff82000000', '_etext'],
  ['ffffffffc0000000', 'one\t[one]'],
  ['ffffffffc0010000', 'two\t[two]'],
  ['ffffffffd0000000', 'last\t[two]'],
];
const MODULES = 'one 16384 0 - Live 0xffffffffc0000000\ntwo 16384 1 one, Live 0xffffffffc0010000 (OE)\n';
const ADDRESSES = [
  ...[0x100n, 0xffffffff_10000110n, 0xffffffff_81000110n, 0xffffffff_90ffffffn, 0xffffffff_91000110n],
  ...[0xffffffff_92000000n, 0xffffffff_a0000010n, 0xffffffff_a0008010n, 0xffffffff_a0010010n, 0xffffffff_c0000010n],
];

/** What a file says of the boot before, and of its modules. */
const FILES: Readonly<Record<string, readonly [lastBoot: string, modules: string]>> = {
  'kernel and modules': ['inst:ffffffff91000000\t[kernel]\nffffffffa0000000\tone\nffffffffa0010000\ttwo\n', MODULES],
  'in no order': ['inst:ffffffffa0010000\ttwo\nffffffff91000000\t[kernel]\nffffffffa0000000\tone\n', MODULES],
  'the kernel alone': ['inst:ffffffff91000000\t[kernel]', ''],
  'modules alone': ['inst:ffffffffa0000000\tone\nffffffffa0010000\ttwo\n', MODULES],
  'one of the modules': ['inst:ffffffff91000000\t[kernel]\nffffffffa0000000\tone\n', MODULES],
  'a module below the kernel': ['inst:ffffffff91000000\t[kernel]\nffffffff10000000\tone\n', MODULES],
  'a module that is gone': [
    'inst:ffffffff91000000\t[kernel]\nffffffffa0000000\tone\nffffffffa0008000\tgone\nffffffffa0010000\ttwo\n',
    MODULES,
  ],
  'no modules now': ['inst:ffffffff91000000\t[kernel]\nffffffffa0000000\tone\n', ''],
  'modules that make no sense': ['inst:ffffffff91000000\t[kernel]\nffffffffa0000000\tone\n', `one 5\n${MODULES}`],
  'blanks and capitals': ['inst:\n FFFFFFFF91000000  [kernel] x\n\nFFFFFFFFA0000000 one \n', MODULES],
  'a comment': ['inst:# Current\nffffffff91000000\t[kernel]\n', MODULES],
  'no name of an instance': ['ffffffff91000000\t[kernel]\n', MODULES],
};

function traceOf(lastBoot: string, modules: string): Uint8Array {
  const ip = 'u64 ip;\toffset:8;\tsize:8;\tsigned:0;';
  const events = ADDRESSES.map((address, i) => ({
    time: BigInt(i + 1) * 1000n,
    data: recordBytes(true, { id: 900, pid: 7 }, (out) => void out.u64(address)),
  }));
  const packed = storedZstd(utf8(modules));
  const body = new ByteBuilder(true).u32(packed.length).u32(modules.length).bytes(packed).take();
  const spec = (offset: number): TraceSpec => ({
    compression: 'zstd',
    systems: [{ name: 'test', formats: [formatText('event', 900, [ip], '"%pS", (void *)REC->ip')] }],
    kallsyms: KALLSYMS.map(([address, name]) => `${address} T ${name}\n`).join(''),
    extraSections: modules === '' ? [] : [{ id: 25, flags: 1, body }],
    options: [
      ...(modules === '' ? [] : [{ id: 25, data: (out: ByteBuilder) => void out.u64(offset) }]),
      { id: 24, data: utf8(`${lastBoot}\0`) },
    ],
    buffers: [{ cpus: [{ cpu: 0, events }] }],
  });
  // The pointer comes behind the section: its value moves nothing.
  return buildTrace(spec(Buffer.from(buildTrace(spec(0))).indexOf(body) - 16));
}

const names = (report: string): string[] => report.split('\n').flatMap((line) => /event: +(.*)/.exec(line)?.[1] ?? []);

function stockNames(traceCmd: string, bytes: Uint8Array): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'last-boot-'));
  try {
    const path = join(directory, 'trace.dat');
    writeFileSync(path, bytes);
    return names(execFileSync(traceCmd, ['report', '-i', path], { encoding: 'latin1' }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function ourNames(bytes: Uint8Array): Promise<string[]> {
  const file = await loadReportFile(
    await openTrace(memorySource('trace.dat', bytes), portableCodecs),
    'trace.dat',
    '3.4',
  );
  let report = '';
  await writeReport([reportInput(file)], reportSettings(), {
    write: async (text) => {
      report += Buffer.from(text).toString('latin1');
      return true;
    },
  });
  return names(report);
}

test.each(Object.entries(FILES))('functions of the boot before: %s', async (name, [lastBoot, modules]) => {
  const bytes = traceOf(lastBoot, modules);
  const expected = from34(stored, name, (traceCmd) => stockNames(traceCmd, bytes));
  expect(expected.length).toBe(ADDRESSES.length);
  expect(await ourNames(bytes)).toEqual(expected);
});
