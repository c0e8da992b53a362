import { memorySource } from '../../src/base/byte-source.ts';
import { nodeCodecs } from '../../src/node/index.ts';
import { loadReportFile, type ReportFile } from '../../src/text/report/report-file.ts';
import { openTrace } from '../../src/trace-file/open.ts';
import { layoutOf, type TrackSettings } from '../../src/tracks/layout.ts';
import { TrackBuilder } from '../../src/tracks/track-builder.ts';
import type { TrackColumns } from '../../src/tracks/types.ts';
import { allCaptures, readTrace } from './captures.ts';

/** Opens trace files in memory, by name. */
export function openFiles(contents: Readonly<Record<string, Uint8Array>>): Promise<ReportFile[]> {
  return Promise.all(
    Object.entries(contents).map(async ([name, bytes]) => {
      const trace = await openTrace(memorySource(name, bytes), nodeCodecs);
      return loadReportFile(trace, name, '3.4');
    }),
  );
}

export function openCapture(name: string): Promise<ReportFile[]> {
  const capture = allCaptures().find((one) => one.name === name);
  if (capture === undefined) throw new Error(`no capture ${name}`);
  return openFiles(Object.fromEntries(capture.files.map((file) => [file, readTrace(capture, file)])));
}

/** Tracks of some files, filled, with all chunks put together. */
export interface Filled {
  readonly builder: TrackBuilder;
  /** By track. */
  readonly columns: readonly TrackColumns[];
}

/** `rhythm`: after how many events chunks are taken, again and again; by default once, at the end. */
export async function fillTracks(
  files: readonly ReportFile[],
  settings: TrackSettings = { clock: 'corrected' },
  rhythm: readonly number[] = [],
): Promise<Filled> {
  const plan = await layoutOf(files, settings);
  const builder = new TrackBuilder(files, plan);
  const parts: TrackColumns[][] = plan.layout.tracks.map(() => []);
  const take = (): void => {
    for (const { track, columns } of builder.takeChunks()) parts[track]!.push(columns);
  };
  let beat = 0;
  while (!builder.ended) {
    await builder.fill();
    while (builder.step(rhythm[beat++ % rhythm.length] ?? 1000)) if (rhythm.length > 0) take();
  }
  take();
  return { builder, columns: plan.layout.tracks.map(({ kind }, track) => joined(kind, parts[track]!)) };
}

const EMPTY: Readonly<Record<string, TrackColumns>> = {
  events: { times: new Float64Array(0), ids: new Uint16Array(0), pids: new Int32Array(0) },
  tasks: { starts: new Float64Array(0), pids: new Int32Array(0) },
  interrupts: { starts: new Float64Array(0), ends: new Float64Array(0), names: new Uint16Array(0) },
  calls: {
    ...{ starts: new Float64Array(0), ends: new Float64Array(0) },
    ...{ depths: new Uint8Array(0), functions: new Uint32Array(0) },
  },
  vcpu: {
    ...{ starts: new Float64Array(0), states: new Uint8Array(0) },
    ...{ details: new Int32Array(0), cpus: new Int16Array(0) },
  },
};

function joined(kind: string, parts: readonly TrackColumns[]): TrackColumns {
  const empty = EMPTY[kind] as unknown as Record<string, Float64Array>;
  const columns = Object.entries(empty).map(([name, values]) => {
    const own = parts.map((part) => (part as unknown as Record<string, Float64Array>)[name]!);
    const Type = values.constructor as Float64ArrayConstructor;
    const all = new Type(own.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const one of own) {
      all.set(one, at);
      at += one.length;
    }
    return [name, all];
  });
  return Object.fromEntries(columns) as TrackColumns;
}
