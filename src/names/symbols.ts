import { ConstantText } from '../base/constant-text.ts';
import { compareHalves } from '../base/u64.ts';
import { sortAddresses } from './addresses.ts';

/** A function's name and where it starts. */
export interface KernelSymbol {
  readonly name: ConstantText;
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
const NEWLINES = 0x0a0a_0a0a;
const SIGNS = 0x8080_8080 | 0;
const TAB = 0x09;
const BRACKET = 0x5b;
const DOLLAR = 0x24;
const ABSOLUTE = 0x41;
const LOCAL_ABSOLUTE = 0x61;

/** Function names of a kernel, from kallsyms text. The text is read when the first one is looked up. */
export function parseKallsyms(text: Uint8Array): KallsymsTable {
  return new KallsymsTable(text);
}

/** Addresses in ascending order, and where in the text each one's name begins. */
interface SymbolIndex {
  readonly his: Uint32Array;
  readonly los: Uint32Array;
  readonly names: Uint32Array;
}

/**
 * Reads kallsyms text: lines of `ADDRESS TYPE NAME`, and `\t[MODULE]` for symbols of modules. Absolute symbols (type
 * a, A) and names with a `$` in front are no functions and left out. A line that is none ends the list.
 * One loop over local variables: kernels have 200 000 symbols, and whoever prints one waits for all.
 */
function indexSymbols(text: Uint8Array): SymbolIndex {
  const size = text.length;
  const words = new DataView(text.buffer, text.byteOffset, size);
  // No line is shorter than `0Tf` and its end.
  const most = Math.ceil((size + 1) / 4);
  const his = new Uint32Array(most);
  const los = new Uint32Array(most);
  const names = new Uint32Array(most);
  let count = 0;
  let ascend = true;
  /** Which have the address of the one before. */
  const repeated: number[] = [];
  for (let at = 0; at < size; ) {
    while (at < size && isBlank(text[at] as number)) at++;
    const start = at;
    const mostDigits = Math.min(start + 16, size);
    let hi = 0;
    let lo = 0;
    for (; at < mostDigits; at++) {
      const digit = HEX_DIGITS[text[at] as number] as number;
      if (digit < 0) break;
      hi = (hi << 4) | (lo >>> 28);
      lo = (lo << 4) | digit;
    }
    if (at === start) break;
    at = afterBlanks(text, at);
    if (at >= size || text[at] === NEWLINE) break;
    const type = text[at] as number;
    const name = afterBlanks(text, at + 1);
    if (name >= size || text[name] === NEWLINE || text[name] === 0) break;
    at = lineEnd(text, words, name);
    if (type === ABSOLUTE || type === LOCAL_ABSOLUTE || text[name] === DOLLAR) continue;
    his[count] = hi;
    los[count] = lo;
    names[count] = name;
    if (count > 0) {
      const order = compareHalves(hi >>> 0, lo >>> 0, his[count - 1] as number, los[count - 1] as number);
      if (order < 0) ascend = false;
      else if (order === 0) repeated.push(count);
    }
    count++;
  }
  const all = { his: his.subarray(0, count), los: los.subarray(0, count), names: names.subarray(0, count) };
  return ascend ? laterFirst(all, repeated) : sorted(all);
}

/** Symbols that ascend already, as those of a kernel without modules do; of the same address later ones go first. */
function laterFirst(all: SymbolIndex, repeated: readonly number[]): SymbolIndex {
  for (let i = 0; i < repeated.length; ) {
    const from = (repeated[i] as number) - 1;
    let to = from + 1;
    while (repeated[i] === to) {
      i++;
      to++;
    }
    all.names.subarray(from, to).reverse();
  }
  return all;
}

function sorted({ his, los, names }: SymbolIndex): SymbolIndex {
  const { order, ...addresses } = sortAddresses(his, los);
  return { ...addresses, names: order.map((index) => names[index] as number) };
}

/** Where the line ends that goes on at `start`. Four bytes without a newline are passed at once. */
function lineEnd(text: Uint8Array, words: DataView, start: number): number {
  let at = start;
  for (const last = text.length - 4; at <= last; at += 4) {
    const others = words.getInt32(at, true) ^ NEWLINES;
    if (((others - 0x0101_0101) & ~others & SIGNS) !== 0) break;
  }
  while (at < text.length && text[at] !== NEWLINE) at++;
  return at;
}

/** True for what separates words; not for the end of the text. */
const isBlank = (code: number): boolean => code === 0x20 || (code <= 0x0d && code >= 0x09);

/** Values of hex digits by their code, -1 for all other codes. */
const HEX_DIGITS = Int8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit;
});

