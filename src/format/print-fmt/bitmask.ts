import type { ByteWriter } from '../../base/byte-writer.ts';

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
  const isSet = (bit: number): boolean => {
    const at = bit >> 3;
    const byte = bytes[littleEndian ? start + at : end - 1 - at] as number;
    return bit < count && ((byte >> (bit & 7)) & 1) === 1;
  };
  let isFirst = true;
  for (let bit = 0; bit < count; bit++) {
    if (!isSet(bit)) continue;
    const first = bit;
    while (isSet(bit + 1)) bit++;
    if (!isFirst) out.byte(COMMA);
    isFirst = false;
    out.decimal(first);
    if (bit === first) continue;
    out.byte(DASH);
    out.decimal(bit);
  }
}
