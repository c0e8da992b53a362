import { unameText } from '../kernel/metadata.ts';
import type { TscScale } from '../kernel/perf-clock.ts';
import type { GuestInfo } from '../trace-file/types.ts';
import type { BufferContent, LatencyText, TraceContent } from '../trace-file/write/content.ts';
import { cpuCountOptions, metadataOptions } from './metadata-options.ts';
import { NATIVE } from './native.ts';
import type { CpuStats } from './stats.ts';

/** A buffer as it goes into a trace file. */
export interface ContentBuffer extends BufferContent {
  /** None before tracing is over. */
  readonly stats: readonly CpuStats[];
}

/** What a trace file of this machine is made of. */
export interface ContentParts extends Pick<TraceContent, 'texts' | 'kallsyms' | 'printkFormats' | 'commandLines'> {
  readonly fileVersion: 6 | 7;
  /** Name and version of this program. */
  readonly recorder: string;
  readonly cpuCount: number;
  /** The trace_clock file. */
  readonly clocks: string;
  readonly tsc: TscScale | undefined;
  readonly date: string | undefined;
  readonly tsOffset: string | undefined;
  readonly hooks: readonly string[];
  readonly processMaps: readonly string[];
  readonly traceId: bigint;
  readonly guests: readonly GuestInfo[];
  /** The top buffer (named "") first, if it was recorded. */
  readonly buffers: readonly ContentBuffer[];
}

/** Everything that a writer needs. */
export function traceContent(parts: ContentParts): TraceContent {
  const { texts, kallsyms, printkFormats, commandLines, cpuCount, buffers, traceId, ...facts } = parts;
  const isReferredTo = buffers[0]?.name === '' || facts.guests.length > 0;
  const options = metadataOptions({
    ...{ ...NATIVE, ...facts, cpuCount },
    uname: unameText(),
    traceId: isReferredTo ? traceId : undefined,
    stats: buffers.map(({ name, stats }) => ({ buffer: name, cpus: stats })),
  });
  return {
    ...{ ...NATIVE, texts, kallsyms, printkFormats, commandLines, cpuCount, options },
    buffers: withTopBuffer(buffers),
  };
}

/** A reader expects the top buffer, even when nothing of it was recorded. */
function withTopBuffer(buffers: readonly BufferContent[]): readonly BufferContent[] {
  const [first] = buffers;
  if (first === undefined || first.name === '') return buffers;
  return [{ ...first, name: '', cpus: [] }, ...buffers];
}

/** What a latency file is made of: texts, no more. */
export interface LatencyParts
  extends Pick<TraceContent, 'texts' | 'kallsyms' | 'printkFormats' | 'commandLines' | 'cpuCount'> {
  readonly fileVersion: 6 | 7;
}

/** A trace file whose content is a text. Of the options trace-cmd writes only the number of CPUs to such a file. */
export function latencyContent(parts: LatencyParts, latency: LatencyText): TraceContent {
  const { texts, kallsyms, printkFormats, commandLines, cpuCount, fileVersion } = parts;
  const options = cpuCountOptions({ ...NATIVE, cpuCount, fileVersion });
  return { ...NATIVE, texts, kallsyms, printkFormats, commandLines, cpuCount, options, buffers: [], latency };
}