/** Where a name that begins at `start` ends. */
function wordEnd(text: Uint8Array, start: number): number {
  let end = start;
  while (end < text.length && !isBlank(text[end] as number)) end++;
  return end;
}

/** The offset of what follows the blanks at `start`, on the same line. */
function afterBlanks(text: Uint8Array, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== NEWLINE && isBlank(text[at] as number)) at++;
  return at;
}

/** Look-ups of the same address are answered from a table with this many bits' worth of slots, ... */
const CACHE_BITS = 15;
/** ... each of three words: the address, and the symbol's index + 2, or one of these. */
const NOT_CACHED = 0;
const NOT_FOUND = 1;
const FIRST = 2;

/** The functions of one kernel. Iterates over all of them by address. */
export class KallsymsTable implements SymbolTable, Iterable<KernelSymbol> {
  readonly #text: Uint8Array;
  #known: SymbolIndex | undefined;
  #symbols: (KernelSymbol | undefined)[] = [];
  readonly #cache = new Uint32Array(3 << CACHE_BITS);
  readonly #addresses = new Map<string, bigint | undefined>();

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  get #index(): SymbolIndex {
    if (this.#known === undefined) {
      this.#known = indexSymbols(this.#text);
      this.#symbols = new Array(this.#known.names.length);
    }
    return this.#known;
  }

  get size(): number {
    return this.#index.names.length;
  }

  find(hi: number, lo: number): KernelSymbol | undefined {
    const cache = this.#cache;
    const slot = 3 * (Math.imul(lo ^ Math.imul(hi, 0x85eb_ca6b), 0x9e37_79b1) >>> (32 - CACHE_BITS));
    if (cache[slot] !== lo || cache[slot + 1] !== hi || cache[slot + 2] === NOT_CACHED) {
      cache[slot] = lo;
      cache[slot + 1] = hi;
      cache[slot + 2] = this.#search(hi, lo);
    }
    const index = (cache[slot + 2] as number) - FIRST;
    return index < 0 ? undefined : (this.#symbols[index] ?? this.#symbolAt(index));
  }

  addressOf(name: string): bigint | undefined {
    if (!this.#addresses.has(name)) this.#addresses.set(name, this.#searchName(name));
    return this.#addresses.get(name);
  }

  #searchName(name: string): bigint | undefined {
    const wanted = new TextEncoder().encode(name);
    const { his, los } = this.#index;
    for (let i = 0; i < this.size; i++) {
      if (this.#isNamed(i, wanted)) return (BigInt(his[i] as number) << 32n) | BigInt(los[i] as number);
    }
    return undefined;
  }

  *[Symbol.iterator](): IterableIterator<KernelSymbol> {
    for (let i = 0; i < this.size; i++) yield this.#symbols[i] ?? this.#symbolAt(i);
  }

  /**
   * The symbol that contains an address, as the cache has it. A plain binary search that stops at the first symbol it
   * meets that does: which of several names of the same address wins depends on their places, as in trace-cmd.
   * Nothing contains an address beyond the last symbol's.
   */
  #search(hi: number, lo: number): number {
    const { his, los } = this.#index;
    const count = his.length;
    let from = 0;
    let to = count;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const order = compareHalves(hi, lo, his[middle] as number, los[middle] as number);
      if (order < 0) to = middle;
      else {
        const next = middle + 1;
        if (order === 0) return middle + FIRST;
        if (next < count && compareHalves(hi, lo, his[next] as number, los[next] as number) < 0) return middle + FIRST;
        from = next;
      }
    }
    return NOT_FOUND;
  }

  #isNamed(index: number, wanted: Uint8Array): boolean {
    const text = this.#text;
    const start = this.#index.names[index] as number;
    for (let i = 0; i < wanted.length; i++) if (text[start + i] !== wanted[i]) return false;
    const end = start + wanted.length;
    return end >= text.length || isBlank(text[end] as number);
  }

  #symbolAt(index: number): KernelSymbol {
    const text = this.#text;
    const start = this.#index.names[index] as number;
    const end = wordEnd(text, start);
    const symbol = {
      name: new ConstantText(text.subarray(start, end)),
      module:
        text[end] === TAB && text[end + 1] === BRACKET ? text.slice(end + 2, wordEnd(text, end + 2) - 1) : undefined,
      hi: this.#index.his[index] as number,
      lo: this.#index.los[index] as number,
    };
    this.#symbols[index] = symbol;
    return symbol;
  }
}
