import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Libzstd } from '../node/libzstd.ts';
import type { Compressor } from '../trace-file/write/content.ts';

/** Compresses one piece, beside this thread or on it. */
type CompressPiece = (piece: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Higher levels make files hardly smaller, but take several times as long (events: 6.5 times smaller at 1, 6.8 at 5). */
const ZSTD_LEVEL = 1;
const ZLIB_LEVEL = 6;
/** Stays below the threads of Node's pool. */
const MOST_LANES = 4;

/** What newer Nodes have; the types of the oldest one know nothing of it. */
const { zstdCompress } = zlib as {
  zstdCompress?: (data: Uint8Array, options: object, done: (error: Error | null, result: Uint8Array) => void) => void;
};
const ZSTD_COMPRESSION_LEVEL = 100; // zlib.constants.ZSTD_c_compressionLevel

/** The compressor of that name; undefined for none. */
export async function openCompressor(name: 'none' | 'zlib' | 'zstd'): Promise<Compressor | undefined> {
  if (name === 'none') return undefined;
  const { version, piece, lanes } = name === 'zlib' ? zlibPieces() : await zstdPieces();
  return {
    ...{ name, version, lanes },
    compress(block, chunkSize) {
      const starts = Array.from({ length: Math.ceil(block.length / chunkSize) }, (_, index) => index * chunkSize);
      return Promise.all(starts.map((at) => piece(block.subarray(at, at + chunkSize))));
    },
  };
}

interface Pieces {
  readonly version: string;
  readonly piece: CompressPiece;
  readonly lanes: number;
}

const lanes = Math.min(availableParallelism(), MOST_LANES);

function zlibPieces(): Pieces {
  const deflate = promisify<Uint8Array, object, Uint8Array>(zlib.deflate);
  return { version: process.versions.zlib ?? '1', piece: (data) => deflate(data, { level: ZLIB_LEVEL }), lanes };
}

function libzstdPiece(library: Libzstd): CompressPiece {
  let room = new Uint8Array(0);
  return (piece) => {
    const bound = library.bound(piece.length);
    if (bound > room.length) room = new Uint8Array(bound);
    return room.slice(0, library.compress(piece, room, ZSTD_LEVEL));
  };
}

/** The system's zstd, or Node's, or the portable one, which is slower and blocks this thread. */
async function zstdPieces(): Promise<Pieces> {
  const { openLibzstd } = await import('../node/libzstd.ts');
  const library = openLibzstd();
  // On this thread: handing a piece to another one and back takes longer than to compress it.
  if (library !== undefined) return { version: library.version, piece: libzstdPiece(library), lanes: 1 };
  if (zstdCompress !== undefined) {
    const compress = promisify<Uint8Array, object, Uint8Array>(zstdCompress);
    const options = { params: { [ZSTD_COMPRESSION_LEVEL]: ZSTD_LEVEL } };
    return { version: process.versions.zstd ?? '1.5', piece: (data) => compress(data, options), lanes };
  }
  const portable = await import('@bokuweb/zstd-wasm');
  await portable.init();
  return { version: '1.5', piece: (data) => portable.compress(data as Buffer, ZSTD_LEVEL), lanes: 1 };
}
