import { Worker } from 'node:worker_threads';
import { TandemError } from '../../base/errors.ts';
import type { EventRecord } from '../../format/record.ts';
import type { PlacedRecord } from '../../ring-buffer/record-cursor.ts';
import type { LostEvents } from '../../text/report/lost-events.ts';
import {
  type CpuStream,
  STREAM_END,
  STREAM_LOAD,
  STREAM_RECORD,
  type StreamState,
} from '../../trace-file/stream-types.ts';
import {
  COLUMN_COUNT,
  COLUMNS,
  type ScanBatch,
  type ScanFailure,
  type ScanRequest,
  type ScanWorkerData,
} from './protocol.ts';

/** More would be faster on large machines, but each takes some 40 MB. */
const THREADS = 2;

/** Threads that filter events. Close it when its streams are not needed any more, or the process stays. */
export class ScanPool {
  readonly #workers: readonly Worker[];
  /** Bytes of data that each worker was given to scan. */
  readonly #load: number[];
  readonly #waiting = new Map<number, { resolve(batch: ScanBatch): void; reject(error: Error): void }>();
  #streams = 0;

  constructor(workerData: ScanWorkerData) {
    this.#workers = Array.from({ length: THREADS }, () => this.#start(workerData));
    this.#load = this.#workers.map(() => 0);
  }

  #start(workerData: ScanWorkerData): Worker {
    const worker = new Worker(new URL('./scan-worker.js', import.meta.url), { workerData });
    worker.on('message', (answer: ScanBatch | ScanFailure) => {
      if ('failure' in answer) {
        const { failure } = answer;
        this.#fail(
          failure instanceof Error ? failure : new TandemError(failure.code, failure.subject, failure.problem),
        );
      } else {
        const waiting = this.#waiting.get(answer.stream);
        this.#waiting.delete(answer.stream);
        waiting?.resolve(answer);
      }
    });
    worker.on('error', (error) => this.#fail(error));
    return worker;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /**
   * The events of one CPU that pass the filter of its file, `size` bytes of data. `original` is the same stream
   * unfiltered, for the times of its ends. Events lost before what did not pass are added to `lost`.
   */
  open(file: number, buffer: number, original: CpuStream, size: number, lost: LostEvents): CpuStream {
    const least = this.#load.indexOf(Math.min(...this.#load));
    this.#load[least] = (this.#load[least] as number) + size;
    const request: ScanRequest = { stream: this.#streams++, file, buffer, cpu: original.cpu };
    return new ScannedStream(original, lost, () => this.#ask(this.#workers[least] as Worker, request));
  }

  #ask(worker: Worker, request: ScanRequest): Promise<ScanBatch> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.stream, { resolve, reject });
      worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** An event out of a batch. */
class ScannedRecord implements PlacedRecord {
  readonly cpu: number;
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  start = 0;
  end = 0;
  subBuffer = 0;
  tsHi = 0;
  tsLo = 0;
  missed = 0;

  constructor(cpu: number) {
    this.cpu = cpu;
  }
}

/** Goes through batches; while one is walked, the next one is on its way. */
class ScannedStream implements CpuStream {
  readonly cpu: number;
  readonly record: ScannedRecord;
  warnings: readonly string[] = [];
  passedHi = 0;
  passedLo = 0;
  readonly #original: CpuStream;
  readonly #lost: LostEvents;
  readonly #ask: () => Promise<ScanBatch>;
  #coming: Promise<ScanBatch> | undefined;
  #table = new Float64Array(0);
  #count = 0;
  #index = 0;
  #ended = false;

  constructor(original: CpuStream, lost: LostEvents, ask: () => Promise<ScanBatch>) {
    this.cpu = original.cpu;
    this.record = new ScannedRecord(original.cpu);
    this.#original = original;
    this.#lost = lost;
    this.#ask = ask;
    this.#coming = this.#askAhead();
  }

  #askAhead(): Promise<ScanBatch> {
    const coming = this.#ask();
    coming.catch(() => {}); // told where it is awaited
    return coming;
  }

  advance(): StreamState {
    if (this.#index >= this.#count) return this.#ended ? STREAM_END : STREAM_LOAD;
    const table = this.#table;
    const row = this.#index++ * COLUMN_COUNT;
    const { record } = this;
    record.start = table[row + COLUMNS.start] as number;
    record.end = table[row + COLUMNS.end] as number;
    record.subBuffer = table[row + COLUMNS.subBuffer] as number;
    record.tsHi = table[row + COLUMNS.tsHi] as number;
    record.tsLo = table[row + COLUMNS.tsLo] as number;
    record.missed = table[row + COLUMNS.missed] as number;
    this.passedHi = table[row + COLUMNS.passedHi] as number;
    this.passedLo = table[row + COLUMNS.passedLo] as number;
    return STREAM_RECORD;
  }

  async load(): Promise<void> {
    const batch = await (this.#coming ?? this.#ask());
    this.#coming = batch.ended ? undefined : this.#askAhead();
    this.#ended = batch.ended;
    this.#table = batch.table;
    this.#count = batch.count;
    this.#index = 0;
    this.record.bytes = batch.bytes;
    this.record.view = new DataView(batch.bytes.buffer);
    this.warnings = batch.warnings;
    this.#lost.known += batch.lostKnown;
    this.#lost.uncounted += batch.lostUncounted;
  }

  /** What comes next passed a filter, or did not: nothing that could be shown here. */
  peek(): EventRecord | undefined {
    throw new Error('a scanned stream has no lookahead');
  }

  seek(): Promise<void> {
    throw new Error('a scanned stream starts at its beginning');
  }

  firstTime(): Promise<bigint | undefined> {
    return this.#original.firstTime();
  }

  lastTime(): Promise<bigint | undefined> {
    return this.#original.lastTime();
  }
}
