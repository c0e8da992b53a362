import { sortAddresses } from './addresses.ts';

/** Formats of trace_printk calls by their address, from printk_formats text. */
export interface PrintkTable {
  /** The format at an address (in halves), or undefined. The same bytes every time. */
  find(hi: number, lo: number): Uint8Array | undefined;
}

/** A format and where it is in the kernel. */
export interface PrintkFormat {
  readonly hi: number;
  readonly lo: number;
  readonly text: Uint8Array;
}

/**
 * Reads printk_formats text: lines of `0xADDRESS : "FORMAT"`. The quotes, and a `\n` at the format's end, are taken
 * off; other escapes stay as they are. The text is read when the first format is looked up.
 */
export function parsePrintkFormats(text: Uint8Array): PrintkFormats {
  return new PrintkFormats(text);
}

/** In ascending order of their addresses. */
function sortedFormats(text: Uint8Array): PrintkFormat[] {
  const formats: PrintkFormat[] = [];
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf(0x0a, start);
    if (end < 0) end = text.length;
    const format = parseLine(text.subarray(start, end));
    if (format !== undefined) formats.push(format);
    start = end + 1;
  }
  const his = Uint32Array.from(formats, ({ hi }) => hi);
  const los = Uint32Array.from(formats, ({ lo }) => lo);
  return Array.from(sortAddresses(his, los).order, (index) => formats[index] as PrintkFormat);
}

const COLON = 0x3a;
const QUOTE = 0x22;

function parseLine(line: Uint8Array): PrintkFormat | undefined {
  const colon = line.indexOf(COLON);
  const address = /^\s*(?:0[xX])?([0-9a-fA-F]{1,16})/.exec(
    String.fromCharCode(...line.subarray(0, Math.max(0, colon))),
  );
  if (colon < 0 || address === null) return undefined;
  const value = BigInt(`0x${address[1]}`);
  // One character separates the format from the colon, whatever it is.
  let start = colon + 2;
  if (line[start] === QUOTE) start++;
  let end = line.length;
  if (end > start && line[end - 1] === QUOTE) {
    end--;
    if (end - 2 >= start && line[end - 2] === 0x5c && line[end - 1] === 0x6e) end -= 2;
  }
  return { hi: Number(value >> 32n), lo: Number(value & 0xffff_ffffn), text: line.slice(start, Math.max(start, end)) };
}

/** The formats of one kernel. Iterates over all of them by address. */
export class PrintkFormats implements PrintkTable, Iterable<PrintkFormat> {
  readonly #text: Uint8Array;
  #known: readonly PrintkFormat[] | undefined;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  get #formats(): readonly PrintkFormat[] {
    this.#known ??= sortedFormats(this.#text);
    return this.#known;
  }

  find(hi: number, lo: number): Uint8Array | undefined {
    const formats = this.#formats;
    let from = 0;
    let to = formats.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const format = formats[middle] as PrintkFormat;
      const order = hi !== format.hi ? hi - format.hi : lo - format.lo;
      if (order === 0) return format.text;
      if (order < 0) to = middle;
      else from = middle + 1;
    }
    return undefined;
  }

  [Symbol.iterator](): IterableIterator<PrintkFormat> {
    return this.#formats.values();
  }
}
