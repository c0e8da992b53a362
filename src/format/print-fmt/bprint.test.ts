import { formatText } from '../../../test/support/build-events.ts';
import { ByteBuilder } from '../../../test/support/byte-builder.ts';
import { type PrintScenario, printsAsStock } from '../../../test/support/print-texts.ts';

const stored = new URL('expected/bprint.json', import.meta.url);

/** An int, a long or a long long, or a text, as the kernel packs them. */
type Argument = number | bigint | string;
type Call = readonly [format: string, ...args: readonly Argument[]];

const CALLS: readonly Call[] = [
  ['hello\\n'],
  ['%d %u %x\\n', 1, 2, 255],
  ['%s and %s', 'abc', 'd'],
  ['%ld %lu %zu %zd', 5n, 6n, 7n, 8n],
  ['%lld %llx %Lx', 7n, 8n, 9n],
  ['%d %s %lld %s', 1, 'ab', 9n, 'xyz'],
  ['%pS %ps %pf %pF', 0x81000110n, 0x81000000n, 0x81000000n, 0x81000104n],
  ['%p %px %pK %p', 0x1234n, 0x99n, 0x1n, 0n],
  ['%pM %pI4 %pd %pfw %pUb', '00:11:22:33:44:55', '1.2.3.4', 'dentry', 'node', 'uuid'],
  ['%*d|%.*s|', 5, 42, 2, 'abcdef'],
  ['%5d|%05x|%#x|%+d|%X|%o|%i', 1, 2, 3, 5, 255, 8, -1],
  ['%.3s|%5s|%s', 'abcdef', 'x', ''],
  ['100%% %d%%', 5],
  ['tab\\tq\\"uote %d\\n\\n', 4],
  ['\u00e9t\u00e9 %d', 1],
  ['no argument for %l'],
];
/** Calls whose records have too few arguments, or whose conversions trace-cmd does not unpack. */
const SPOILING: readonly Call[] = [
  ['%c %d', 65, 66],
  ['%-5d|', 1],
  ['%-10s|%d', 'ab', 1],
  ['%d and %d', 1],
  ['%s or %s', 'a'],
  ['x %d y %s z'],
  ['%e %d', 1, 2],
  ['%hd %d', 1, 2],
  ['%llld', 1n],
];
const FIRST_FORMAT = 0x8200_0000n;
const NO_FORMAT = 99;

function scenario(calls: readonly Call[], order: readonly number[], longSize: 4 | 8, littleEndian = true) {
  const address = (index: number): bigint => FIRST_FORMAT + 16n * BigInt(index);
  const fields = [
    `unsigned long ip;\toffset:8;\tsize:${longSize};\tsigned:0;`,
    `const char * fmt;\toffset:${8 + longSize};\tsize:${longSize};\tsigned:0;`,
    `u32 buf[];\toffset:${8 + 2 * longSize};\tsize:0;\tsigned:0;`,
  ];
  const text = formatText('bprint', 6, fields, '"%ps: %s", (void *)REC->ip, REC->fmt');
  const record = (index: number): Uint8Array => {
    const [format, ...args] = calls[index] ?? [''];
    const out = new ByteBuilder(littleEndian).u16(6).u16(0).u32(1);
    out.long(0x81000108, longSize).long(address(index), longSize);
    for (const argument of args) {
      if (typeof argument === 'string') out.cString(argument);
      else if (typeof argument === 'number') out.align(4).u32(argument);
      else out.align(4).long(argument, /%(ll|L)/.test(format) ? 8 : longSize);
    }
    return out.align(4).take();
  };
  const printScenario: PrintScenario = {
    formats: [{ system: 'ftrace', text }],
    records: order.map(record),
    kallsyms: '81000000 T start\n81000100 T middle\n81000200 T end\n',
    printk: calls.map(([format], i) => `0x${address(i).toString(16)} : "${format}"\n`).join(''),
    ...{ longSize, littleEndian },
  };
  return [printScenario, { labels: order.map((i) => calls[i]?.[0] ?? 'no format') }] as const;
}

const all = [...CALLS.keys(), NO_FORMAT, 1, 2];
printsAsStock(stored, 'trace_printk', ...scenario(CALLS, all, 8));
printsAsStock(stored, 'trace_printk, 32 bits', ...scenario(CALLS, all, 4));
printsAsStock(stored, 'trace_printk, big endian', ...scenario(CALLS, all, 8, false));
for (const call of SPOILING) {
  const calls = [['before %d', 1], call, ['after %s', 'x']] as const;
  printsAsStock(stored, `trace_printk spoiled by ${call[0]}`, ...scenario(calls, [0, 1, 2, 0], 8));
}
