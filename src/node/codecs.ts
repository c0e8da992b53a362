import zlib from 'node:zlib';
import { type Codecs, portableCodecs } from '../trace-file/codecs.ts';

/** What newer Nodes (22.15, 23.8 and later) have; the types of the oldest one know nothing of it. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (data: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Uint8Array;
};

/** Node's own zlib, and its zstd where it has one; for the rest the portable codecs. */
export const nodeCodecs: Codecs = {
  decompress(name, compressed, size) {
    // One output buffer of the right size, never more: Node stops with an error beyond maxOutputLength.
    const options = { maxOutputLength: size, chunkSize: Math.max(size, 64) };
    if (name === 'zlib') return plain(zlib.inflateSync(compressed, options));
    if (name === 'zstd' && zstdDecompressSync !== undefined) return plain(zstdDecompressSync(compressed, options));
    return portableCodecs.decompress(name, compressed, size);
  },
};

/** The same memory without Buffer's own ways, whose slice does not copy. */
const plain = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
