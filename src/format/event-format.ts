import type { Field } from './field.ts';
import type { PrintFormat } from './print-fmt/parse/ast.ts';

/** One event type. */
export interface EventFormat {
  readonly id: number;
  readonly name: string;
  readonly system: string;
  /** False when a field can't be understood, and such events are shown as unknown: as of 3.4. */
  readonly isKnown: boolean;
  readonly commonFields: readonly Field[];
  readonly fields: readonly Field[];
  /** The text after `print fmt:`, unparsed. */
  readonly printText: string;
  /** Undefined when the print format can't be parsed; then the event prints `[FAILED TO PARSE]` and its fields. */
  readonly printFormat: PrintFormat | undefined;
  /** A record shorter than this lacks fixed fields: it must not be read by field offsets. */
  readonly minimumLength: number;
}

/** The field of that name, the event's own before the common ones. */
export function findField(event: EventFormat, name: string): Field | undefined {
  return event.fields.find((field) => field.name === name) ?? event.commonFields.find((field) => field.name === name);
}
