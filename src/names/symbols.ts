import { type SortedAddresses, sortAddresses } from './addresses.ts';

/** A function's name and where it starts. */
export interface KernelSymbol {
  readonly name: Uint8Array;
  readonly module: Uint8Array | undefined;
  readonly hi: number;
  readonly lo: number;
}

/** Function names by address, from kallsyms text. */
export interface SymbolTable {
  /** The symbol that contains an address (in halves), or undefined. No allocation: the same object every time. */
  find(hi: number, lo: number): KernelSymbol | undefined;
  /** The address of a name, as a number to compare with pointer fields, or undefined. */
  addressOf(name: string): bigint | undefined;
}

const NEWLINE = 0x0a;
const TAB = 0x09;
const BRACKET = 0x5b;
const DOLLAR = 0x24;

/**
 * Reads kallsyms text: lines of `ADDRESS TYPE NAME`, and `\t[MODULE]` for symbols of modules. Absolute symbols (type
 * a, A) and names with a `$` in front are no functions and left out. A line that is none ends the list.
 */
export function parseKallsyms(text: Uint8Array): KallsymsTable {
  const lines = new LineReader(text);
  const his: number[] = [];
  const los: number[] = [];
  const names: number[] = [];
  while (lines.next()) {
    if (lines.type === 0x41 || lines.type === 0x61 || text[lines.nameStart] === DOLLAR) continue;
    his.push(lines.hi);
    los.push(lines.lo);
    names.push(lines.nameStart);
  }
  return new KallsymsTable(text, Uint32Array.from(names), sortAddresses(Uint32Array.from(his), Uint32Array.from(los)));
}

const isBlank = (code: number | undefined): boolean => code === 0x20 || (code !== undefined && code >= 9 && code <= 13);

/** The value of a hex digit, or -1. */
function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Where a name that begins at `start` ends. */
function wordEnd(text: Uint8Array, start: number): number {
  let end = start;
  while (end < text.length && !isBlank(text[end])) end++;
  return end;
}

/** The lines of a kallsyms text, one at a time. */
class LineReader {
  readonly #text: Uint8Array;
  #at = 0;
  hi = 0;
  lo = 0;
  type = 0;
  nameStart = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** Steps to the next line. False at the end, or at a line that is none of kallsyms. */
  next(): boolean {
    const text = this.#text;
    while (isBlank(text[this.#at])) this.#at++;
    if (!this.#readAddress() || !isBlank(text[this.#at])) return false;
    this.#skipBlanks();
    this.type = text[this.#at++] ?? 0;
    this.#skipBlanks();
    this.nameStart = this.#at;
    this.#at = wordEnd(text, this.#at);
    if (this.#at === this.nameStart || text[this.nameStart] === 0) return false;
    while (this.#at < text.length && text[this.#at] !== NEWLINE) this.#at++;
    return true;
  }

  #skipBlanks(): void {
    while (this.#text[this.#at] !== NEWLINE && isBlank(this.#text[this.#at])) this.#at++;
  }

  /** Up to 16 hex digits. False when there is none. */
  #readAddress(): boolean {
    const text = this.#text;
    const start = this.#at;
    let hi = 0;
    let lo = 0;
    for (; this.#at < start + 16; this.#at++) {
      const digit = hexDigit(text[this.#at]);
      if (digit < 0) break;
      hi = (hi << 4) | (lo >>> 28);
      lo = (lo << 4) | digit;
    }
    this.hi = hi >>> 0;
    this.lo = lo >>> 0;
    return this.#at > start;
  }
}

/** Look-ups of the same address are answered from here. Slots, a power of two. */
const CACHE_SLOTS = 1 << 14;
const NOT_CACHED = -2;
const NOT_FOUND = -1;

/** The functions of one kernel. Iterates over all of them by address. */
export class KallsymsTable implements SymbolTable, Iterable<KernelSymbol> {
  readonly #text: Uint8Array;
  readonly #his: Uint32Array;
  readonly #los: Uint32Array;
  /** Where in the text each name begins. */
  readonly #names: Uint32Array;
  readonly #symbols: (KernelSymbol | undefined)[];
  readonly #cachedHi = new Uint32Array(CACHE_SLOTS);
  readonly #cachedLo = new Uint32Array(CACHE_SLOTS);
  readonly #cachedIndex = new Int32Array(CACHE_SLOTS).fill(NOT_CACHED);

  /** `names` are offsets in the text, in the order that `addresses.order` counts in. */
  constructor(text: Uint8Array, names: Uint32Array, addresses: SortedAddresses) {
    this.#text = text;
    this.#his = addresses.his;
    this.#los = addresses.los;
    this.#names = addresses.order.map((index) => names[index] as number);
    this.#symbols = new Array(names.length);
  }

  get size(): number {
    return this.#names.length;
  }

  find(hi: number, lo: number): KernelSymbol | undefined {
    const slot = (lo ^ (lo >>> 14) ^ hi) & (CACHE_SLOTS - 1);
    if (this.#cachedLo[slot] !== lo || this.#cachedHi[slot] !== hi || this.#cachedIndex[slot] === NOT_CACHED) {
      this.#cachedLo[slot] = lo;
      this.#cachedHi[slot] = hi;
      this.#cachedIndex[slot] = this.#search(hi, lo);
    }
    const index = this.#cachedIndex[slot] as number;
    return index < 0 ? undefined : (this.#symbols[index] ?? this.#symbolAt(index));
  }

  addressOf(name: string): bigint | undefined {
    const wanted = new TextEncoder().encode(name);
    for (let i = 0; i < this.size; i++) {
      if (this.#isNamed(i, wanted)) return (BigInt(this.#his[i] as number) << 32n) | BigInt(this.#los[i] as number);
    }
    return undefined;
  }

  *[Symbol.iterator](): IterableIterator<KernelSymbol> {
    for (let i = 0; i < this.size; i++) yield this.#symbols[i] ?? this.#symbolAt(i);
  }

  /**
   * The index of the symbol that contains an address. A plain binary search that stops at the first symbol it meets
   * that does: which of several names of the same address wins depends on their places, as in trace-cmd. Nothing
   * contains an address beyond the last symbol's.
   */
  #search(hi: number, lo: number): number {
    let from = 0;
    let to = this.size;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const order = this.#compare(hi, lo, middle);
      if (order === 0 || (order > 0 && middle + 1 < this.size && this.#compare(hi, lo, middle + 1) < 0)) return middle;
      if (order < 0) to = middle;
      else from = middle + 1;
    }
    return NOT_FOUND;
  }

  /** Negative when the address is before the symbol's. */
  #compare(hi: number, lo: number, index: number): number {
    const otherHi = this.#his[index] as number;
    return hi !== otherHi ? hi - otherHi : lo - (this.#los[index] as number);
  }

  #isNamed(index: number, wanted: Uint8Array): boolean {
    const text = this.#text;
    const start = this.#names[index] as number;
    for (let i = 0; i < wanted.length; i++) if (text[start + i] !== wanted[i]) return false;
    const end = start + wanted.length;
    return end >= text.length || isBlank(text[end]);
  }

  #symbolAt(index: number): KernelSymbol {
    const text = this.#text;
    const start = this.#names[index] as number;
    const end = wordEnd(text, start);
    const symbol = {
      name: text.slice(start, end),
      module:
        text[end] === TAB && text[end + 1] === BRACKET ? text.slice(end + 2, wordEnd(text, end + 2) - 1) : undefined,
      hi: this.#his[index] as number,
      lo: this.#los[index] as number,
    };
    this.#symbols[index] = symbol;
    return symbol;
  }
}
