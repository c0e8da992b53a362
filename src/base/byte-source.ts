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
  close(): Promise<void>;
}

/** A source over bytes that are already in memory. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
    close: async () => {},
  };
}

/** A source over a Blob or File, as a browser hands it over. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    close: async () => {},
  };
}
