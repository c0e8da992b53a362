import type { Random } from './random-records.ts';

/** A field to write filters about, and values to compare it with. */
export interface FilterField {
  readonly name: string;
  /** Numbers as a filter spells them. */
  readonly numbers: readonly string[];
  /** Texts without quotes; none where the field is only compared with numbers. */
  readonly texts: readonly string[];
}

const COMPARISONS = ['==', '!=', '<', '>', '<=', '>='];
const ARITHMETIC = ['+', '-', '*', '/', '%', '<<', '>>', '&', '|', '^'];
/** For filters that are not well formed. */
const PIECES = [
  '(',
  ')',
  '!',
  '&&',
  '||',
  '==',
  '<',
  '&',
  '-',
  '=~',
  '"x"',
  "'ab'",
  '1',
  '0x10',
  'absent',
  '~',
  '=',
  ',',
];

/** Writes random filter expressions, most of them well formed. */
export class FilterWriter {
  readonly #random: Random;
  readonly #fields: readonly FilterField[];
  readonly #tasks: readonly string[];

  /** `tasks` are names to compare COMM with. */
  constructor(random: Random, fields: readonly FilterField[], tasks: readonly string[]) {
    this.#random = random;
    this.#fields = fields;
    this.#tasks = tasks;
  }

  expression(depth = 0): string {
    const random = this.#random;
    switch (depth > 3 ? 0 : random.below(7)) {
      case 0:
      case 1:
        return this.term();
      case 2:
        return `!${random.below(2) ? this.term() : `(${this.expression(depth + 1)})`}`;
      case 3:
        return `(${this.expression(depth + 1)})`;
      default: {
        const parts = [this.expression(depth + 1)];
        for (let i = random.below(3); i >= 0; i--) parts.push(random.pick(['&&', '||']), this.expression(depth + 1));
        return parts.join(' ');
      }
    }
  }

  /** An expression with a piece too many or too few, or nothing but pieces. */
  damaged(): string {
    const random = this.#random;
    if (random.below(2)) return Array.from({ length: 1 + random.below(8) }, () => this.#piece()).join(' ');
    const pieces = this.expression().split(' ');
    pieces.splice(random.below(pieces.length), random.below(2), ...(random.below(2) ? [this.#piece()] : []));
    return pieces.join(' ');
  }

  term(): string {
    const random = this.#random;
    const field = random.pick(this.#fields);
    switch (random.below(8)) {
      case 0:
        return `${field.name} ${random.pick(ARITHMETIC)} ${this.#number(field)}`.replace(/([/%]) 0(x0)?$/, '$1 3');
      case 1:
        return `CPU ${random.pick(COMPARISONS)} ${random.below(3)}`;
      case 2:
        return `COMM ${random.pick(['==', '!=', '=~', '!~'])} "${random.pick(this.#tasks)}"`;
      case 3:
        return random.pick(['absent == 1', 'absent < "x"', 'absent =~ "["', '1 & absent', `${field.name} == - 1`]);
      case 4:
      case 5:
        if (field.texts.length > 0) return this.#textTerm(field);
        break;
    }
    const blank = random.pick(['', ' ']);
    return `${field.name}${blank}${random.pick(COMPARISONS)}${blank}${this.#number(field)}`;
  }

  #textTerm({ name, texts }: FilterField): string {
    const random = this.#random;
    const text = random.pick(texts);
    const quote = text.length === 1 ? '"' : random.pick(['"', "'"]);
    if (random.below(2)) return `${name} ${random.pick(['==', '!='])} ${quote}${text}${quote}`;
    const start = random.below(text.length + 1);
    const part = text.slice(start, start + 1 + random.below(5)).replace(/[[\]*.^$\\]/g, '.');
    const pattern =
      random.pick(['', '^']) + random.pick([part, part.toUpperCase()]) + random.pick(['', '$', '.*', '\\|z']);
    return `${name} ${random.pick(['=~', '!~'])} "${pattern}"`;
  }

  #number({ numbers }: FilterField): string {
    return this.#random.pick(numbers);
  }

  #piece(): string {
    return this.#random.below(4) ? this.#random.pick(PIECES) : this.#random.pick(this.#fields).name;
  }
}
