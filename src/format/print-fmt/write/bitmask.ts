import type { ByteWriter } from '../../../base/byte-writer.ts';

const COMMA = 0x2c;
const DASH = 0x2d;

/** bytes[start..end) as hex, the highest byte first, a comma between words of 32 bits. */
export function writeCpuMask(
  out: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  littleEndian: boolean,
): void {
  const size = end - start;
  for (let i = size - 1; i >= 0; i--) {
    out.hex(bytes[littleEndian ? start + i : end - 1 - i] as number, 2);
    if ((i & 3) === 0 && i > 0) out.byte(COMMA);
  }
}

/** The numbers of the bits set in bytes[start..end), runs as `first-last`: `0-3,7`. */
export function writeCpuList(
  out: ByteWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  littleEndian: boolean,
): void {
  const count = 8 * (end - start);
  let isFirst = true;
  for (let bit = 0; bit < count; bit++) {
    if (!isSet(bytes, start, end, littleEndian, bit)) continue;
    const first = bit;
    while (bit + 1 < count && isSet(bytes, start, end, littleEndian, bit + 1)) bit++;
    if (!isFirst) out.byte(COMMA);
    isFirst = false;
    out.decimal(first);
    if (bit === first) continue;
    out.byte(DASH);
    out.decimal(bit);
  }
}

function isSet(bytes: Uint8Array, start: number, end: number, littleEndian: boolean, bit: number): boolean {
  const at = bit >> 3;
  const byte = bytes[littleEndian ? start + at : end - 1 - at] as number;
  return ((byte >> (bit & 7)) & 1) === 1;
}
