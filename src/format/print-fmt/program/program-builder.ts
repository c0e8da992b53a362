import { ConstantText } from '../../../base/constant-text.ts';
import { LONGEST_NUMBER } from '../../../base/digits.ts';
import type { Field } from '../../field.ts';
import { bytesOf } from '../../latin1.ts';
import type { RecordBytes } from '../../record.ts';
import type { Evaluator, LowReader } from '../evaluate/evaluator.ts';
import type { DynamicLocator } from '../evaluate/locate.ts';
import { textWriter } from '../write/piece-writer.ts';
import { OP, STRIDE } from './instructions.ts';
import { TextCache, type ValueWriter } from './text-cache.ts';
import { type ProgramWriter, TextProgram } from './text-program.ts';

/** Longer fixed fields are left to writers, which do not take all their room in advance. */
export const LONGEST_FIXED_STRING = 256;

/**
 * Puts a program together, instruction by instruction. Texts wait until something else is written. `Item` is what its
 * writers are given.
 */
export class ProgramBuilder<Item extends RecordBytes = RecordBytes> {
  readonly #code: number[] = [];
  readonly #words: number[] = [];
  readonly #lows: LowReader[] = [];
  readonly #wides: Evaluator['wide'][] = [];
  readonly #caches: TextCache[] = [];
  readonly #locators: DynamicLocator[] = [];
  readonly #writers: ProgramWriter<Item>[] = [];
  #pendingText = '';
  #room = 0;

  /** One byte per character. */
  text(text: string): void {
    this.#pendingText += text;
  }

  /** An instruction that works on the value. */
  value(op: number, a = 0, b = 0, c = 0): void {
    this.#code.push(op, a | 0, b | 0, c | 0);
  }

  /** The value is a number of the record, without its sign. False, and nothing, for fields that are none. */
  load({ offset, size }: Pick<Field, 'offset' | 'size'>, littleEndian: boolean): boolean {
    switch (size) {
      case 1:
        this.value(OP.load8, offset);
        return true;
      case 2:
        this.value(OP.load16, offset);
        return true;
      case 4:
        this.value(OP.load32, offset);
        return true;
      case 8:
        this.value(OP.load64, littleEndian ? offset : offset + 4, littleEndian ? offset + 4 : offset);
        return true;
      default:
        return false;
    }
  }

  /** The value is what an evaluator gives. */
  evaluate({ low, wide, isSmall }: Evaluator): void {
    if (isSmall) this.value(OP.low, this.#lows.push(low) - 1);
    else this.value(OP.wide, this.#wides.push(wide) - 1);
  }

  /** Writes the value as a number. */
  number(op: number, width: number, pad: number, untaken = 0): void {
    this.#flushText();
    this.#room += LONGEST_NUMBER + width;
    this.value(op, width, pad, untaken);
  }

  pointer(): void {
    this.#flushText();
    this.#room += LONGEST_NUMBER;
    this.value(OP.pointer);
  }

  /** Writes the text that there is for the value. */
  textOfValue(write: ValueWriter): void {
    this.#flushText();
    this.value(OP.cached, this.#caches.push(new TextCache(write)) - 1);
  }

  fixedString(offset: number, size: number): void {
    this.#flushText();
    this.#room += size;
    this.value(OP.fixedString, offset, size);
  }

  dynamicString(locator: DynamicLocator): void {
    this.#flushText();
    this.value(OP.dynamicString, this.#locators.push(locator) - 1);
  }

  writer(writer: ProgramWriter<Item>): void {
    this.#flushText();
    this.value(OP.writer, this.#writers.push(writer) - 1);
  }

  /** A jump to where `land` is called with what this returns. */
  jump(op: typeof OP.jump | typeof OP.jumpIfZero): number {
    this.#flushText();
    this.value(op);
    return this.#code.length - STRIDE;
  }

  land(jump: number): void {
    this.#flushText();
    this.#code[jump + 1] = this.#code.length;
  }

  #flushText(): void {
    const text = this.#pendingText;
    if (text === '') return;
    this.#pendingText = '';
    const { words, length } = new ConstantText(bytesOf(text));
    if (words.length === 0) {
      this.writer(textWriter(text));
      return;
    }
    this.#room += length;
    this.value(OP.text, this.#words.length, words.length, length);
    this.#words.push(...words);
  }

  build(littleEndian: boolean): TextProgram<Item> {
    this.#flushText();
    return new TextProgram({
      code: Int32Array.from(this.#code),
      count: this.#code.length,
      words: Float64Array.from(this.#words),
      lows: this.#lows,
      wides: this.#wides,
      caches: this.#caches,
      locators: this.#locators,
      writers: this.#writers,
      room: this.#room,
      littleEndian,
    });
  }
}
