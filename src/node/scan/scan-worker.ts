import { parentPort, workerData } from 'node:worker_threads';
import { TandemError } from '../../base/errors.ts';
import { fileFilters } from '../../text/report/file-filters.ts';
import { eventIdReader } from '../../text/report/file-texts.ts';
import { LostEvents } from '../../text/report/lost-events.ts';
import { loadReportFile } from '../../text/report/report-file.ts';
import type { ReportInput } from '../../text/report/settings.ts';
import { openCpuStream } from '../../trace-file/cpu-stream.ts';
import { openTrace } from '../../trace-file/open.ts';
import { type CpuStream, STREAM_END, STREAM_LOAD } from '../../trace-file/stream-types.ts';
import type { TraceBuffer } from '../../trace-file/types.ts';
import { nodeCodecs } from '../codecs.ts';
import { openFile } from '../file-source.ts';
import { BatchBuilder } from './batch-builder.ts';
import type { ScanBatch, ScanFailure, ScanRequest, ScanWorkerData } from './protocol.ts';

/*
 * Reads, decompresses and filters the events of some CPUs, and sends what passes. A worker opens the files itself:
 * nothing but batches of wanted events travels between threads.
 */

const WINDOW_BYTES = 1 << 19;
/** Events that are looked at before an answer is given, so that other CPUs get their turn. */
const MOST_LOOKED_AT = 1 << 18;

/** Whether an event is wanted. It must be asked in the order of a CPU's events. */
type Accepts = (record: CpuStream['record']) => boolean;

/** A CPU's events on their way through the filter. */
class Scan {
  readonly #stream: CpuStream;
  readonly #accepts: Accepts;
  #passedHi = 0;
  #passedLo = 0;

  constructor(stream: CpuStream, accepts: Accepts) {
    this.#stream = stream;
    this.#accepts = accepts;
  }

  async next(request: ScanRequest): Promise<ScanBatch> {
    const stream = this.#stream;
    const accepts = this.#accepts;
    const { record } = stream;
    const batch = new BatchBuilder();
    const lost = new LostEvents();
    let ended = false;
    for (let looked = 0; looked < MOST_LOOKED_AT && !batch.isFull; ) {
      const state = stream.advance();
      if (state === STREAM_LOAD) await stream.load();
      else if (state === STREAM_END) {
        ended = true;
        break;
      } else {
        looked++;
        if (accepts(record)) batch.add(record, this.#passedHi, this.#passedLo);
        else {
          if (record.missed !== 0) lost.add(record);
          this.#pass(record.tsHi, record.tsLo);
        }
      }
    }
    return {
      stream: request.stream,
      ...batch.finish(),
      lostKnown: lost.known,
      lostUncounted: lost.uncounted,
      warnings: [...stream.warnings],
      ended,
    };
  }

  #pass(hi: number, lo: number): void {
    if (hi < this.#passedHi || (hi === this.#passedHi && lo <= this.#passedLo)) return;
    this.#passedHi = hi;
    this.#passedLo = lo;
  }
}

async function openScans({ files, version, everyFile }: ScanWorkerData) {
  const inputs: ReportInput[] = [];
  for (const { path, filters } of files) {
    const trace = await openTrace(await openFile(path), nodeCodecs);
    const file = await loadReportFile(trace, path, version);
    inputs.push({ file, filters, tsOffset: 0n, ticksPerSecond: undefined });
  }
  const filters = fileFilters(inputs, everyFile);
  const scans = new Map<number, Scan>();
  return (request: ScanRequest): Scan => {
    let scan = scans.get(request.stream);
    if (scan === undefined) {
      const { trace, env, events } = (inputs[request.file] as ReportInput).file;
      const filter = filters[request.file];
      const readId = eventIdReader(events, env.littleEndian);
      const accepts: Accepts =
        typeof filter === 'object' ? (record) => filter.accepts(record, readId(record)) : () => filter === 'all';
      const buffer = trace.buffers[request.buffer] as TraceBuffer;
      const options = { windowBytes: WINDOW_BYTES, lookahead: false };
      scan = new Scan(openCpuStream(trace, buffer, request.cpu, options), accepts);
      scans.set(request.stream, scan);
    }
    return scan;
  };
}

function failureOf(error: unknown): ScanFailure {
  if (!(error instanceof TandemError)) return { failure: error as Error };
  const { code, subject, message } = error;
  return { failure: { code, subject, problem: message.slice(subject.length + 2) } };
}

const ready = openScans(workerData as ScanWorkerData);
/** One request after the other: they share the files. */
let work: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: ScanRequest) => {
  work = work.then(async () => {
    try {
      const batch = await (await ready)(request).next(request);
      parentPort?.postMessage(batch, [batch.bytes.buffer, batch.table.buffer]);
    } catch (error) {
      parentPort?.postMessage(failureOf(error));
    }
  });
});
