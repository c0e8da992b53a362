import type { PrintEnvironment } from '../environment.ts';
import { evaluator } from './evaluate/evaluate.ts';
import type { Expression, PrintFormat } from './parse/ast.ts';
import { LiteralParser, type Piece } from './parse/literal.ts';
import { addPiece } from './program/add-piece.ts';
import { ProgramBuilder } from './program/program-builder.ts';
import { numberWriter } from './write/numbers.ts';
import { type PieceWriter, textWriter } from './write/piece-writer.ts';
import { placer } from './write/place.ts';
import { pointerWriter } from './write/pointers.ts';
import { stringWriter } from './write/strings.ts';

/** The text of a print format. Arguments that are not there make no piece. */
export function compilePieces(format: PrintFormat, env: PrintEnvironment): PieceWriter {
  const { pieces } = new LiteralParser(format.literal, format.args.length, env.version);
  const program = new ProgramBuilder();
  for (const piece of pieces) {
    if (!addPiece(program, piece, format.args, env)) program.writer(compilePiece(piece, format.args, false, env));
  }
  const text = program.build(env.littleEndian);
  return endingAtNul(pieces, (out, record) => text.run(out, record));
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
