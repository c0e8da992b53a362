import type { TraceContent } from '../trace-file/write/content.ts';
import { writeV6 } from '../trace-file/write/write-v6.ts';
import { writeV7 } from '../trace-file/write/write-v7.ts';
import { openCompressor } from './compressors.ts';
import { FileSink } from './file-sink.ts';

/** Writes a trace file. Returns its size in bytes. */
export async function writeTraceFile(
  path: string,
  content: TraceContent,
  { fileVersion, compression }: { readonly fileVersion: 6 | 7; readonly compression: 'none' | 'zlib' | 'zstd' },
): Promise<number> {
  const sink = new FileSink(path);
  try {
    if (fileVersion === 6) await writeV6(content, sink);
    else await writeV7(content, sink, await openCompressor(compression));
    return sink.position;
  } finally {
    sink.close();
  }
}
