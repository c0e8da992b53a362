import type { TscScale } from '../kernel/perf-clock.ts';
import { OPTION } from '../trace-file/ids.ts';
import type { GuestInfo } from '../trace-file/types.ts';
import { guestOption, type OptionContent, textOption, traceIdOption, tscOption } from '../trace-file/write/content.ts';
import { Encoder } from '../trace-file/write/encoder.ts';
import type { CpuStats } from './stats.ts';

/** What the options of a recording are made of, besides the buffers and the places of texts. */
export interface RecordingFacts {
  readonly littleEndian: boolean;
  readonly fileVersion: 6 | 7;
  /** Microseconds from the clock to the time of day, as `0x` hex. */
  readonly date: string | undefined;
  readonly tsOffset: string | undefined;
  /** The trace_clock file: all clocks, the one in use in brackets. */
  readonly clocks: string;
  readonly hooks: readonly string[];
  readonly uname: string;
  /** Name and version of this program. */
  readonly recorder: string;
  /** Undefined when the top buffer is not recorded. */
  readonly traceId: bigint | undefined;
  /** The top buffer (named "") first; none until tracing is over. */
  readonly stats: readonly { readonly buffer: string; readonly cpus: readonly CpuStats[] }[];
  readonly processMaps: readonly string[];
  readonly guests: readonly GuestInfo[];
  readonly tsc: TscScale | undefined;
  readonly cpuCount: number;
}

/** In the order in which trace-cmd writes them. */
export function metadataOptions(facts: RecordingFacts): OptionContent[] {
  const { littleEndian } = facts;
  const texts = (id: number, list: readonly (string | undefined)[]): OptionContent[] =>
    list.filter((text) => text !== undefined).map((text) => textOption(id, text));
  return [
    ...texts(OPTION.DATE, [facts.date]),
    ...texts(OPTION.OFFSET, [facts.tsOffset]),
    ...texts(OPTION.TRACECLOCK, [facts.clocks]),
    ...texts(OPTION.HOOK, facts.hooks),
    ...texts(OPTION.UNAME, [facts.uname]),
    ...texts(OPTION.VERSION, [facts.recorder]),
    ...(facts.traceId === undefined ? [] : [traceIdOption(facts.traceId, littleEndian)]),
    ...texts(OPTION.CPUSTAT, facts.stats.flatMap(statTexts)),
    ...texts(OPTION.PROCMAPS, facts.processMaps),
    ...facts.guests.map((guest) => guestOption(guest, littleEndian)),
    ...(facts.tsc === undefined ? [] : [tscOption({ ...facts.tsc, offset: 0n }, littleEndian)]),
    ...cpuCountOptions(facts),
  ];
}

/** In version 6 this option is that of an instance, and the file itself has the number. */
export function cpuCountOptions({
  littleEndian,
  fileVersion,
  cpuCount,
}: Pick<RecordingFacts, 'littleEndian' | 'fileVersion' | 'cpuCount'>): OptionContent[] {
  if (fileVersion === 6) return [];
  return [{ id: OPTION.CPUCOUNT, data: new Encoder(littleEndian).u32(cpuCount).finish() }];
}

function statTexts({ buffer, cpus }: RecordingFacts['stats'][number]): string[] {
  const title = buffer === '' ? [] : [`\nBuffer: ${buffer}\n\n`];
  return [...title, ...cpus.map(({ cpu, text }) => `CPU: ${cpu}\n${text}`)];
}
