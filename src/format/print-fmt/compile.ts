import type { PrintEnvironment } from '../environment.ts';
import type { EventFormat } from '../event-format.ts';
import { compileBprint } from './bprint.ts';
import { parsePrintFormat } from './parse/parse.ts';
import { compilePieces } from './pieces.ts';
import { failedFields } from './plain-fields.ts';
import { anyLength } from './write/pad.ts';
import type { InfoWriter } from './write/piece-writer.ts';

export type { InfoWriter } from './write/piece-writer.ts';

/**
 * Turns an event's print format into a function that writes its text, once per event type and file. A format that
 * can't be parsed gives `[FAILED TO PARSE]` and the fields. Records of any length are accepted: fields that are
 * missing count as 0, texts and arrays end with the record.
 *
 * The function keeps its registers between calls, and is not reentrant.
 */
export function compilePrintFormat(event: EventFormat, env: PrintEnvironment): InfoWriter {
  const format = parsePrintFormat(event, env);
  if (format === undefined) return anyLength(event, failedFields(event, env));
  if (format.isPacked) return compileBprint(event, env);
  return anyLength(event, compilePieces(format, env));
}
