import { TandemError } from '../base/errors.ts';

/** Turns compressed bytes back. Implementations need not check sizes: `decompressBlock` does, around them. */
export interface Codecs {
  /**
   * `size` is what the file says the result has; a codec must not make more than that.
   * A promise only where the codec needs one (not ready yet, or working elsewhere): code that is in a hurry asks.
   * Throws or rejects with UnknownCompression for a name it does not know, with any other error for damaged data.
   */
  decompress(name: string, compressed: Uint8Array, size: number): Uint8Array | Promise<Uint8Array>;
  /**
   * Several blocks, one after the other, into `target`, which they fill; on another thread. False where that can't be
   * done, or one of them is damaged: then they are decompressed each by itself.
   */
  decompressAll?(name: string, blocks: readonly Uint8Array[], target: Uint8Array): Promise<boolean>;
}

/**
 * How large a decompressed block may be: never beyond `largest`, and beyond `harmless` only in a sane relation to
 * the compressed bytes. Else a small file could ask for any amount of memory and time.
 */
export interface SizeBounds {
  readonly largest: number;
  readonly harmless: number;
}

/** Sections are texts of some megabytes. */
export const SECTION_BOUNDS: SizeBounds = { largest: 1 << 28, harmless: 1 << 20 };
const SMALLEST_HARMLESS_CHUNK = 1 << 16;
/** Texts and events shrink to a twentieth; sub-buffers that are mostly empty, to less. */
const HIGHEST_RATIO = 256;

/** trace-cmd puts ten sub-buffers into a chunk. */
export const chunkBounds = (subBufferSize: number): SizeBounds => ({
  largest: 1 << 26,
  harmless: Math.max(SMALLEST_HARMLESS_CHUNK, 16 * subBufferSize),
});

/** Whether a file may say that so many compressed bytes become `size` bytes. */
export const isPlausibleSize = (compressed: number, size: number, { largest, harmless }: SizeBounds): boolean =>
  size <= largest && (size <= harmless || size <= compressed * HIGHEST_RATIO);

const ZSTD_MAGIC = 0xfd2f_b528;

/**
 * The uncompressed size that a zstd frame's header states; undefined when it leaves it out, as trace-cmd does.
 * Format: RFC 8878, 3.1.1.1.
 */
function zstdContentSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 9 || view.getUint32(0, true) !== ZSTD_MAGIC) throw new Error('not a zstd frame');
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const offset = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
  if (offset + sizeBytes > frame.length) throw new Error('a zstd frame header that is cut short');
  if (sizeBytes === 0) return undefined;
  if (sizeBytes === 1) return view.getUint8(offset);
  if (sizeBytes === 2) return view.getUint16(offset, true) + 256;
  return sizeBytes === 4 ? view.getUint32(offset, true) : Number(view.getBigUint64(offset, true));
}

type Decompress = (compressed: Uint8Array, size: number) => Uint8Array;

/** A codec in a library that is loaded, and made ready, when it is first needed: most files need none. */
function loaded(
  load: () => Promise<Decompress>,
): (compressed: Uint8Array, size: number) => ReturnType<Codecs['decompress']> {
  let ready: Decompress | undefined;
  let loading: Promise<Decompress> | undefined;
  return (compressed, size) => {
    if (ready !== undefined) return ready(compressed, size);
    loading ??= load();
    return loading.then((decompress) => {
      ready = decompress;
      return decompress(compressed, size);
    });
  };
}

/** zlib in JavaScript. It would drop what does not fit without a word: one byte more shows that there was more. */
const zlib = loaded(async () => {
  const { unzlibSync } = await import('fflate');
  return (compressed, size) => unzlibSync(compressed, { out: new Uint8Array(size + 1) });
});

/**
 * zstd in WebAssembly, which is part of the module's text: a bundle for browsers needs no file beside it. What a frame's
 * header says of its size is compared first; without that it takes `size` as its limit, and for 0 it would take none.
 */
const zstd = loaded(async () => {
  const { ZSTDDecoder } = await import('zstddec');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return (compressed, size) => {
    const stated = zstdContentSize(compressed);
    if (stated !== undefined && stated !== size) throw new Error(`its zstd frame says ${stated} bytes`);
    const result = decoder.decode(compressed, Math.max(size, 1));
    // The library's own way to say that something is wrong.
    if (result.length === 0 && size > 0) throw new Error('its zstd frame is damaged');
    return result;
  };
});

/** Codecs that run anywhere: zlib in JavaScript, zstd in WebAssembly. */
export const portableCodecs: Codecs = {
  decompress(name, compressed, size) {
    if (name === 'none') return compressed;
    if (name === 'zlib') return zlib(compressed, size);
    if (name === 'zstd') return zstd(compressed, size);
    throw new UnknownCompression();
  },
};

/** What a codec throws for a name that it does not know. */
export class UnknownCompression extends Error {}

/**
 * Decompresses one block after checking what it claims, and checks what comes out.
 * Throws (or rejects with) a TandemError that names `subject`: CORRUPT, or UNSUPPORTED for an unknown compression.
 */
export function decompressBlock(
  codecs: Codecs,
  name: string,
  compressed: Uint8Array,
  size: number,
  bounds: SizeBounds,
  subject: string,
): Uint8Array | Promise<Uint8Array> {
  if (!isPlausibleSize(compressed.length, size, bounds)) {
    throw new TandemError('CORRUPT', subject, `claims that ${compressed.length} bytes become ${size}`);
  }
  const check = (result: Uint8Array): Uint8Array => {
    if (result.length === size) return result;
    throw new TandemError('CORRUPT', subject, `decompresses to ${result.length} bytes, not ${size}`);
  };
  const fail = (cause: unknown): never => {
    if (cause instanceof TandemError) throw cause;
    if (cause instanceof UnknownCompression) {
      const shown = name.replace(/[^ -~]/g, '?');
      throw new TandemError(
        'UNSUPPORTED',
        subject,
        `unknown compression '${shown}'`,
        'none, zlib and zstd can be read',
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TandemError('CORRUPT', subject, `cannot be decompressed (${name}: ${reason})`, undefined, { cause });
  };
  try {
    const result = codecs.decompress(name, compressed, size);
    return result instanceof Promise ? result.then(check, fail) : check(result);
  } catch (cause) {
    return fail(cause);
  }
}
