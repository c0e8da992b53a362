import { EventTable, openTrace, pairFiles, type TraceFile } from '../../src/index.ts';
import { nodeCodecs, openFile } from '../../src/node/index.ts';
import { LabError } from '../errors.ts';

/** What one session recorded. */
export interface RecordedFiles {
  readonly host: TraceFile;
  readonly guests: readonly TraceFile[];
}

/** Calls `work` with a session's files opened; the guests are those that the host's file names, in that order. */
export async function withFiles<T>(paths: readonly string[], work: (files: RecordedFiles) => Promise<T>): Promise<T> {
  const sources = await Promise.all(paths.map(openFile));
  try {
    const files = await Promise.all(sources.map((source) => openTrace(source, nodeCodecs)));
    const { hostOf } = pairFiles(files);
    const [host] = files.filter((_, index) => hostOf.includes(index));
    if (host === undefined)
      throw new LabError(`no host among ${paths.join(', ')}: ${files.map(({ traceId }) => traceId)}`);
    return await work({ host, guests: files.filter((file) => file !== host) });
  } finally {
    await Promise.all(sources.map((source) => source.close?.()));
  }
}

export function eventsOf({ texts, buffers, header }: TraceFile): EventTable {
  const formats = texts.systems.flatMap(({ name, formats }) => formats.map((text) => ({ system: name, text })));
  const longSize = buffers[0]?.layout.commitSize ?? (header.userLongSize as 4 | 8);
  return EventTable.parse(formats, { longSize });
}
