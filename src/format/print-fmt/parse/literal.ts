import type { TextVersion } from '../../environment.ts';

/** A part of the literal of a print format. Arguments are given by their index. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'number';
      readonly conversion: Conversion;
      readonly argument: number;
      readonly bytes: 1 | 2 | 4 | 8;
    }
  | { readonly kind: 'string'; readonly conversion: Conversion; readonly argument: number }
  /** `form` is what follows the `p`: `S`, `I4h`, empty for a plain address. */
  | { readonly kind: 'pointer'; readonly conversion: Conversion; readonly argument: number; readonly form: string };

/** What C's printf makes of a `%` and what follows. */
export interface Conversion {
  /** The last character: d i u x X o c s p. */
  readonly type: string;
  readonly leftAligned: boolean;
  readonly signed: boolean;
  readonly zeroFilled: boolean;
  readonly alternate: boolean;
  readonly width: number;
  /** -1 where there is none. */
  readonly precision: number;
  /** Index of the argument that a `*` takes its number from, and what the `*` stands for. */
  readonly star: { readonly argument: number; readonly part: 'width' | 'precision' } | undefined;
}

const CONVERSION = /^%([-+#0]*)(\d+|\*)?(?:\.(\d*|\*))?(?:hh|h|ll|l|L|z|Z)?([cdiuxXosp])$/;
/** Longer conversions are refused. */
const LONGEST = 30;
/** Wider ones are not: but no more than this is ever written. */
const WIDEST = 4096;

function parseConversion(text: string, starArgument: number): Conversion | undefined {
  const match = CONVERSION.exec(text);
  if (match === null) return undefined;
  const [, flags, width, precision, type] = match as unknown as [string, string, string?, string?, string?];
  const number = (digits: string | undefined): number => Math.min(Number(digits), WIDEST) || 0;
  let star: Conversion['star'];
  if (width === '*') star = { argument: starArgument, part: 'width' };
  else if (precision === '*') star = { argument: starArgument, part: 'precision' };
  return {
    type: type as string,
    leftAligned: flags.includes('-'),
    signed: flags.includes('+'),
    zeroFilled: flags.includes('0'),
    alternate: flags.includes('#'),
    width: number(width),
    precision: precision === undefined || precision === '*' ? -1 : number(precision),
    star,
  };
}

/** How many characters after `%p` belong to the pointer conversion. */
function pointerFormLength(after: string): number {
  const match = /^(?:[FSfs]|[Mm][RF]?|[Ii](?:S[pfs]*[hnlb]?c?|4[hnlb]?|6c?)?|U[LlBb]?|h[CDN]?)/.exec(after);
  return match === null ? 0 : match[0].length;
}

/** Takes a print format's literal apart, with arguments matched by their order. */
export class LiteralParser {
  readonly #literal: string;
  readonly #argumentCount: number;
  readonly #version: TextVersion;
  #at = 0;
  #nextArgument = 0;
  readonly pieces: Piece[] = [];
  /** False when arguments are missing, or a conversion makes no sense: the event then counts as not parsed. */
  fits = true;

  constructor(literal: string, argumentCount: number, version: TextVersion) {
    this.#literal = literal;
    this.#argumentCount = argumentCount;
    this.#version = version;
    while (this.#at < literal.length) {
      if (literal[this.#at] === '%' && literal[this.#at + 1] !== '%') this.#conversion();
      else this.#text();
    }
  }

  /** Text up to the next conversion, escapes resolved. */
  #text(): void {
    const literal = this.#literal;
    let text = '';
    for (; this.#at < literal.length; this.#at++) {
      const character = literal[this.#at] as string;
      if (character === '%') {
        if (literal[this.#at + 1] !== '%') break;
        this.#at++;
        text += '%';
      } else if (character === '\\') {
        const escaped = literal[++this.#at] ?? '';
        text += { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped;
      } else text += character;
    }
    this.pieces.push({ kind: 'text', text });
  }

  /**
   * A conversion, standing on its `%`. When its argument is missing, its type, or the `*`, is left: it becomes text.
   */
  #conversion(): void {
    const literal = this.#literal;
    const start = this.#at;
    const signs = this.#version === '3.1' ? '#.-' : '#.-+';
    const types = this.#version === '3.1' ? 'duixXosp' : 'cduixXosp';
    let longs = 0;
    let starArgument = -1;
    for (this.#at++; this.#at < literal.length; this.#at++) {
      const character = literal[this.#at] as string;
      const isType = types.includes(character);
      if (isType || character === '*') {
        if (this.#nextArgument >= this.#argumentCount || (!isType && starArgument >= 0)) {
          this.fits = false;
          return;
        }
        if (isType) break;
        starArgument = this.#nextArgument++;
      } else if (character === 'h') longs--;
      else if (character === 'l') longs++;
      else if (character === 'L') longs = 2;
      else if (character === 'z' || character === 'Z') longs = 1;
      else if (!signs.includes(character) && !/[0-9]/.test(character)) {
        this.#at++;
        this.pieces.push({ kind: 'text', text: `>${character}<` });
        return;
      }
    }
    if (this.#at < literal.length) this.#argument(start, starArgument, longs);
  }

  /** How many arguments the conversions take. */
  get argumentsUsed(): number {
    return this.#nextArgument;
  }

  /** The conversion from `start` on, standing on its type. */
  #argument(start: number, starArgument: number, longs: number): void {
    const type = this.#literal[this.#at] as string;
    const text = this.#literal.slice(start, ++this.#at);
    const argument = this.#nextArgument++;
    const isNumber = type !== 'p' && type !== 's';
    const isSizeless = isNumber && (longs < -2 || longs > 2);
    if (text.length > LONGEST || isSizeless) this.fits = false;
    if (isSizeless) return;
    let form = '';
    if (type === 'p') {
      const after = this.#literal.slice(this.#at);
      form = after.slice(0, pointerFormLength(after));
      this.#at += form.length;
    }
    const conversion = parseConversion(text, starArgument);
    if (type === 'p') {
      // Only the `*` matters to a pointer.
      const star = starArgument < 0 ? undefined : ({ argument: starArgument, part: 'width' } as const);
      const plain = parseConversion('%p', -1) as Conversion;
      this.pieces.push({ kind: 'pointer', conversion: { ...plain, star }, argument, form });
    } else if (conversion === undefined) this.pieces.push({ kind: 'text', text });
    else if (!isNumber) this.pieces.push({ kind: 'string', conversion, argument });
    else {
      const bytes = longs === -2 ? 1 : longs === -1 ? 2 : longs === 0 ? 4 : 8;
      this.pieces.push({ kind: 'number', conversion, argument, bytes });
    }
  }
}

/** True when the literal's conversions make sense and have their arguments. */
export const fitsArguments = (literal: string, argumentCount: number, version: TextVersion): boolean =>
  new LiteralParser(literal, argumentCount, version).fits;
