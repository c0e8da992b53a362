import { TandemError } from './errors.ts';
import { BodyFiller } from './fill-from-body.ts';

/**
 * Where the bytes of a trace come from: a file, a Blob, a URL that answers ranges, a buffer in memory.
 * Offsets are plain numbers: exact up to 2^53, which is 8 PiB.
 */
export interface ByteSource {
  /** What the user calls it (a path, a URL), for messages and for line prefixes. */
  readonly name: string;
  /** Bytes in all, at the time it was opened. */
  readonly size: number;
  /**
   * Reads `length` bytes at `offset`. Shorter only where the source ends; empty past its end.
   * The result is the caller's to keep. Rejects with a TandemError (code IO) when the read itself fails.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * As `read`, into memory of the caller, so that a long walk re-uses one buffer. Fills `target` from its start;
   * the number of bytes is below its length only where the source ends.
   */
  readInto(target: Uint8Array, offset: number): Promise<number>;
  /** As `readInto`, at once: only of sources that are there at any time. Throws where that rejects. */
  readNow?(target: Uint8Array, offset: number): number;
  close(): Promise<void>;
}

/** A source over bytes that are already in memory. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    // Not slice: a Buffer's does not copy.
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
    readInto: async (target, offset) => {
      const part = bytes.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
    close: async () => {},
  };
}

/** A source over a Blob or File, as a browser hands it over. */
export function blobSource(name: string, blob: Blob): ByteSource {
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  return {
    name,
    size: blob.size,
    read,
    readInto: async (target, offset) => {
      const bytes = await read(offset, target.length);
      target.set(bytes);
      return bytes.length;
    },
    close: async () => {},
  };
}

/** Bytes [first, last] of a URL. Rejects with a TandemError (IO) for any answer but 206 Partial Content. */
async function fetchRange(url: string, first: number, last: number): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { Range: `bytes=${first}-${last}` } });
  } catch (cause) {
    throw new TandemError('IO', url, 'cannot be reached', 'check the address and the connection', { cause });
  }
  if (response.status === 206) return response;
  await response.body?.cancel();
  if (!response.ok) throw new TandemError('IO', url, `the server answers ${response.status} ${response.statusText}`);
  throw new TandemError('UNSUPPORTED', url, 'the server does not answer ranges', 'download the file and open the copy');
}

/** A source over a URL whose server answers range requests. One request per read. */
export async function urlSource(url: string): Promise<ByteSource> {
  const probe = await fetchRange(url, 0, 0);
  await probe.arrayBuffer();
  const size = Number(/\/(\d+)$/.exec(probe.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(size)) {
    throw new TandemError('UNSUPPORTED', url, 'the server does not say how long the file is', 'download it first');
  }
  const filler = new BodyFiller();
  const broken = (cause: unknown): never => {
    throw new TandemError('IO', url, 'the connection broke', 'try again', { cause });
  };
  const readInto = async (target: Uint8Array, offset: number): Promise<number> => {
    const wanted = Math.max(0, Math.min(target.length, size - offset));
    if (wanted === 0) return 0;
    const { body } = await fetchRange(url, offset, offset + wanted - 1);
    const count = body === null ? 0 : await filler.fill(target.subarray(0, wanted), body).catch(broken);
    if (count === wanted) return count;
    throw new TandemError('IO', url, `${count} of ${wanted} bytes at ${offset} arrived`, 'try again');
  };
  return {
    name: url,
    size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      await readInto(bytes, offset);
      return bytes;
    },
    readInto,
    close: async () => {},
  };
}
