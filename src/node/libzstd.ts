import koffi from 'koffi';

/** zstd as the system has it: three times as quick as WebAssembly, and able to work on other threads. */
export interface Libzstd {
  /** `1.5.4`. */
  readonly version: string;
  /** Room that the compressed form of so many bytes needs at most. */
  bound(size: number): number;
  /** Compresses `source` into one frame at the start of `target`. Returns its bytes. Throws when the library does. */
  compress(source: Uint8Array, target: Uint8Array, level: number): number;
  /** Decompresses the frames in `source`, one after the other, to the start of `target`. Returns the bytes; as above. */
  decompress(source: Uint8Array, target: Uint8Array): number;
  /** The same on a thread of its own. Leave both alone until it is done. */
  decompressElsewhere(source: Uint8Array, target: Uint8Array): Promise<number>;
}

/** Opens libzstd.so.1; undefined where there is none. */
export function openLibzstd(): Libzstd | undefined {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libzstd.so.1');
  } catch {
    return undefined;
  }
  const declare = (prototype: string) => library.func(prototype);
  const compressBound = declare('size_t ZSTD_compressBound(size_t size)');
  const isError = declare('uint ZSTD_isError(size_t code)');
  const compress = declare(
    'size_t ZSTD_compressCCtx(void *context, void *target, size_t capacity, const void *source, size_t size, int level)',
  );
  const decompress = declare('size_t ZSTD_decompress(void *target, size_t capacity, const void *source, size_t size)');
  const context = declare('void *ZSTD_createCCtx()')();
  const checked = (size: unknown): number => {
    if (isError(size)) throw new Error('libzstd reports damage');
    return Number(size);
  };
  return {
    version: declare('const char *ZSTD_versionString()')() as string,
    bound: (size) => Number(compressBound(size)),
    compress: (source, target, level) =>
      checked(compress(context, target, target.length, source, source.length, level)),
    decompress: (source, target) => checked(decompress(target, target.length, source, source.length)),
    decompressElsewhere: (source, target) =>
      new Promise((resolve, reject) => {
        const done = (error: unknown, size: unknown): void => {
          if (error) reject(error);
          else if (isError(size)) reject(new Error('libzstd reports damage'));
          else resolve(Number(size));
        };
        decompress.async(target, target.length, source, source.length, done);
      }),
  };
}
