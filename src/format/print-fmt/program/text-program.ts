import type { ByteWriter } from '../../../base/byte-writer.ts';
import { asciiWord } from '../../../base/constant-text.ts';
import { alignNumber, hexDigits, putDecimal, putDecimal64, putHex, putSigned64 } from '../../../base/digits.ts';
import { U64 } from '../../../base/u64.ts';
import type { RecordBytes } from '../../record.ts';
import type { Evaluator, LowReader } from '../evaluate/evaluator.ts';
import type { DynamicLocator } from '../evaluate/locate.ts';
import { STRIDE } from './instructions.ts';
import type { TextCache } from './text-cache.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const LETTER_X = 0x78;
const TWO_32 = 0x1_0000_0000;
/** The beginning of `(nil)`. */
const NIL = asciiWord('(nil');

/** Writes what there are no instructions for. */
export type ProgramWriter<Item extends RecordBytes> = (out: ByteWriter, record: Item) => void;

/** What instructions refer to by index. */
export interface ProgramParts<Item extends RecordBytes> {
  readonly code: Int32Array;
  /** Its length, here a plain number. */
  readonly count: number;
  /** Texts, in words as `ConstantText` has them. */
  readonly words: Float64Array;
  readonly lows: readonly LowReader[];
  readonly wides: readonly Evaluator['wide'][];
  readonly caches: readonly TextCache[];
  readonly locators: readonly DynamicLocator[];
  readonly writers: readonly ProgramWriter<Item>[];
  /** Bytes that the instructions of known length write at most. */
  readonly room: number;
  readonly littleEndian: boolean;
}

const register = new U64();

/**
 * A print format as a list of instructions for one loop: what nearly all texts are made of (text, numbers, names,
 * short strings) is done in place, without a call per piece. The loop is the same code for all events of all files,
 * which is why it stays quick with hundreds of event types, where calls through as many closures do not.
 */
export class TextProgram<Item extends RecordBytes = RecordBytes> {
  readonly #parts: ProgramParts<Item>;

  constructor(parts: ProgramParts<Item>) {
    this.#parts = parts;
  }

