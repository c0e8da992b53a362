import { ByteWriter } from '../../../base/byte-writer.ts';
import { ConstantText } from '../../../base/constant-text.ts';

/** Writes the text of a 64-bit value in halves; nothing else decides what it is. */
export type ValueWriter = (out: ByteWriter, hi: number, lo: number) => void;

/** Values have their slot by a hash of so many bits. */
const SLOT_BITS = 9;
/** So many texts are made at most: where values hardly ever come again, keeping texts costs more than it saves. */
const MOST_TEXTS = 1 << 11;

const scratch = new ByteWriter(256);

/** The texts of values that come again and again: flags, names of constants, functions. */
export class TextCache {
  readonly #writeValue: ValueWriter;
  readonly #his = new Int32Array(1 << SLOT_BITS);
  readonly #los = new Int32Array(1 << SLOT_BITS);
  readonly #texts: (ConstantText | undefined)[] = new Array(1 << SLOT_BITS).fill(undefined);
  #made = 0;

  constructor(writeValue: ValueWriter) {
    this.#writeValue = writeValue;
  }

  /** Appends the value's text, kept or not. */
  append(out: ByteWriter, hi: number, lo: number): void {
    const text = this.#find(hi, lo);
    if (text === undefined) this.#writeValue(out, hi >>> 0, lo >>> 0);
    else out.constant(text);
  }

  /** The value's text, or undefined if it is not kept. */
  #find(hi: number, lo: number): ConstantText | undefined {
    const slot = Math.imul(lo ^ Math.imul(hi, 0x85eb_ca6b), 0x9e37_79b1) >>> (32 - SLOT_BITS);
    if (this.#los[slot] === (lo | 0) && this.#his[slot] === (hi | 0)) {
      const text = this.#texts[slot];
      if (text !== undefined) return text;
    }
    return this.#make(slot, hi, lo);
  }

  #make(slot: number, hi: number, lo: number): ConstantText | undefined {
    if (this.#made === MOST_TEXTS) return undefined;
    this.#made++;
    scratch.clear();
    this.#writeValue(scratch, hi >>> 0, lo >>> 0);
    const text = new ConstantText(scratch.view());
    this.#his[slot] = hi;
    this.#los[slot] = lo;
    this.#texts[slot] = text;
    return text;
  }
}
