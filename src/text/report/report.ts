import type { ByteSink } from '../../base/byte-sink.ts';
import { TandemError } from '../../base/errors.ts';
import { latencyText } from '../../trace-file/latency-text.ts';
import type { TraceBuffer, TraceFile } from '../../trace-file/types.ts';
import { FunctionStacks } from '../events/function-stacks.ts';
import { PluginOptions } from '../events/options.ts';
import { type DataPlace, dataPlaces } from './data-places.ts';
import { type Ending, EventLines, type ReportListener } from './event-lines.ts';
import type { ReportContext } from './file-context.ts';
import { type FileFilter, fileFilters, filterListing } from './file-filters.ts';
import { eventTimes, fileTimeStyle } from './file-times.ts';
import { hookLines } from './hook-lines.ts';
import { type LanePlan, reportLanes } from './lanes.ts';
import { LostEvents } from './lost-events.ts';
import { ReportOutput } from './output.ts';
import { prefixesOf } from './prefixes.ts';
import type { ReportInput, ReportSettings } from './settings.ts';
import { timeRange } from './time-bounds.ts';
import { WakeupLatency } from './wakeup-latency.ts';

/** What came of a report. */
export interface ReportResult {
  readonly lost: LostEvents;
  /** Problems of reading events, one line each. */
  readonly warnings: readonly string[];
  /** Nobody reads the output any more. */
  readonly closed: boolean;
}

/**
 * Writes the report of some files: their headings, then the events of all, merged by time. Rejects with a
 * TandemError: filters and options that can't be understood (USAGE, NOT_FOUND), and what reading and writing bring.
 */
export async function writeReport(
  inputs: readonly ReportInput[],
  settings: ReportSettings,
  sink: ByteSink,
  listener: ReportListener = {},
): Promise<ReportResult> {
  const output = new ReportOutput(sink);
  const filters = fileFilters(inputs, settings.compat);
  const goesOn = await writeHeadings(inputs, settings, output);
  if (!goesOn) return { lost: new LostEvents(), warnings: [], closed: !(await output.end()) };
  const events = {
    ...{ inputs, settings, output, listener },
    shift: settings.alignTimes ? -(await earliestTime(inputs, settings)) : 0n,
    places: settings.debug ? await allPlaces(inputs) : undefined,
  };
  let pass = await writeEvents(events, filters, undefined);
  if (pass.ending === 'again') {
    pass = await writeEvents(events, fileFilters(inputs, settings.compat), pass.written);
  }
  const { lost, warnings, ending } = pass;
  return { lost, warnings, closed: !(ending === 'done' && (await output.end())) };
}

/** What both passes through the events need. */
interface Events extends Pick<LanePlan, 'inputs' | 'shift' | 'places'> {
  readonly settings: ReportSettings;
  readonly output: ReportOutput;
  readonly listener: ReportListener;
}

interface Pass extends Pick<ReportResult, 'lost' | 'warnings'> {
  readonly ending: Ending;
  /** How many events were written. */
  readonly written: number;
}

/**
 * Goes through the events and writes them. A second pass follows where the first one ends with `again`: that one asks
 * filters in merged order, and leaves out the events that the first one has `written`.
 */
async function writeEvents(events: Events, filters: readonly FileFilter[], written: number | undefined): Promise<Pass> {
  const { inputs, settings, output, listener } = events;
  const lost = new LostEvents();
  const lines = new EventLines(output, listener, settings.tsCheck, lost, written);
  const beginAgain = (): void => {
    lines.mustBeginAgain = true;
  };
  const wakeup = settings.wakeup ? wakeupLatency(inputs) : undefined;
  const shared: ReportContext = {
    options: new PluginOptions(settings.pluginOptions, inputs.length),
    functionStacks: new FunctionStacks(),
    coming: lines,
  };
  const looksAhead = written === undefined ? beginAgain : undefined;
  const lanes = reportLanes({ ...events, filters, shared, lost, wakeup, looksAhead }, settings);
  const [first] = inputs;
  const style = first ? fileTimeStyle(first, settings) : 'integer';
  const ending = await lines.write(lanes, timeRange(settings.from, settings.to, style));
  if (ending === 'done' && wakeup !== undefined) output.writer.text(wakeup.summary());
  const warnings = lanes.flatMap(({ name, stream: { cpu, warnings: ofCpu } }) =>
    ofCpu.map((warning) => `${name}: CPU ${cpu}: ${warning}`),
  );
  return { lost, warnings, ending, written: lines.written };
}

