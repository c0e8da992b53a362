import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatText } from '../../test/support/build-events.ts';
import { buildTrace } from '../../test/support/build-trace.ts';
import { missing } from '../../test/support/capabilities.ts';
import { type FilterField, FilterWriter } from '../../test/support/filter-texts.ts';
import { buildRecord, Random } from '../../test/support/random-records.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { utf8 } from '../base/byte-writer.ts';
import { ConstantText } from '../base/constant-text.ts';
import { TandemError } from '../base/errors.ts';
import { EventTable } from '../format/event-table.ts';
import type { EventRecord } from '../format/record.ts';
import { CommTable } from '../names/comms.ts';
import type { SymbolTable } from '../names/symbols.ts';
import { describeFilter } from './describe.ts';
import { parseFilter } from './event-filter.ts';
import { RecordFilter } from './record-filter.ts';

/** A field of every size and sign, and every way to hold a text. */
const MIXED = formatText(
  'mixed',
  900,
  [
    'u8 a8;\toffset:8;\tsize:1;\tsigned:0;',
    's8 s8;\toffset:9;\tsize:1;\tsigned:1;',
    'u16 a16;\toffset:10;\tsize:2;\tsigned:0;',
    's16 s16;\toffset:12;\tsize:2;\tsigned:1;',
    'u32 a32;\toffset:16;\tsize:4;\tsigned:0;',
    's32 s32;\toffset:20;\tsize:4;\tsigned:1;',
    'u64 a64;\toffset:24;\tsize:8;\tsigned:0;',
    's64 s64;\toffset:32;\tsize:8;\tsigned:1;',
    'char name[16];\toffset:40;\tsize:16;\tsigned:0;',
    'char four[4];\toffset:56;\tsize:4;\tsigned:0;',
    '__data_loc char[] dyn;\toffset:60;\tsize:4;\tsigned:0;',
    '__rel_loc char[] rel;\toffset:64;\tsize:4;\tsigned:0;',
    'void * ip;\toffset:72;\tsize:8;\tsigned:0;',
    'unsigned long addr;\toffset:80;\tsize:8;\tsigned:0;',
    'char rest[];\toffset:88;\tsize:0;\tsigned:0;',
  ],
  '"%u", REC->a8',
);
const OTHER = formatText(
  'other',
  901,
  ['int pid;\toffset:8;\tsize:4;\tsigned:1;', 'char rest[];\toffset:12;\tsize:0;\tsigned:0;'],
  '"%d", REC->pid',
);
const CALLERS = 'unsigned long caller[2];\toffset:16;\tsize:16;\tsigned:0;';
const KERNEL_STACK = formatText('kernel_stack', 4, ['int size;\toffset:8;\tsize:4;\tsigned:1;', CALLERS], '"x"');
const USER_STACK = formatText('user_stack', 12, ['int tgid;\toffset:8;\tsize:4;\tsigned:0;', CALLERS], '"x"');
const EVENTS = EventTable.parse(
  [KERNEL_STACK, USER_STACK, MIXED, OTHER].map((text, i) => ({ system: i < 2 ? 'ftrace' : 'test', text })),
  { longSize: 8 },
);
const TASKS: readonly string[] = ['<idle>', 'one', 'trace-cmd', 'foo bar'];
const WORDS = ['abc', 'ABC', 'abcd', 'x', '', 'foo.bar', 'a*b', 'hello world', '[x]', 'AbCdEfGhIjKlMnOp'];
const SYMBOLS = ['alpha_func', 'beta_func', 'gamma', 'last'];
const KERNEL = 0xffff_ffff_8100_0000n;
const RECORDS = 300;

interface Sample {
  readonly cpu: number;
  readonly time: bigint;
  readonly bytes: Uint8Array;
}

function mixedRecord(random: Random): Uint8Array {
  const terminator = (): string => random.pick(['', '\0']);
  const dyn = utf8(random.pick(WORDS) + terminator());
  const rel = utf8(random.pick(WORDS) + terminator());
  const extra = new Uint8Array(dyn.length + rel.length + 8);
  extra.set(dyn);
  extra.set(rel, dyn.length);
  const locator = (length: number, offset: number): bigint => (BigInt(length) << 16n) | BigInt(offset);
  const address = (): bigint => (random.below(3) ? KERNEL + BigInt(random.below(0x3100)) : random.number(8));
  return buildRecord(
    MIXED,
    random,
    {
      name: random.pick(WORDS),
      four: random.pick(WORDS),
      dyn: locator(random.below(6) ? dyn.length : 0, 88),
      rel: locator(rel.length, 88 + dyn.length - 68),
      ip: address(),
      addr: address(),
    },
    { extra },
  );
}

