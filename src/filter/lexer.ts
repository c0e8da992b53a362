import { TandemError } from '../base/errors.ts';

/** A piece of a filter's expression. `at` is its offset in the filter's text. */
export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: bigint; readonly text: string; readonly at: number }
  | {
      readonly kind: 'string';
      readonly value: string;
      readonly quote: string;
      readonly text: string;
      readonly at: number;
    }
  | { readonly kind: 'operator'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

const OPERATORS = ['&&', '||', '==', '!=', '<=', '>=', '=~', '!~', '<<', '>>', ...'<>!+-*/%&|^~()'];
const NOT_OPERATORS = ['++', '--', '->'];
const WORD = /\w+/y;
const LARGEST = 2n ** 64n - 1n;

/** The tokens of text[at..]; the last one is always `end`. Throws what `filterError` makes. */
export function tokenize(text: string, at: number): Token[] {
  const tokens: Token[] = [];
  let next = skipBlanks(text, at);
  while (next < text.length) {
    const token = readToken(text, next);
    tokens.push(token);
    next = skipBlanks(text, next + token.text.length);
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function skipBlanks(text: string, at: number): number {
  let next = at;
  while (next < text.length && ' \t\n\v\f\r'.includes(text[next] as string)) next++;
  return next;
}

function readToken(text: string, at: number): Token {
  const char = text[at] as string;
  if (char === '"' || char === "'") return readString(text, at);
  WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0];
  if (word && /^\d/.test(word)) return { kind: 'number', value: readNumber(word), text: word, at };
  if (word) return { kind: 'name', text: word, at };
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at));
  if (!operator || NOT_OPERATORS.some((candidate) => text.startsWith(candidate, at))) {
    throw filterError(text, at, `"${operator ? text.slice(at, at + 2) : char}" is no operator`);
  }
  return { kind: 'operator', text: operator, at };
}

/** A string in quotes; strings in double quotes that follow each other are one. */
function readString(text: string, at: number): Token {
  const quote = text[at] as string;
  let value = '';
  let end = at;
  let next = at;
  do {
    end = closingQuote(text, next);
    value += text.slice(next + 1, end);
    next = skipBlanks(text, end + 1);
  } while (quote === '"' && text[next] === '"');
  return { kind: 'string', value, quote, text: text.slice(at, end + 1), at };
}

/** A backslash keeps the character after it from ending the string, and stays in it. */
function closingQuote(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === text[at] && text[end - 1] !== '\\') return end;
  }
  throw filterError(text, at, 'the string has no closing quote');
}

/** Decimal, octal after 0, hex after 0x; what follows the digits is ignored, and 2^64 - 1 is the limit. */
function readNumber(word: string): bigint {
  const digits =
    /^0[xX][0-9a-fA-F]+/.exec(word)?.[0] ?? /^0[0-7]*/.exec(word)?.[0] ?? (/^\d+/.exec(word)?.[0] as string);
  const isOctal = /^0[0-7]/.test(digits);
  const value = BigInt(isOctal ? `0o${digits}` : digits);
  return value > LARGEST ? LARGEST : value;
}

/** Characters of a filter shown on both sides of an error. */
const CONTEXT = 40;

/** An error that shows where in the filter it is: `...next_pid == >>>prev_pid`. */
export function filterError(text: string, at: number, problem: string, hint?: string): TandemError {
  const before = `${at > CONTEXT ? '...' : ''}${text.slice(Math.max(0, at - CONTEXT), at)}`;
  const after = `${text.slice(at, at + CONTEXT)}${text.length > at + CONTEXT ? '...' : ''}`;
  const where = `${before}>>>${after}`.replace(/\s+/g, ' ');
  return new TandemError('USAGE', `filter, character ${at + 1} (${where})`, problem, hint);
}
