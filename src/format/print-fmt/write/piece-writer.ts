import type { ByteWriter } from '../../../base/byte-writer.ts';
import { ConstantText } from '../../../base/constant-text.ts';
import { bytesOf } from '../../latin1.ts';
import type { RecordBytes } from '../../record.ts';

/** Writes one part of an event's text. The record has at least the event's minimum length. */
export type PieceWriter = (out: ByteWriter, record: RecordBytes) => void;

/** Writes what an event says. Records may be of any length. */
export type InfoWriter = (out: ByteWriter, record: RecordBytes) => void;

export const nothing: PieceWriter = () => {};

/** Writes the same text, one byte per character, for every record. */
export function textWriter(text: string): PieceWriter {
  const constant = new ConstantText(bytesOf(text));
  return (out) => out.constant(constant);
}
