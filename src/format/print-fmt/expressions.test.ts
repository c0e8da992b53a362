import { formatText } from '../../../test/support/build-events.ts';
import { printsAsStock } from '../../../test/support/print-texts.ts';
import { buildRecord, Random } from '../../../test/support/random-records.ts';

const stored = new URL('expected/expressions.json', import.meta.url);

const FIELDS = [
  'u64 a;\toffset:8;\tsize:8;\tsigned:0;',
  'u64 b;\toffset:16;\tsize:8;\tsigned:0;',
  'long c;\toffset:24;\tsize:8;\tsigned:1;',
  'unsigned int d;\toffset:32;\tsize:4;\tsigned:0;',
  'int e;\toffset:36;\tsize:4;\tsigned:1;',
  's8 f;\toffset:40;\tsize:1;\tsigned:1;',
];
const OPERATORS = ['+', '-', '*', '&', '|', '^', '<<', '>>', '<', '>', '<=', '>=', '==', '!=', '&&', '||', '?', '?'];
const TYPES = ['u8', 's16', 'unsigned int', 'unsigned long', 'int', 'void *', 'u64', 'long long'];
const CONVERSIONS = ['%llu', '%lld', '%d', '%u', '%llx', '%x', '%lx', '%hhd', '%hu'];
const FIRST_ID = 1000;

/** Writes expressions as no kernel does: whatever the grammar allows. No divisions, which may end trace-cmd. */
class ExpressionWriter {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  expression(depth: number): string {
    let text = this.#operand(depth);
    for (let i = this.#random.below(3); i > 0; i--) {
      const operator = this.#random.pick(OPERATORS);
      if (operator === '?') text += ` ? ${this.#operand(depth)} : ${this.#operand(depth)}`;
      else text += ` ${operator} ${this.#operand(depth)}`;
    }
    return text;
  }

  #operand(depth: number): string {
    const kind = this.#random.below(12);
    const inner = Math.max(0, depth - 1);
    if (depth > 0 && kind < 4) return `(${this.expression(inner)})`;
    if (kind === 5) return `${this.#random.pick(['!', '~', '-'])}${this.#operand(inner)}`;
    if (kind === 6) return `(${this.#random.pick(TYPES)})${this.#operand(0)}`;
    if (depth > 0 && kind === 7) return `((${this.#random.pick(['u8', 'int', 'u32'])})(${this.expression(inner)}))`;
    return this.#atom();
  }

  #atom(): string {
    if (this.#random.below(8) < 5) return `REC->${this.#random.pick(['a', 'b', 'c', 'd', 'e', 'f'])}`;
    return this.#random.pick(['0', '1', '3', '64', '0x80', '07', '1UL', 'sizeof(int)', 'sizeof(long)', '~0']);
  }
}

/** Expressions of random shapes over random values. */
function scenario(seed: number, count: number) {
  const random = new Random(seed);
  const writer = new ExpressionWriter(random);
  const formats = Array.from({ length: count }, (_, i) => {
    const argument = `"${random.pick(CONVERSIONS)}|%d", ${writer.expression(3)}, REC->d`;
    return { system: 'test', text: formatText(`expression${i}`, FIRST_ID + i, FIELDS, argument) };
  });
  const records = formats.flatMap(({ text }) => [0, 1, 2].map(() => buildRecord(text, random)));
  const labels = formats.flatMap(({ text }) => Array<string>(3).fill(/print fmt: (.*)/.exec(text)?.[1] as string));
  return { scenario: { formats, records }, labels };
}

const many = scenario(1, 400);
printsAsStock(stored, 'expressions of all shapes', many.scenario, { labels: many.labels, every34: 3 });
