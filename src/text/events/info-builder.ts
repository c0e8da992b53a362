import { type EventFormat, findField } from '../../format/event-format.ts';
import type { Field } from '../../format/field.ts';
import { type InfoWriter, lazyPrintFormat, type TextContext } from './context.ts';
import { type NumberField, numberField } from './number-field.ts';
import { inARow, type Piece } from './pieces.ts';

/**
 * Puts the text of one event type together, piece by piece. What the event's format lacks is known here, once:
 * the text says so where the value would be, and where trace-cmd gives up, the pieces after that are dropped and
 * the print format follows.
 */
export class InfoBuilder {
  readonly #event: EventFormat;
  readonly #context: TextContext;
  readonly #pieces: Piece[] = [];
  #givenUp = false;
  /** Bytes that a record must have for the fields used so far. */
  #extent = 0;

  constructor(event: EventFormat, context: TextContext) {
    this.#event = event;
    this.#context = context;
  }

  add(...pieces: readonly Piece[]): this {
    if (!this.#givenUp) this.#pieces.push(...pieces);
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
    this.add(after);
    this.#givenUp = true;
    return { offset: 0, size: 4, read: () => {}, small: () => 0 };
  }

  /** A number whose absence is noted in the text, which goes on. */
  wanted(name: string): NumberField | undefined {
    const number = this.number(name);
    if (number === undefined) this.add(this.field(name) ? ` ${name}=INVALID` : `<CANT FIND FIELD ${name}>`);
    return number;
  }

  /** `label`, a number and `after`; where there is no such number, a note in place of them. */
  print(label: string, name: string, style: (field: NumberField) => Piece, after = ''): this {
    const number = this.number(name);
    if (number === undefined) return this.add(`CAN'T FIND FIELD "${name}"`);
    return this.add(label, style(number), after);
  }

  /** As `print`; nothing where there is no such number. */
  printIfThere(label: string, name: string, style: (field: NumberField) => Piece): this {
    const number = this.number(name);
    return number ? this.add(label, style(number)) : this;
  }

  /** Says no more itself: the print format follows what was written so far. */
  thenPrintFormat(): this {
    this.#givenUp = true;
    return this;
  }

  /** A record that is too short for the fields used gets the print format alone. */
  writer(): InfoWriter {
    const givenUp = this.#givenUp;
    const extent = this.#extent;
    const write = inARow(this.#pieces, this.#context.env.littleEndian);
    const printFormat = lazyPrintFormat(this.#event, this.#context);
    return (out, record) => {
      const whole = record.end - record.start >= extent;
      if (whole) write(out, record);
      if (!whole || givenUp) printFormat(out, record);
    };
  }
}
