/** Kinds of tokens in a `format` file; `none` is its end, or a byte that belongs to no token. */
export type TokenType = 'none' | 'newline' | 'operator' | 'delimiter' | 'word' | 'string' | 'character';

export interface LexerMark {
  readonly at: number;
  readonly type: TokenType;
  readonly token: string;
}

/** What the macros of some old kernels' mac80211 events, left unexpanded, stand for. */
const MACROS = new Map([
  ['LOCAL_PR_FMT', '%s'],
  ['STA_PR_FMT', ' sta:%pM'],
  ['VIF_PR_FMT', ' vif:%p(%d)'],
]);

const TAB = 0x09;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

const isBlank = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);
const isPrintable = (code: number): boolean => code >= 0x20 && code <= 0x7e;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isWordPart = (code: number): boolean =>
  isDigit(code) || code === 0x5f || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);

/**
 * Splits the text of a `format` file into tokens. The text holds one character per byte.
 *
 * Line ends are tokens to the part of the grammar that goes by lines (`readInLine`) and blanks to the rest (`read`).
 */
export class Lexer {
  readonly #text: string;
  readonly #end: number;
  readonly #tabsInStrings: boolean;
  #at = 0;
  type: TokenType = 'none';
  /** The token's characters; of strings and characters what is between the quotes, escapes unresolved. */
  token = '';

  /** Without `tabsInStrings` a tab ends a string, as any other unprintable character does. */
  constructor(text: string, tabsInStrings = true) {
    this.#text = text;
    this.#end = text.length;
    this.#tabsInStrings = tabsInStrings;
  }

  /** Where the next token is looked for. */
  get offset(): number {
    return this.#at;
  }

  /** What `reset` needs to come back to the current token. */
  mark(): LexerMark {
    return { at: this.#at, type: this.type, token: this.token };
  }

  reset(mark: LexerMark): void {
    this.#at = mark.at;
    this.type = mark.type;
    this.token = mark.token;
  }

  /** True when the current token is of this type, and is this one if one is given. */
  is(type: TokenType, token?: string): boolean {
    return this.type === type && (token === undefined || this.token === token);
  }

  /** Steps to the next token. Line ends are tokens too. */
  readInLine(): void {
    while (this.#at < this.#end) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === NEWLINE || !isBlank(code)) break;
      this.#at++;
    }
    this.#readToken();
  }

  /** Steps to the next token that is not a line end. */
  read(): void {
    while (this.#at < this.#end && isBlank(this.#text.charCodeAt(this.#at))) this.#at++;
    this.#readToken();
  }

  #take(type: TokenType, end: number): void {
    this.type = type;
    this.token = this.#text.slice(this.#at, end);
    this.#at = end;
  }

  #readToken(): void {
    if (this.#at >= this.#end) {
      this.type = 'none';
      this.token = '';
      return;
    }
    const code = this.#text.charCodeAt(this.#at);
    if (isWordPart(code)) this.#readWord();
    else if (code === NEWLINE) this.#take('newline', this.#at + 1);
    else if (code === QUOTE) this.#readStrings();
    else if (code === APOSTROPHE) this.#readCharacter();
    else if (!isPrintable(code)) this.#take('none', this.#at + 1);
    else if (code === 0x28 || code === 0x29 || code === 0x2c) this.#take('delimiter', this.#at + 1);
    else this.#take('operator', this.#operatorEnd(code));
  }

  #readCharacter(): void {
    this.type = 'character';
    this.token = this.#readQuoted(APOSTROPHE);
    if (this.#at > this.#end) this.type = 'none';
  }

  #readWord(): void {
    let end = this.#at + 1;
    while (end < this.#end && isWordPart(this.#text.charCodeAt(end))) end++;
    this.#take('word', end);
    const expansion = MACROS.get(this.token);
    if (expansion !== undefined) {
      this.type = 'string';
      this.token = expansion;
    }
  }

  /** `->`, a sign and `=`, or one of + - | & < > twice (the last two also with a `=` then). */
  #operatorEnd(code: number): number {
    const first = String.fromCharCode(code);
    const next = this.#at + 1 < this.#end ? (this.#text[this.#at + 1] as string) : '';
    const end = this.#at + 1;
    if (first === '-' && next === '>') return end + 1;
    if ('-+|&<>'.includes(first) && next === first) {
      const shift = first === '<' || first === '>';
      return end + (shift && end + 1 < this.#end && this.#text[end + 1] === '=' ? 2 : 1);
    }
    return '-+|&<>!='.includes(first) && next === '=' ? end + 1 : end;
  }

  /** Strings next to each other are one. */
  #readStrings(): void {
    this.type = 'string';
    this.token = '';
    for (;;) {
      this.token += this.#readQuoted(QUOTE);
      if (this.#at > this.#end) {
        this.type = 'none';
        return;
      }
      let next = this.#at;
      while (next < this.#end && isBlank(this.#text.charCodeAt(next))) next++;
      if (next >= this.#end || this.#text.charCodeAt(next) !== QUOTE) return;
      this.#at = next;
    }
  }

  /**
   * The text from the quote at the current offset to the next one. Whatever follows a backslash belongs to it; an
   * unprintable character ends it as a quote does. Leaves the offset beyond the end when no quote follows at all.
   */
  #readQuoted(quote: number): string {
    const start = this.#at + 1;
    let previous = quote;
    for (let at = start; at < this.#end; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0 || code > 0x7f) break;
      const isText = isPrintable(code) || code === NEWLINE || (code === TAB && this.#tabsInStrings);
      const ends = code === quote || !isText;
      if (ends && previous !== BACKSLASH) {
        this.#at = at + 1;
        return this.#text.slice(start, at);
      }
      previous = code;
    }
    this.#at = this.#end + 1;
    return this.#text.slice(start, this.#end);
  }
}
