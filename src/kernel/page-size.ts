import { readFileSync } from 'node:fs';

/** getauxval(3) */
const AT_PAGESZ = 6n;
const USUAL = 4096;

/** Bytes of a memory page, as the kernel told this (64-bit) process when it started. */
export function pageSize(): number {
  const { buffer, byteOffset, length } = Uint8Array.from(readFileSync('/proc/self/auxv'));
  const words = new BigUint64Array(buffer, byteOffset, Math.floor(length / 8));
  for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === AT_PAGESZ) return Number(words[i + 1]);
  return USUAL;
}