/** `-w` of the only file. */
function wakeupLatency(inputs: readonly ReportInput[]): WakeupLatency | undefined {
  const file = inputs[0]?.file;
  return file && WakeupLatency.of((name) => file.events.find('sched', name), file.env.littleEndian);
}

/** Where the data of all files lies, for `--debug`. */
async function allPlaces(inputs: readonly ReportInput[]): Promise<Map<TraceBuffer, DataPlace[]>> {
  const all: [TraceBuffer, DataPlace[]][] = [];
  for (const { file } of inputs) all.push(...(await dataPlaces(file.trace)));
  return new Map(all);
}

/**
 * What comes before the events: `cpus=N` of each file, filters with `-T`. False if that is all: of a latency
 * recording its text follows, and 3.1 ends after the filters.
 */
async function writeHeadings(
  inputs: readonly ReportInput[],
  settings: ReportSettings,
  output: ReportOutput,
): Promise<boolean> {
  const { headings } = prefixesOf(inputs.map(({ file }) => file));
  for (const { trace } of inputs.map(({ file }) => file)) {
    if (settings.debug) output.writer.text(`version = ${trace.header.version}\n`);
    if (!settings.json) output.writer.bytes(hookLines(trace));
  }
  for (const [index, input] of inputs.entries()) {
    const out = output.writer;
    if (settings.showFilters) out.text(filterListing(input.filters.filters, input));
    if (settings.showFilters && settings.version === '3.1' && input.filters.filters.length > 0) return false;
    const { trace } = input.file;
    if (settings.debug) output.writer.text(emptyCpus(trace, (name) => name === ''));
    if (!settings.json) {
      out.bytes(headings[index] as Uint8Array);
      out.text(`cpus=${trace.cpuCount}\n`);
    }
    if (settings.debug) output.writer.text(emptyCpus(trace, (name) => name !== ''));
    const latency = trace.buffers.find(({ name, latencyText }) => name === '' && latencyText);
    if (latency === undefined) continue;
    if (inputs.length > 1) throw new TandemError('USAGE', trace.source.name, 'is a latency trace', 'report it alone');
    for await (const text of latencyText(trace, latency)) {
      output.writer.bytes(text);
      if (!(await output.flush())) return false;
    }
    output.writer.text('\n');
    return false;
  }
  if (settings.showFilters) {
    for (const input of inputs) {
      const instances = input.file.trace.buffers.filter(({ name }) => name !== '').length;
      output.writer.text(filterListing(input.filters.repeated, input).repeat(instances));
    }
  }
  return true;
}

/** `--debug`: the CPUs of buffers that have no data. */
function emptyCpus({ buffers }: TraceFile, isWanted: (name: string) => boolean): string {
  const lines = buffers.flatMap(({ name, cpus }) => {
    const count = cpus.reduce((most, { cpu }) => Math.max(most, cpu + 1), 0);
    const sizes = Array.from(
      { length: isWanted(name) ? count : 0 },
      (_, cpu) => cpus.find((one) => one.cpu === cpu)?.size,
    );
    return sizes.map((size, cpu) => (size ? '' : `CPU ${cpu} is empty\n`));
  });
  return lines.join('');
}

/** The earliest corrected time of the top buffers, for `--align-ts`; of a file without events it is 0. */
async function earliestTime(inputs: readonly ReportInput[], settings: ReportSettings): Promise<bigint> {
  const ofFiles: bigint[] = [];
  for (const input of inputs) {
    const times = (await eventTimes(input, settings)).map(({ first }) => first);
    ofFiles.push(times.reduce((least, time) => (time < least ? time : least), times[0] ?? 0n));
  }
  return ofFiles.reduce((least, time) => (time < least ? time : least), ofFiles[0] ?? 0n);
}
