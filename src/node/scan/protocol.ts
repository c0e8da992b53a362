import type { ErrorCode } from '../../base/errors.ts';
import type { FilePlan } from '../../filter/plan.ts';
import type { TextVersion } from '../../format/environment.ts';

/** A file as a worker opens it once more, and its filters. */
export interface ScannedFile {
  readonly path: string;
  readonly filters: FilePlan;
}

/** What a worker is started with. */
export interface ScanWorkerData {
  readonly files: readonly ScannedFile[];
  readonly version: TextVersion;
  /** A filter must name events of every file it is for, as in trace-cmd. */
  readonly everyFile: boolean;
}

/** Asks a worker for the next events of a CPU that pass the filter. Indices as in the files' own lists. */
export interface ScanRequest {
  readonly stream: number;
  readonly file: number;
  readonly buffer: number;
  readonly cpu: number;
}

/** Numbers per event in `ScanBatch.table`: its place in `bytes`, its raw time, and what was left out before it. */
export const COLUMNS = {
  start: 0,
  end: 1,
  subBuffer: 2,
  tsHi: 3,
  tsLo: 4,
  missed: 5,
  passedHi: 6,
  passedLo: 7,
} as const;
export const COLUMN_COUNT = 8;

/** The answer: some events, perhaps none although more follow. */
export interface ScanBatch {
  readonly stream: number;
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** COLUMN_COUNT numbers per event. */
  readonly table: Float64Array<ArrayBuffer>;
  /** Events lost before events that did not pass: counted ones, and places where nobody counted. */
  readonly lostKnown: number;
  readonly lostUncounted: number;
  /** What the stream could not read so far. */
  readonly warnings: readonly string[];
  readonly ended: boolean;
}

/** Instead of an answer: the scan can't go on. A TandemError travels in its parts: threads don't share classes. */
export interface ScanFailure {
  readonly failure: Error | { readonly code: ErrorCode; readonly subject: string; readonly problem: string };
}
