import { formatText } from '../../../../test/support/build-events.ts';
import { ByteBuilder } from '../../../../test/support/byte-builder.ts';
import { comparesToStock, type Scenario } from '../../../../test/support/event-texts.ts';
import { buildRecord, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/function.json', import.meta.url);

/** Eight functions, two of the same name, each 0x100 long; the last one only ends the one before. */
const NAMES = ['do_idle', 'schedule', 'pick_next', 'enqueue', 'schedule', 'irq_enter', 'irq_exit', 'ktime_get', 'end'];
const BASE = 0xffffffff81000000n;
const KALLSYMS = NAMES.map((name, i) => `${(BASE + BigInt(i) * 0x100n).toString(16)} T ${name}\n`).join('');
const UNKNOWN = [0n, 0x1234n, BASE - 1n, BASE + 0x1000n, 0xffffffffffffffffn];

const FUNCTION = [
  'unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;',
  'unsigned long parent_ip;\toffset:16;\tsize:8;\tsigned:0;',
];
const PRINT = '" %lx <-- %lx", REC->ip, REC->parent_ip';
const plain = formatText('function', 1, FUNCTION, PRINT);
const withArguments = formatText(
  'function',
  1,
  [...FUNCTION, 'unsigned long args[];\toffset:24;\tsize:0;\tsigned:0;'],
  PRINT,
);
const repeats = formatText(
  'func_repeats',
  20,
  [
    ...FUNCTION,
    'u16 count;\toffset:24;\tsize:2;\tsigned:0;',
    'u16 top_delta_ts;\toffset:26;\tsize:2;\tsigned:0;',
    'u32 bottom_delta_ts;\toffset:28;\tsize:4;\tsigned:0;',
  ],
  PRINT,
);
const stack = formatText(
  'kernel_stack',
  4,
  ['int size;\toffset:8;\tsize:4;\tsigned:1;', 'unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;'],
  '"\\t=> %lx", REC->size',
);
const rawData = formatText(
  'raw_data',
  19,
  ['unsigned int id;\toffset:8;\tsize:4;\tsigned:0;', 'char buf[];\toffset:12;\tsize:0;\tsigned:0;'],
  '"id:%04x", REC->id',
);

const address = (random: Random): bigint =>
  random.below(6) === 0 ? random.pick(UNKNOWN) : BASE + BigInt(random.below(8)) * 0x100n + BigInt(random.below(3) * 4);
const words = (values: readonly bigint[], size: 4 | 8 = 8, littleEndian = true): Uint8Array => {
  const out = new ByteBuilder(littleEndian);
  for (const value of values) out.long(BigInt.asUintN(8 * size, value), size);
  return out.take();
};

/** Records made one by one, of formats of the ftrace system. */
function scenario(
  formats: readonly string[],
  count: number,
  make: (random: Random, index: number) => Uint8Array,
  more: Partial<Scenario> = {},
): Scenario {
  const random = new Random(count);
  return {
    formats: formats.map((text) => ({ system: 'ftrace', text })),
    kallsyms: KALLSYMS,
    records: Array.from({ length: count }, (_, i) => ({ cpu: random.below(3), data: make(random, i) })),
    ...more,
  };
}
const call = (random: Random) => buildRecord(plain, random, { ip: address(random), parent_ip: address(random) });

let caller = BASE;
comparesToStock(
  stored,
  'functions below their callers',
  scenario([plain], 300, (random) => {
    const parent_ip = random.below(4) === 0 ? address(random) : caller;
    caller = address(random);
    return buildRecord(plain, random, { ip: caller, parent_ip });
  }),
);
for (const options of [['parent'], ['ftrace:indent', 'offset=1'], ['indent=0', 'parent', 'ftrace:offset=true']]) {
  comparesToStock(stored, `functions with ${options.join(' ')}`, scenario([plain], 40, call, { options }));
}
comparesToStock(
  stored,
  'functions with arguments',
  scenario([withArguments], 40, (random, i) =>
    buildRecord(
      withArguments,
      random,
      { ip: address(random), parent_ip: address(random) },
      { extra: words(Array.from({ length: i % 7 }, () => random.number(8))) },
    ),
  ),
);
comparesToStock(
  stored,
  'functions without a caller',
  scenario([plain.replace(' parent_ip;', ' pip;').replace('->parent_ip', '->pip')], 4, call),
);
comparesToStock(
  stored,
  'repeated functions',
  scenario([plain, repeats], 40, (random, i) =>
    i % 2
      ? call(random)
      : buildRecord(repeats, random, {
          ip: address(random),
          parent_ip: address(random),
          top_delta_ts: 0,
          bottom_delta_ts: random.below(1000),
        }),
  ),
);

function stacks(longSize: 4 | 8, littleEndian: boolean): Scenario {
  const format = longSize === 8 ? stack : stack.replace('caller[];\toffset:16', 'caller[];\toffset:12');
  return scenario(
    [format],
    20,
    (random, i) => {
      const callers = Array.from({ length: i % 9 }, () => address(random));
      const end = i % 3 === 0 ? [-1n, BASE] : i % 3 === 1 ? [0x1234_ffff_ffffn] : [];
      return buildRecord(
        format,
        random,
        {},
        { littleEndian, extra: words([...callers, ...end], longSize, littleEndian) },
      );
    },
    { longSize, littleEndian, ...(longSize === 4 ? { kallsyms: KALLSYMS.replaceAll('ffffffff', '') } : {}) },
  );
}
comparesToStock(stored, 'kernel stacks', stacks(8, true));
comparesToStock(stored, 'kernel stacks with offsets', { ...stacks(8, true), options: ['offset'] });
comparesToStock(stored, 'kernel stacks of 32 bits', stacks(4, true));
comparesToStock(stored, 'kernel stacks of a big-endian kernel', stacks(8, false));
comparesToStock(
  stored,
  'kernel stacks that are called otherwise',
  scenario([stack.replace(' caller[]', ' callers[]')], 2, (random) => buildRecord(stack, random)),
);

const raw = (longSize: 4 | 8): Scenario =>
  scenario(
    [rawData],
    30,
    (random, i) => buildRecord(rawData, random, {}, { extra: Uint8Array.from({ length: i }, () => random.below(256)) }),
    { longSize },
  );
comparesToStock(stored, 'raw data', raw(8));
comparesToStock(stored, 'raw data of a kernel of 32 bits', raw(4));
