import type { ByteSource } from '../../../src/base/byte-source.ts';

const BLOCK_BYTES = 1 << 18;
/** Each CPU of a host and its guests goes through a place of its own. */
const MOST_BLOCKS = 128;

/**
 * Reads small pieces by the block, and keeps the latest blocks: each read costs a browser as much as some hundred
 * kilobytes. Large pieces are read as they are.
 */
export function blockCached(source: ByteSource): ByteSource {
  /** The one that was not used for the longest time comes first. */
  const blocks = new Map<number, Promise<Uint8Array>>();
  const block = (at: number): Promise<Uint8Array> => {
    const known = blocks.get(at);
    const found = known ?? source.read(at * BLOCK_BYTES, BLOCK_BYTES);
    blocks.delete(at);
    blocks.set(at, found);
    if (known !== undefined) return known;
    // What failed may succeed another time.
    found.catch(() => blocks.delete(at));
    const [oldest] = blocks.keys();
    if (blocks.size > MOST_BLOCKS && oldest !== undefined) blocks.delete(oldest);
    return found;
  };
  const readInto = async (target: Uint8Array, offset: number): Promise<number> => {
    if (target.length >= BLOCK_BYTES) return source.readInto(target, offset);
    const end = Math.min(offset + target.length, source.size);
    for (let at = offset; at < end; ) {
      const number = Math.floor(at / BLOCK_BYTES);
      const bytes = await block(number);
      const from = at - number * BLOCK_BYTES;
      const part = bytes.subarray(from, Math.min(bytes.length, from + end - at));
      if (part.length === 0) return at - offset;
      target.set(part, at - offset);
      at += part.length;
    }
    return Math.max(0, end - offset);
  };
  return {
    ...source,
    readInto,
    read: async (offset, length) => {
      if (length >= BLOCK_BYTES) return source.read(offset, length);
      const target = new Uint8Array(Math.max(0, Math.min(length, source.size - offset)));
      return target.subarray(0, await readInto(target, offset));
    },
  };
}
