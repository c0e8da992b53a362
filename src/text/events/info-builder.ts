import { ConstantText } from '../../base/constant-text.ts';
import { type EventFormat, findField } from '../../format/event-format.ts';
import type { Field } from '../../format/field.ts';
import { type InfoWriter, lazyPrintFormat, type TextContext } from './context.ts';
import { type NumberField, numberField } from './number-field.ts';

/**
 * Puts the text of one event type together, piece by piece. What the event's format lacks is known here, once:
 * the text says so where the value would be, and where trace-cmd gives up, the pieces after that are dropped and
 * the print format follows.
 */
export class InfoBuilder {
  readonly #event: EventFormat;
  readonly #context: TextContext;
  readonly #pieces: InfoWriter[] = [];
  #pendingText = '';
  #givenUp = false;
  /** Bytes that a record must have for the fields used so far. */
  #extent = 0;

  constructor(event: EventFormat, context: TextContext) {
    this.#event = event;
    this.#context = context;
  }

  text(text: string): this {
    if (!this.#givenUp) this.#pendingText += text;
    return this;
  }

  add(piece: InfoWriter): this {
    return this.labeled('', piece);
  }

  /** A text and then a piece: one step when the record is written. */
  labeled(label: string, piece: InfoWriter): this {
    if (this.#givenUp) return this;
    const text = this.#pendingText + label;
    this.#pendingText = '';
    if (text === '') {
      this.#pieces.push(piece);
      return this;
    }
    const constant = new ConstantText(text);
    this.#pieces.push((out, record) => {
      out.constant(constant);
      piece(out, record);
    });
    return this;
  }

  /** The event's own field of that name, whatever it holds. */
  field(name: string): Field | undefined {
    return this.#using(this.#event.fields.find((candidate) => candidate.name === name));
  }

  /** A field of that name, the event's own or a common one. */
  anyField(name: string): Field | undefined {
    return this.#using(findField(this.#event, name));
  }

  #using(field: Field | undefined): Field | undefined {
    if (field !== undefined) this.#extent = Math.max(this.#extent, field.offset + field.size);
    return field;
  }

  /** A number of the event's own fields, or undefined without a word. */
  number(name: string): NumberField | undefined {
    return numberField(this.field(name), this.#context.env.littleEndian);
  }

  /** A number without which the text ends, with a complaint, `after` and the print format. */
  need(name: string, after = ''): NumberField {
    const number = this.wanted(name);
    if (number !== undefined) return number;
    this.text(after);
    this.#givenUp = true;
    return { read: () => {}, small: () => 0 };
  }

  /** A number whose absence is noted in the text, which goes on. */
  wanted(name: string): NumberField | undefined {
    const number = this.number(name);
    if (number === undefined) this.text(this.field(name) ? ` ${name}=INVALID` : `<CANT FIND FIELD ${name}>`);
    return number;
  }

  /** `label`, a number and `after`; where there is no such number, a note in place of them. */
  print(label: string, name: string, style: (field: NumberField) => InfoWriter, after = ''): this {
    const number = this.number(name);
    if (number === undefined) return this.text(`CAN'T FIND FIELD "${name}"`);
    return this.labeled(label, style(number)).text(after);
  }

  /** As `print`; nothing where there is no such number. */
  printIfThere(label: string, name: string, style: (field: NumberField) => InfoWriter): this {
    const number = this.number(name);
    return number ? this.labeled(label, style(number)) : this;
  }

  /** Says no more itself: the print format follows what was written so far. */
  thenPrintFormat(): this {
    this.#flushText();
    this.#givenUp = true;
    return this;
  }

  /** A record that is too short for the fields used gets the print format alone. */
  writer(): InfoWriter {
    const givenUp = this.#givenUp;
    this.#flushText();
    const pieces = this.#pieces;
    const extent = this.#extent;
    const printFormat = lazyPrintFormat(this.#event, this.#context);
    return (out, record) => {
      const whole = record.end - record.start >= extent;
      if (whole) for (let i = 0; i < pieces.length; i++) (pieces[i] as InfoWriter)(out, record);
      if (!whole || givenUp) printFormat(out, record);
    };
  }

  #flushText(): void {
    if (this.#pendingText === '') return;
    const constant = new ConstantText(this.#pendingText);
    this.#pendingText = '';
    this.#pieces.push((out) => out.constant(constant));
  }
}