function sampleRecords(random: Random): Sample[] {
  const samples: Sample[] = [];
  for (const cpu of [0, 1]) {
    let time = 1_000_000_000n + BigInt(cpu);
    for (let i = 0; i < RECORDS; i++) {
      time += 1000n + 2n * BigInt(random.below(500));
      const bytes = [
        () => mixedRecord(random),
        () => buildRecord(OTHER, random, {}, { extra: utf8(`${random.pick(WORDS)}\0`) }),
        () => buildRecord(KERNEL_STACK, random),
        () => buildRecord(USER_STACK, random),
      ][random.pick([0, 0, 0, 1, 2, 3])]?.();
      samples.push({ cpu, time, bytes: bytes as Uint8Array });
    }
  }
  return samples.sort((a, b) => Number(a.time - b.time));
}

function traceOf(samples: readonly Sample[]): Uint8Array {
  const events = (cpu: number) =>
    samples.filter((sample) => sample.cpu === cpu).map(({ time, bytes }) => ({ time, data: bytes }));
  return buildTrace({
    version: 6,
    ftraceFormats: [KERNEL_STACK, USER_STACK],
    systems: [{ name: 'test', formats: [MIXED, OTHER] }],
    kallsyms: SYMBOLS.map((name, i) => `${(KERNEL + 0x1000n * BigInt(i)).toString(16)} T ${name}\n`).join(''),
    cmdlines: TASKS.flatMap((name, pid) => (pid === 0 ? [] : `${pid} ${name}\n`)).join(''),
    buffers: [{ cpus: [0, 1].map((cpu) => ({ cpu, events: events(cpu) })) }],
  });
}

function toRecord({ cpu, bytes }: Sample): EventRecord {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return { bytes: padded, view, start: 0, end: padded.length, cpu, tsHi: 0, tsLo: 0, missed: 0 };
}

const symbols: SymbolTable = {
  find(hi, lo) {
    const index = hi === 0xffff_ffff ? Math.floor((lo - 0x8100_0000) / 0x1000) : -1;
    const name = SYMBOLS[index === 3 && lo !== 0x8100_3000 ? -1 : index];
    return name === undefined ? undefined : { name: new ConstantText(name), module: undefined, hi, lo };
  },
  addressOf: () => undefined,
};

function comms(): CommTable {
  const table = new CommTable();
  TASKS.forEach((name, pid) => {
    const bytes = utf8(name);
    if (pid > 0) table.register(pid, bytes, 0, bytes.length);
  });
  return table;
}

interface Rule {
  readonly text: string;
  readonly excludes: boolean;
}

/** Times of the records that pass, and what -T prints; an error when the filters are refused. */
type Outcome =
  | { readonly times: readonly string[]; readonly described: readonly string[] }
  | { readonly error: string };

function ours(rules: readonly Rule[], samples: readonly Sample[]): Outcome {
  const environment = { littleEndian: true, version: '3.1', symbols, comms: comms() } as const;
  try {
    const parsed = rules.map(({ text, excludes }) => ({ filter: parseFilter(text), excludes }));
    const filter = new RecordFilter(parsed, EVENTS, environment);
    const passed = samples.filter((sample) => {
      const record = toRecord(sample);
      return filter.accepts(record, record.view.getUint16(0, true));
    });
    const described = parsed.flatMap((rule) => describeFilter(rule.filter, EVENTS));
    return { times: passed.map(({ time }) => String(time)), described };
  } catch (error) {
    if (error instanceof TandemError) return { error: error.message };
    throw error;
  }
}

function stocks(rules: readonly Rule[], path: string): Outcome {
  const options = (excludes: boolean): string[] =>
    rules.filter((rule) => rule.excludes === excludes).flatMap(({ text }) => ['-F', text]);
  const run = (...more: string[]) => {
    const args = ['report', '--raw-ts', ...more, ...options(false), '-v', ...options(true), '-i', path];
    return spawnSync('trace-cmd', args, { encoding: 'latin1' });
  };
  const { status, signal, stdout, stderr } = run();
  if (status !== 0) return { error: signal ?? stderr };
  const times = stdout.split('\n').flatMap((line) => /\[\d{3}\] *(\d+): /.exec(line)?.[1] ?? []);
  return {
    times,
    described: run('-T')
      .stdout.split('\n')
      .filter((line) => line.startsWith(" '") && !line.startsWith(OWN_EVENT)),
  };
}

