import { REHEARSAL_BYTES, rehearse } from '../../format/print-fmt/program/rehearsal.ts';
import { SubBufferCursor } from '../../ring-buffer/record-cursor.ts';

const LAYOUT = { littleEndian: true, commitSize: 8, dataOffset: 16, size: 64 } as const;
const HEADER = 4;

let isDone = false;

/** Gets the loop of text programs compiled while the first texts are being made ready. Does nothing the next time. */
export function rehearseTexts(): void {
  if (isDone) return;
  isDone = true;
  const { dataOffset, size } = LAYOUT;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, HEADER + REHEARSAL_BYTES.length, true);
  view.setUint32(dataOffset, REHEARSAL_BYTES.length / 4, true);
  bytes.set(REHEARSAL_BYTES, dataOffset + HEADER);
  const record = new SubBufferCursor(LAYOUT, 0);
  record.load(bytes, 0, size);
  record.next();
  rehearse(record);
}
