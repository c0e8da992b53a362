import koffi from 'koffi';

/** zstd as the system has it: compresses on the thread pool, some blocks at the same time. */
export interface Libzstd {
  /** `1.5.4`. */
  readonly version: string;
  /** Compresses `source` into one frame. Rejects when the library says that it failed. */
  compress(source: Uint8Array, level: number): Promise<Uint8Array>;
}

type Native = ((...args: unknown[]) => unknown) & { async(...args: unknown[]): void };

/** Opens libzstd.so.1; undefined where there is none. */
export function openLibzstd(): Libzstd | undefined {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libzstd.so.1');
  } catch {
    return undefined;
  }
  const declare = (prototype: string): Native => library.func(prototype) as unknown as Native;
  const createContext = declare('void *ZSTD_createCCtx()');
  const compressBound = declare('size_t ZSTD_compressBound(size_t size)');
  const isError = declare('uint ZSTD_isError(size_t code)');
  const run = declare(
    'size_t ZSTD_compressCCtx(void *context, void *target, size_t capacity, const void *source, size_t size, int level)',
  );
  /** Contexts that nobody uses now. They are kept for the next call: making one costs more than a small block. */
  const idle: unknown[] = [];
  return {
    version: declare('const char *ZSTD_versionString()')() as string,
    compress(source, level) {
      const context = idle.pop() ?? createContext();
      const target = new Uint8Array(Number(compressBound(source.length)));
      return new Promise((resolve, reject) => {
        run.async(context, target, target.length, source, source.length, level, (error: unknown, size: number) => {
          idle.push(context);
          if (error) reject(error);
          else if (isError(size)) reject(new Error('libzstd can not compress'));
          else resolve(target.subarray(0, Number(size)));
        });
      });
    },
  };
}