/** trace-cmd adds an event to every file, for block traces. */
const OWN_EVENT = " 'blktrace:";
const EDGES = ['0', '1', '010', '0x7f', '128', '0xffff', '0x7fffffff', '0x80000000', '0xffffffff', '0x100000000'];
const HIGH_EDGES = ['0x7fffffffffffffff', '0xffffffffffffffff', '0xffffffffffffff80', '0xffffffff80000000'];

/** The installed one makes texts of numbers in memory it has given back, so numbers are compared with names only. */
function fieldsFor(random: Random): FilterField[] {
  const numbers = [...EDGES, ...HIGH_EDGES, ...Array.from({ length: 6 }, () => `0x${random.number(8).toString(16)}`)];
  const field = (name: string, texts: readonly string[] = []): FilterField => ({ name, numbers, texts });
  return [
    ...['a8', 's8', 'a16', 's16', 'a32', 's32', 'a64', 's64', 'pid', 'common_pid', 'common_flags'].map((name) =>
      field(name),
    ),
    ...['four', 'dyn', 'rel'].map((name) => field(name, WORDS)),
  ];
}

const TEXT_TESTS = ['name', 'four', 'dyn', 'rel', 'rest'].flatMap((field) =>
  WORDS.filter((word) => word.length !== 1).flatMap((word) => [
    `${field} == "${word}"`,
    `${field} !~ "^${word.slice(1, 3).replace(/\*/, '.')}"`,
  ]),
);
const SYMBOL_TESTS = ['ip', 'addr'].flatMap((field) =>
  SYMBOLS.flatMap((name) => [`${field} == '${name}'`, `${field} != "${name}"`]),
);

const EVENT_LISTS = [
  'mixed',
  'test',
  'test/mixed',
  'other,mixed',
  '.*',
  ' O.*R ',
  'MIXED',
  'ftrace',
  'ftrace,other',
  'none',
];

describe.skipIf(missing('trace-cmd 3.1'))('the installed trace-cmd agrees', () => {
  const folder = temporaryFolder();
  const seed = Number(process.env.FILTER_SEED ?? Date.now() % 100_000);
  const random = new Random(seed);
  const samples = sampleRecords(random);
  const path = join(folder, 'samples.dat');
  writeFileSync(path, traceOf(samples));

  /** Of damaged filters -T may print an address of a string. */
  function compare(rules: readonly Rule[], isDamaged = false): void {
    const expected = stocks(rules, path);
    const found = ours(rules, samples);
    const message = `seed ${seed}: ${JSON.stringify(rules)}`;
    // It dies of divisions by zero; here they match nothing.
    if ('error' in expected && expected.error === 'SIGFPE') return;
    if ('error' in expected) expect(found, message).toHaveProperty('error');
    // It crashes on unfinished filters, but not where what is unfinished does not matter. Here they are errors.
    else if ('error' in found) expect(found.error, message).toMatch(/needs a \w+ on its right$|no closing quote$/);
    else if (isDamaged) expect(found.times, message).toEqual(expected.times);
    else expect(found, message).toEqual(expected);
  }

  test.each([...TEXT_TESTS, ...SYMBOL_TESTS])('mixed:%s', (text) =>
    compare([{ text: `mixed:${text}`, excludes: false }]),
  );

  test('on random filters', () => {
    const writer = new FilterWriter(random, fieldsFor(random), TASKS);
    for (let i = 0; i < 300; i++) {
      const rule = (excludes: boolean): Rule => {
        return { text: `${random.pick(EVENT_LISTS)}:${writer.expression()}`, excludes };
      };
      const rules = [rule(random.below(8) === 0)];
      while (random.below(3) === 0) rules.push(rule(random.below(2) === 0));
      compare([...rules.filter(({ excludes }) => !excludes), ...rules.filter(({ excludes }) => excludes)]);
    }
  });

  test('on damaged filters', () => {
    const writer = new FilterWriter(random, fieldsFor(random), TASKS);
    for (let i = 0; i < 150; i++) compare([{ text: `mixed:${writer.damaged()}`, excludes: false }], true);
  });
});
