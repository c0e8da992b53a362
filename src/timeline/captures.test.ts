import { describe, expect, test } from 'vitest';
import { allCaptures, type Capture, readTrace, type StoredText } from '../../test/support/captures.ts';
import { openBytes } from '../../test/support/stream-events.ts';
import { printsSeconds } from '../time/clock.ts';
import { Correction, type CorrectionMode } from '../time/correction.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { bufferTimes, mergeOrder } from './buffer-times.ts';
import { Timeline } from './timeline.ts';

/** An event as a report's line tells it: file or instance, CPU, time. */
const LINE = {
  '3.1': /^(?: *([\w.-]+): )?.*?-\d+ +\[(\d+)\] *(\d+(?:\.\d+)?): /,
  '3.4': /^(?: *([\w.-]+): )?.*?-\d+ +\[(\d+)\] \S{5} *(\d+(?:\.\d+)?): /,
};

function printedEvents(text: StoredText): string[] {
  const lines = text.read().toString('latin1').split('\n');
  return lines.flatMap((line) => {
    const match = LINE[text.version].exec(line);
    return match ? [`${match[1] ?? ''} ${Number(match[2])} ${match[3]}`] : [];
  });
}

function timeColumn(time: bigint, seconds: boolean, nanoseconds: boolean): string {
  if (!seconds) return `${time}`;
  const [value, digits] = nanoseconds ? [time, 9] : [(time + 500n) / 1000n, 6];
  const unit = 10n ** BigInt(digits);
  return `${value / unit}.${String(value % unit).padStart(digits, '0')}`;
}

const FUNCTION_GRAPH_EXIT = /name: funcgraph_exit\nID: (\d+)/;

/** The exits of functions that trace-cmd folds into the line before them. */
function exitId(file: TraceFile): number {
  const formats = file.texts.ftraceFormats.map((format) => Buffer.from(format).toString('latin1'));
  return Number(FUNCTION_GRAPH_EXIT.exec(formats.join('\n'))?.[1]);
}

interface Merged {
  readonly event: string;
  readonly isExit: boolean;
}

async function mergedEvents(files: readonly TraceFile[], text: StoredText, mode: CorrectionMode): Promise<Merged[]> {
  const rawTimes = text.options.includes('--raw-ts');
  const inputs = mergeOrder(files).map((place) => {
    const file = files[place.file]!;
    const buffer = file.buffers[place.buffer]!;
    const rules = bufferTimes(file, buffer, { mode, rawTimes, ignoreDate: false, offset: 0n });
    const stream = openCpuStream(file, buffer, place.cpu, { windowBytes: 1 << 14, lookahead: false });
    const prefix = buffer.name || (files.length > 1 ? text.files[place.file] : '');
    const correction = new Correction(place.cpu, rules);
    return { stream, correction, prefix, seconds: printsSeconds({ ...file, rawTimes }), exit: exitId(file) };
  });
  const timeline = new Timeline(inputs);
  const merged: Merged[] = [];
  await timeline.fill();
  while (!timeline.ended) {
    for (let entry = timeline.next(); entry; entry = timeline.next()) {
      const { record, input } = entry;
      const time = timeColumn((BigInt(entry.hi) << 32n) | BigInt(entry.lo), input.seconds, text.options.includes('-t'));
      const isExit = record.view.getUint16(record.start, true) === input.exit;
      merged.push({ event: `${input.prefix} ${record.cpu} ${time}`, isExit });
    }
    await timeline.fill();
  }
  return merged;
}

const isScaled = (file: TraceFile): boolean =>
  file.timeShift?.cpus.some((samples) => samples.some(({ scaling }) => scaling !== 1n)) ?? false;

async function checkOrderAndTimes(capture: Capture, text: StoredText): Promise<void> {
  const files: TraceFile[] = [];
  for (const name of text.files) files.push(await openBytes(readTrace(capture, name)));
  const printed = printedEvents(text);
  for (const mode of ['stock', 'exact'] as const) {
    // Of a scaled guest trace-cmd gets the times wrong.
    if (mode === 'exact' && files.some(isScaled)) continue;
    const shown: string[] = [];
    for (const { event, isExit } of await mergedEvents(files, text, mode)) {
      if (!isExit || event === printed[shown.length]) shown.push(event);
    }
    expect(shown).toEqual(printed);
  }
}

const OPTIONS = ['', '-t', '--raw-ts'];

describe.each(allCaptures().map((capture) => [capture.name, capture] as const))('%s', (_name, capture) => {
  const texts = capture.texts.filter(
    ({ command, files, version, options }) =>
      command === 'report' && OPTIONS.includes(options.join()) && (version === '3.1' || files.length > 1),
  );
  test.each(texts.map((text) => [text.files.join(), text.options.join(), text.version, text] as const))(
    'order and times of %s %s as trace-cmd %s',
    (_files, _options, _version, text) => checkOrderAndTimes(capture, text),
  );
});
