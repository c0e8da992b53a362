import koffi from 'koffi';

/** zstd as the system has it. */
export interface Libzstd {
  /** `1.5.4`. */
  readonly version: string;
  /** Room that the compressed form of so many bytes needs at most. */
  bound(size: number): number;
  /** Compresses `source` into one frame at the start of `target`. Returns its bytes. Throws when the library does. */
  compress(source: Uint8Array, target: Uint8Array, level: number): number;
}

type Native = (...args: unknown[]) => unknown;

/** Opens libzstd.so.1; undefined where there is none. */
export function openLibzstd(): Libzstd | undefined {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libzstd.so.1');
  } catch {
    return undefined;
  }
  const declare = (prototype: string): Native => library.func(prototype) as unknown as Native;
  const compressBound = declare('size_t ZSTD_compressBound(size_t size)');
  const isError = declare('uint ZSTD_isError(size_t code)');
  const compress = declare(
    'size_t ZSTD_compressCCtx(void *context, void *target, size_t capacity, const void *source, size_t size, int level)',
  );
  const context = declare('void *ZSTD_createCCtx()')();
  return {
    version: declare('const char *ZSTD_versionString()')() as string,
    bound: (size) => Number(compressBound(size)),
    compress(source, target, level) {
      const size = compress(context, target, target.length, source, source.length, level);
      if (isError(size)) throw new Error('libzstd can not compress');
      return Number(size);
    },
  };
}