  /** Appends the text of a record that has at least the event's minimum length. */
  run(out: ByteWriter, record: Item): void {
    const { code, count, words, room } = this.#parts;
    // Known to be a boolean, it is not asked what it is before every instruction.
    const littleEndian = this.#parts.littleEndian === true;
    const { bytes, view, start } = record;
    out.reserve(room);
    let buffer = out.buffer;
    let target = out.words;
    let at = out.length | 0;
    let hi = 0;
    let lo = 0;
    for (let pc = 0; pc < count; pc = (pc + STRIDE) | 0) {
      const a = code[pc + 1] as number;
      const b = code[pc + 2] as number;
      // Numbers, not names: only they become a jump table. They are those of OP.
      switch (code[pc]) {
        case 0: {
          const end = a + b;
          for (let i = a, to = at; i < end; i++, to += 8) target.setFloat64(to, words[i] as number, true);
          at = (at + (code[pc + 3] as number)) | 0;
          break;
        }
        case 1:
          hi = 0;
          lo = bytes[start + a] as number;
          break;
        case 2:
          hi = 0;
          lo = view.getUint16(start + a, littleEndian);
          break;
        case 3:
          hi = 0;
          lo = view.getInt32(start + a, littleEndian);
          break;
        case 4:
          lo = view.getInt32(start + a, littleEndian);
          hi = view.getInt32(start + b, littleEndian);
          break;
        case 5:
          if (start + (code[pc + 3] as number) > record.end) {
            hi = 0;
            lo = 0;
          } else {
            lo = view.getInt32(start + a, littleEndian);
            hi = view.getInt32(start + b, littleEndian);
          }
          break;
        case 6:
          hi = a;
          lo = b;
          break;
        case 7: {
          const sum = (lo >>> 0) + (b >>> 0);
          hi = (hi + a + (sum >= TWO_32 ? 1 : 0)) | 0;
          lo = sum | 0;
          break;
        }
        case 8:
          hi &= a;
          lo &= b;
          break;
        case 9:
          if (a > 31) {
            hi = lo << (a - 32);
            lo = 0;
          } else if (a > 0) {
            hi = (hi << a) | (lo >>> (32 - a));
            lo <<= a;
          }
          break;
        case 10:
          if (a > 31) {
            lo = (hi >>> (a - 32)) | 0;
            hi = 0;
          } else if (a > 0) {
            lo = (lo >>> a) | (hi << (32 - a));
            hi = (hi >>> a) | 0;
          }
          break;
        case 11:
          lo = (hi === a && lo === b ? 1 : 0) ^ (code[pc + 3] as number);
          hi = 0;
          break;
        case 12:
          if ((hi | lo) === 0) pc = (a - STRIDE) | 0;
          break;
        case 13:
          pc = (a - STRIDE) | 0;
          break;
        case 14:
          hi = 0;
          lo = (this.#parts.lows[a] as LowReader)(record) | 0;
          break;
        case 15:
          (this.#parts.wides[a] as Evaluator['wide'])(record, register);
          hi = register.hi | 0;
          lo = register.lo | 0;
          break;
        case 16: {
          const from = at;
          at = putDecimal64(target, at, hi >>> 0, lo >>> 0) | 0;
          if (a > 0) at = alignNumber(buffer, from, at, a, b) | 0;
          break;
        }
        case 17: {
          const from = at;
          at = putSigned64(target, at, hi >>> 0, lo >>> 0) | 0;
          if (a > 0) at = alignNumber(buffer, from, at, a, b) | 0;
          break;
        }
        case 18: {
          const from = at;
          const shift = code[pc + 3] as number;
          const value = (lo << shift) >> shift;
          if (value >= 0) at = putDecimal(target, at, value) | 0;
          else {
            buffer[at] = MINUS;
            at = putDecimal64(target, at + 1, 0, -value >>> 0) | 0;
          }
          if (a > 0) at = alignNumber(buffer, from, at, a, b) | 0;
          break;
        }
        case 19: {
          const digits = hexDigits(hi, lo);
          for (let missing = a - digits; missing > 0; missing--) buffer[at++] = b;
          putHex(target, at, at + digits, hi, lo);
          at = (at + digits) | 0;
          break;
        }
        case 20: {
          if ((hi | lo) === 0) {
            target.setInt32(at, NIL, true);
            buffer[at + 4] = 0x29;
            at += 5;
            break;
          }
          buffer[at] = ZERO;
          buffer[at + 1] = LETTER_X;
          at += 2;
          const digits = hexDigits(hi, lo);
          putHex(target, at, at + digits, hi, lo);
          at = (at + digits) | 0;
          break;
        }
        case 21:
          out.advanceTo(at);
          (this.#parts.caches[a] as TextCache).append(out, hi, lo);
          out.reserve(room);
          buffer = out.buffer;
          target = out.words;
          at = out.length | 0;
          break;
        case 22: {
          const end = start + a + b;
          for (let from = start + a; from < end; from++) {
            const byte = bytes[from] as number;
            if (byte === 0) break;
            buffer[at++] = byte;
          }
          break;
        }
        case 23: {
          const locator = this.#parts.locators[a] as DynamicLocator;
          const { end } = record;
          if (locator.length(record) === 0) break;
          const from = start + locator.offset(record);
          out.advanceTo(at);
          out.reserve(Math.max(0, end - from) + room);
          buffer = out.buffer;
          target = out.words;
          for (let i = from; i < end; i++) {
            const byte = bytes[i] as number;
            if (byte === 0) break;
            buffer[at++] = byte;
          }
          break;
        }
        default:
          out.advanceTo(at);
          (this.#parts.writers[a] as ProgramWriter<Item>)(out, record);
          out.reserve(room);
          buffer = out.buffer;
          target = out.words;
          at = out.length | 0;
      }
    }
    out.advanceTo(at);
  }
}
