import { formatText } from '../../../../test/support/build-events.ts';
import { ByteBuilder } from '../../../../test/support/byte-builder.ts';
import { comparesToStock, type Scenario } from '../../../../test/support/event-texts.ts';
import { buildRecord, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/function-graph.json', import.meta.url);
const KALLSYMS =
  'ffffffff81000000 T alpha\nffffffff81000100 t beta\nffffffff81000200 T gamma\nffffffff81000300 T end\n';
const FUNCTIONS = [0xffffffff81000000n, 0xffffffff81000100n, 0xffffffff81000204n, 0x1000n];

const ENTRY = [
  'unsigned long func;\toffset:8;\tsize:8;\tsigned:0;',
  'unsigned int depth;\toffset:16;\tsize:4;\tsigned:0;',
];
const EXIT = [
  ...ENTRY,
  'unsigned int overrun;\toffset:20;\tsize:4;\tsigned:0;',
  'unsigned long long calltime;\toffset:24;\tsize:8;\tsigned:0;',
  'unsigned long long rettime;\toffset:32;\tsize:8;\tsigned:0;',
];
const ARGS = 'unsigned long args[];\toffset:24;\tsize:0;\tsigned:0;';
const RETADDR = 'unsigned long retaddr;\toffset:24;\tsize:8;\tsigned:0;';
const PRINT = '"%lx (%u)", REC->func, REC->depth';
const entry = formatText('funcgraph_entry', 11, ENTRY, PRINT);
const entryWithArguments = formatText('funcgraph_entry', 11, [...ENTRY, ARGS], PRINT);
const entryWithReturn = formatText('fgraph_retaddr_entry', 21, [...ENTRY, RETADDR], PRINT);
const exit = formatText('funcgraph_exit', 10, EXIT, PRINT);
const exitWithValue = formatText(
  'funcgraph_exit',
  10,
  [...EXIT, 'unsigned long retval;\toffset:40;\tsize:8;\tsigned:0;'],
  PRINT,
);

const DURATIONS = [
  0,
  999,
  1000,
  9999,
  10_000,
  10_001,
  100_000,
  100_001,
  1e6,
  1e6 + 1,
  123_456_789,
  1e9,
  1e9 + 1,
  1e10,
  12_345_678_901_234,
];
const VALUES = [0n, 1n, -1n, -4095n, -4096n, -2n, 0xffffffffn, 1n << 63n];

/** Calls on two CPUs: some with others inside, some ended at once, some whose end another CPU, task or function has. */
function calls(entryFormat: string, exitFormat: string, seed: number, count = 200): Scenario['records'] {
  const random = new Random(seed);
  const records: { cpu: number; data: Uint8Array }[] = [];
  const extra = () =>
    entryFormat.includes(' args[]')
      ? new ByteBuilder(true)
          .u64(random.number(8))
          .u64(random.number(8))
          .zeros(8 * random.below(3))
          .take()
      : new Uint8Array();
  while (records.length < count) {
    const [cpu, pid, func, depth] = [random.below(2), 1 + random.below(2), random.pick(FUNCTIONS), random.below(6)];
    const callTime = BigInt(random.below(2 ** 31));
    const duration = random.below(10) === 0 ? random.number(8) : BigInt(random.pick(DURATIONS));
    records.push({
      cpu,
      data: buildRecord(
        entryFormat,
        random,
        { common_pid: pid, func, depth, retaddr: random.pick(FUNCTIONS) },
        { extra: extra() },
      ),
    });
    const other = random.below(8);
    if (random.below(3) === 0) continue;
    records.push({
      cpu,
      data: buildRecord(exitFormat, random, {
        common_pid: other === 1 ? pid + 1 : pid,
        func: other === 2 ? 0x2000 : func,
        depth,
        calltime: callTime,
        rettime: callTime + duration,
        retval: random.pick(VALUES),
      }),
    });
  }
  return records;
}

function scenario(
  formats: readonly [entry: string, exit: string],
  seed: number,
  options: readonly string[] = [],
  count = 200,
): Scenario {
  return {
    formats: formats.map((text) => ({ system: 'ftrace', text })),
    kallsyms: KALLSYMS,
    records: calls(...formats, seed, count),
    options,
  };
}

comparesToStock(stored, 'calls and their ends', scenario([entry, exit], 1));
comparesToStock(stored, 'with arguments', scenario([entryWithArguments, exit], 2, [], 60));
comparesToStock(stored, 'with the function they return to', scenario([entryWithReturn, exitWithValue], 3, [], 60));
comparesToStock(stored, 'with values', scenario([entry, exitWithValue], 4, [], 100));
for (const options of [
  ['fgraph:tailprint', 'depth'],
  ['retval-skip', 'tailprint'],
  ['fgraph:retval-dec', 'depth=1'],
  ['retval-hex'],
  ['retval-dec', 'retval-hex'],
]) {
  comparesToStock(stored, `with ${options.join(' ')}`, scenario([entryWithReturn, exitWithValue], 5, options, 40));
}

const random = new Random(6);
const one = (format: string, cpu: number, values: Record<string, number>) => ({
  cpu,
  data: buildRecord(format, random, { common_pid: 1, func: 0x1000, depth: 1, calltime: 5, rettime: 10, ...values }),
});
const inOrder = (records: Scenario['records']): Scenario => ({ ...scenario([entry, exit], 0, [], 0), records });
comparesToStock(
  stored,
  'an end that comes next, but on another CPU',
  inOrder([one(entry, 0, {}), one(exit, 1, {}), one(entry, 0, { func: 0x2000 })]),
);
comparesToStock(
  stored,
  'an end that comes next on its CPU, after something on another',
  inOrder([one(entry, 0, {}), one(entry, 1, { func: 0x2000 }), one(exit, 0, {})]),
);
comparesToStock(
  stored,
  'an end before its beginning, and depths that are none',
  inOrder([
    one(exit, 0, { calltime: 10, rettime: 9 }),
    one(exit, 0, { calltime: 10_000, rettime: 9 }),
    one(exit, 0, { depth: 0xffffffff }),
    one(entry, 0, { depth: 0x80000000 }),
    one(entry, 0, { depth: 100 }),
  ]),
);
comparesToStock(stored, 'beginnings without any end', {
  formats: [{ system: 'ftrace', text: entry }],
  records: [one(entry, 0, {}), one(entry, 0, {})],
});
