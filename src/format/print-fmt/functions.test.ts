import { formatText } from '../../../test/support/build-events.ts';
import { ByteBuilder } from '../../../test/support/byte-builder.ts';
import { printsAsStock } from '../../../test/support/print-texts.ts';
import { Random } from '../../../test/support/random-records.ts';

const stored = new URL('expected/functions.json', import.meta.url);
const KERNEL = 0xffff_ffff_8100_0000n;
const MODULE = 0xffff_ffff_a000_0000n;

const FORMAT = formatText('address', 1000, ['void * a;\toffset:8;\tsize:8;\tsigned:0;'], '"%pS %ps", REC->a, REC->a');

/** Prints functions by address. */
function scenario(kallsyms: string, addresses: readonly bigint[]) {
  const records = addresses.map((address) => new ByteBuilder(true).u16(1000).u16(0).u32(1).u64(address).take());
  return [
    { formats: [{ system: 'test', text: FORMAT }], records, kallsyms },
    { labels: addresses.map((address) => address.toString(16)) },
  ] as const;
}

const line = (address: bigint, type: string, name: string): string =>
  `${BigInt.asUintN(64, address).toString(16).padStart(16, '0')} ${type} ${name}\n`;

/** Symbols with up to 5 names for an address, not in order, some of them no functions. */
function aliases(seed: number, count: number): [kallsyms: string, addresses: bigint[]] {
  const random = new Random(seed);
  const lines: string[] = [];
  const addresses: bigint[] = [];
  for (let i = 0; i < count; i++) {
    const address = (random.below(3) === 0 ? MODULE : KERNEL) + BigInt(16 * random.below(2 * count));
    for (let k = random.below(5); k >= 0; k--) {
      const type = random.pick(['T', 't', 'W', 'D', 'A', 'a']);
      const name = `${random.below(10) === 0 ? '$' : ''}name_${i}_${k}`;
      lines.splice(random.below(lines.length + 1), 0, line(address, type, name + (k === 2 ? '\t[module]' : '')));
    }
    addresses.push(address, address + 1n, address + BigInt(random.below(64)), address - 1n);
  }
  return [lines.join(''), addresses];
}

for (const [seed, count] of [
  [1, 3],
  [2, 20],
  [3, 150],
] as const) {
  printsAsStock(stored, `functions with many names (${count})`, ...scenario(...aliases(seed, count)));
}

const usual = [...Array(8).keys()].map((i) => line(KERNEL + BigInt(64 * i), 'T', `function_${i}`));
const near = [...Array(10).keys()].map((i) => KERNEL + BigInt(64 * i) - 32n);
const ends = [0n, 1n, KERNEL - 1n, KERNEL + 64n * 7n, KERNEL + 64n * 7n + 1n, 2n ** 64n - 1n];
printsAsStock(stored, 'addresses around all functions', ...scenario(usual.join(''), [...near, ...ends]));
for (const [what, damaged] of [
  ['no address', ' T function\n'],
  ['no name', 'ffffffff81000080 T\n'],
  ['only an address', 'ffffffff81000080\n'],
  ['an empty line', '\n'],
  ['a short address', '1234 T short\n'],
  ['a long address', '1ffffffff81000080 T long\n'],
  ['no blank before the name', 'ffffffff81000080 Tname\n'],
  ['many blanks', '  ffffffff81000080   T   blanks  \n'],
  ['a word after the name', 'ffffffff81000080 T word other\n'],
] as const) {
  const kallsyms = [...usual.slice(0, 2), damaged, ...usual.slice(3)].join('');
  printsAsStock(stored, `kallsyms with ${what}`, ...scenario(kallsyms, [...near, ...ends, 0x1234n]));
}
printsAsStock(stored, 'kallsyms cut at the end', ...scenario(usual.join('').slice(0, -8), near));
printsAsStock(stored, 'kallsyms without addresses', ...scenario(line(0n, 'T', 'a') + line(0n, 'T', 'b'), [0n, 1n]));
