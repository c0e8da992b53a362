import { utf8 } from '../../base/byte-writer.ts';
import type { PrintEnvironment } from '../environment.ts';
import type { EventFormat } from '../event-format.ts';
import type { Field } from '../field.ts';
import type { Expression } from './parse/ast.ts';
import { LiteralParser, type Piece } from './parse/literal.ts';
import { parsePrintFormat } from './parse/parse.ts';
import { compilePiece, endingAtNul } from './pieces.ts';
import { labeled, plainField, plainFields } from './plain-fields.ts';
import { anyLength } from './write/pad.ts';
import type { InfoWriter, PieceWriter } from './write/piece-writer.ts';

const HEX_PREFIX = utf8('0x');

/**
 * The text of `report -R`: ` name=value` for each field, by the conversion that the print format has for it, else
 * by its declaration.
 *
 * A text that once held unprintable bytes is written as bytes from then on, so the text of a record depends on the
 * records before it; a new function starts anew.
 */
export function compileRawFields(event: EventFormat, env: PrintEnvironment): InfoWriter {
  const format = parsePrintFormat(event, env);
  if (format === undefined || format.isPacked) return anyLength(event, plainFields(event, env));
  const { pieces } = new LiteralParser(format.literal, format.args.length, env.version);
  const finder = new PieceFinder(pieces, format.args);
  const writers = event.fields.map((field) => {
    const found = field.isArray || field.isString ? undefined : finder.find(field);
    if (found === undefined) return labeled(field, plainField(field, env));
    const value = compilePiece(found.piece, format.args, true, env);
    return labeled(field, found.afterHexPrefix ? prefixed(value) : value);
  });
  const writer: PieceWriter = (out, record) => {
    for (let i = 0; i < writers.length; i++) (writers[i] as PieceWriter)(out, record);
  };
  return anyLength(event, endingAtNul(pieces, writer));
}

function prefixed(value: PieceWriter): PieceWriter {
  return (out, record) => {
    out.bytes(HEX_PREFIX);
    value(out, record);
  };
}

/**
 * Looks for the conversions of fields, field by field: each search begins behind the conversion found last, and goes
 * around once. After the last conversion of the format none is found any more.
 */
class PieceFinder {
  readonly #pieces: readonly Piece[];
  readonly #args: readonly Expression[];
  #at = 0;

  constructor(pieces: readonly Piece[], args: readonly Expression[]) {
    this.#pieces = pieces;
    this.#args = args;
  }

  /** The conversion whose argument is the field itself, and whether a `0x` stands right before it. */
  find(field: Field): { piece: Piece; afterHexPrefix: boolean } | undefined {
    const count = this.#pieces.length;
    let afterHexPrefix = false;
    for (let i = 0; i < count && this.#at < count; i++) {
      const index = (this.#at + i) % count;
      const piece = this.#pieces[index] as Piece;
      if (piece.kind === 'text') afterHexPrefix = piece.text.endsWith('0x');
      else if (this.#isFor(field, piece.argument)) {
        this.#at = index + 1;
        return { piece, afterHexPrefix };
      } else afterHexPrefix = false;
    }
    return undefined;
  }

  #isFor(field: Field, argument: number): boolean {
    let expression = this.#args[argument] as Expression;
    while (expression.kind === 'cast') expression = expression.value;
    return expression.kind === 'field' && expression.field === field;
  }
}
