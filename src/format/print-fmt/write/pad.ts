import type { EventFormat } from '../../event-format.ts';
import type { RecordBytes } from '../../record.ts';
import type { InfoWriter, PieceWriter } from './piece-writer.ts';

/**
 * Makes records that are shorter than their event's fixed fields readable: what is missing reads as zeros.
 * The copy is valid until the next one; its `end` is still that of the record, so dynamic arrays stay inside of it.
 */
class RecordPadding implements RecordBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start = 0;
  end = 0;

  constructor(minimumLength: number) {
    this.bytes = new Uint8Array(minimumLength);
    this.view = new DataView(this.bytes.buffer);
  }

  /** A copy of a record that is shorter than the minimum length. */
  padded(record: RecordBytes): RecordBytes {
    const { bytes } = this;
    const length = Math.max(0, record.end - record.start);
    for (let i = 0; i < length; i++) bytes[i] = record.bytes[record.start + i] as number;
    bytes.fill(0, length);
    this.end = length;
    return this;
  }
}

/** A writer that accepts records shorter than the event's fixed fields. */
export function anyLength(event: EventFormat, writer: PieceWriter): InfoWriter {
  const { minimumLength } = event;
  let padding: RecordPadding | undefined;
  return (out, record) => {
    if (record.end - record.start >= minimumLength) {
      writer(out, record);
      return;
    }
    padding ??= new RecordPadding(minimumLength);
    writer(out, padding.padded(record));
  };
}
