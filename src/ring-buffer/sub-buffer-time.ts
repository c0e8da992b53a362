import type { SubBufferLayout } from './record-cursor.ts';

/**
 * The time stamp in the header of the sub-buffer at bytes[at..to); undefined for one without events, whose time may
 * never have been set.
 */
export function subBufferTime(bytes: Uint8Array, at: number, to: number, layout: SubBufferLayout): bigint | undefined {
  const { littleEndian, commitSize, dataOffset } = layout;
  if (at + dataOffset > to) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const commit = view.getUint32(at + (commitSize === 8 && !littleEndian ? 12 : 8), littleEndian);
  return (commit & 0x07ff_ffff) === 0 ? undefined : view.getBigUint64(at, littleEndian);
}
