import { ConstantText } from '../../../base/constant-text.ts';
import type { PrintEnvironment } from '../../environment.ts';
import { bytesOf } from '../../latin1.ts';
import { evaluator } from '../evaluate/evaluate.ts';
import type { Expression, PrintFormat } from '../parse/ast.ts';
import { LiteralParser, type Piece } from '../parse/literal.ts';
import { numberWriter } from './numbers.ts';
import { type PieceWriter, textWriter } from './piece-writer.ts';
import { placer } from './place.ts';
import { pointerWriter } from './pointers.ts';
import { stringWriter } from './strings.ts';

/** The text of a print format. Arguments that are not there make no piece. */
export function compilePieces(format: PrintFormat, env: PrintEnvironment): PieceWriter {
  const writers: PieceWriter[] = [];
  let text = '';
  const { pieces } = new LiteralParser(format.literal, format.args.length, env.version);
  for (const piece of pieces) {
    if (piece.kind === 'text') text += piece.text;
    else {
      writers.push(labeled(text, compilePiece(piece, format.args, false, env)));
      text = '';
    }
  }
  if (text !== '') writers.push(textWriter(text));
  return endingAtNul(pieces, sequence(writers));
}

/** A `%c` can write a NUL. Nothing is shown from there on. */
export function endingAtNul(pieces: readonly Piece[], writer: PieceWriter): PieceWriter {
  if (!pieces.some((piece) => piece.kind === 'number' && piece.conversion.type === 'c')) return writer;
  return (out, record) => {
    const start = out.length;
    writer(out, record);
    let end = start;
    while (end < out.length && out.at(end) !== 0) end++;
    out.truncate(end);
  };
}

/** A text and what follows it, for the price of one call. */
function labeled(text: string, writer: PieceWriter): PieceWriter {
  if (text === '') return writer;
  const label = new ConstantText(bytesOf(text));
  return (out, record) => {
    out.constant(label);
    writer(out, record);
  };
}

/** The writer of one piece. `raw` is for the fields of `report -R`. */
export function compilePiece(
  piece: Piece,
  args: readonly Expression[],
  raw: boolean,
  env: PrintEnvironment,
): PieceWriter {
  if (piece.kind === 'text') return textWriter(piece.text);
  const { conversion } = piece;
  const argument = args[piece.argument] as Expression;
  const star = conversion.star && evaluator(args[conversion.star.argument] as Expression, env);
  switch (piece.kind) {
    case 'number':
      return numberWriter(conversion, piece.bytes, evaluator(argument, env), star);
    case 'string':
      return stringWriter(argument, placer(conversion, star), env);
    case 'pointer':
      return pointerWriter(piece.form, argument, star, raw, env);
  }
}

/** One after the other; the usual numbers of pieces without a loop. */
function sequence(writers: readonly PieceWriter[]): PieceWriter {
  const [a, b, c, d] = writers;
  if (a === undefined) return () => {};
  if (b === undefined) return a;
  if (c === undefined) {
    return (out, record) => {
      a(out, record);
      b(out, record);
    };
  }
  if (d === undefined) {
    return (out, record) => {
      a(out, record);
      b(out, record);
      c(out, record);
    };
  }
  const rest = sequence(writers.slice(4));
  return (out, record) => {
    a(out, record);
    b(out, record);
    c(out, record);
    d(out, record);
    rest(out, record);
  };
}
