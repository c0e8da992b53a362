import type zlib from 'node:zlib';
import { type Codecs, portableCodecs } from '../trace-file/codecs.ts';
import type { Libzstd } from './libzstd.ts';

/** What newer Nodes (22.15, 23.8 and later) have; the types of the oldest one know nothing of it. */
type Zlib = typeof zlib & {
  zstdDecompressSync?: (data: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Uint8Array;
};

/** Most files need none of it: loaded when one does. */
const nodeZlib = (): Zlib => process.getBuiltinModule('node:zlib');

let opened: Promise<Libzstd | undefined> | undefined;

/** The system's zstd, if it has one. */
function systemZstd(): Promise<Libzstd | undefined> {
  opened ??= import('./libzstd.ts').then(({ openLibzstd }) => openLibzstd());
  return opened;
}

/** Node's own zlib, the system's zstd or Node's own; for the rest the portable codecs. */
export const nodeCodecs: Codecs = {
  decompress(name, compressed, size) {
    // One output buffer of the right size, never more: Node stops with an error beyond maxOutputLength.
    const options = { maxOutputLength: size, chunkSize: Math.max(size, 64) };
    if (name === 'zlib') return plain(nodeZlib().inflateSync(compressed, options));
    if (name === 'zstd') {
      const { zstdDecompressSync } = nodeZlib();
      return zstdDecompressSync ? plain(zstdDecompressSync(compressed, options)) : zstd(compressed, size);
    }
    return portableCodecs.decompress(name, compressed, size);
  },

  async decompressAll(name, blocks, target) {
    const library = name === 'zstd' ? await systemZstd() : undefined;
    if (library === undefined) return false;
    return library.decompressElsewhere(Buffer.concat(blocks), target).then(
      (length) => length === target.length,
      () => false,
    );
  },
};

async function zstd(compressed: Uint8Array, size: number): Promise<Uint8Array> {
  const library = await systemZstd();
  if (library === undefined) return portableCodecs.decompress('zstd', compressed, size);
  const target = new Uint8Array(size);
  return target.subarray(0, library.decompress(compressed, target));
}

/** The same memory without Buffer's own ways, whose slice does not copy. */
const plain = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
