/*
 * What the page and its worker say to each other. The worker holds the files; the page draws. Times are relative to
 * `TrackLayout.base`; exact ones are decimal strings.
 */
import type { Rule } from '../../src/proof/types.ts';
import type {
  GuestStory,
  StolenTimes,
  TaskNames,
  TrackChunk,
  TrackLayout,
  TrackNames,
} from '../../src/tracks/types.ts';

/** A trace file to open: dropped on the page, or served beside it. */
export type TraceInput =
  | { readonly name: string; readonly blob: Blob }
  | { readonly name: string; readonly url: string };

export interface OpenSettings {
  /** `raw`: guests' stamps as recorded, moved as a whole so that their first events lie where corrected ones do. */
  readonly clock: 'corrected' | 'raw';
  /** Only events in this part of the recording, as seconds since its begin; for files over the tab's means. */
  readonly range?: { readonly from: number; readonly to: number } | undefined;
}

/** One line of the event table. */
export interface Row {
  /** Its place in the set of rows that was asked for. */
  readonly index: number;
  /** Place of its lane in `TrackLayout.tracks`, and its own in the lane. */
  readonly track: number;
  readonly event: number;
  readonly time: number;
  /** Exact, in the timeline's unit. */
  readonly stamp: string;
  readonly pid: number;
  readonly task: string;
  readonly system: string;
  readonly name: string;
  readonly text: string;
  /** The +/- of a guest's time in the timeline's unit; undefined for hosts and where nothing tells. */
  readonly bound: number | undefined;
  /** Events lost before it: -1 some. */
  readonly lost: number;
}

/** All that is known of one event. */
export interface EventDetails {
  readonly row: Row;
  /** As `tandem report` prints it. */
  readonly line: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly bytes: Uint8Array;
}

export type SortKey = 'time' | 'cpu' | 'task' | 'name';

/** Which rows: all events or those that the last `find` matched, in an order. */
export interface RowSet {
  readonly of: 'all' | 'matches';
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** Samples of a guest's CPU and what the log has of probes, to be plotted; see `GuestProof` for the words and numbers. */
export interface ClockPicture {
  readonly machine: number;
  /** The object that `tandem clock --json` prints for this guest. */
  readonly proof: unknown;
  readonly cpus: readonly {
    readonly cpu: number;
    /** Relative times; offsets less the first one; bounds NaN where unknown. In the timeline's unit. */
    readonly times: Float64Array;
    readonly offsets: Float64Array;
    readonly bounds: Float64Array;
    /** Of all probes, if the log of the session is there. */
    readonly roundTrips: Float64Array | undefined;
  }[];
  /** What can't have been, by time: how far it is from where it could be, which rule says so. CPU -1: of no certain one. */
  readonly violations: readonly {
    readonly rule: Rule;
    readonly cpu: number;
    readonly time: number;
    readonly distance: number;
  }[];
}

/** How certain the times of a guest's CPU are, by the samples of its clock: the +/- at each, and how it grows beyond them. */
export interface ClockBounds {
  readonly machine: number;
  readonly cpu: number;
  /** Relative. In the timeline's unit, as are the bounds; NaN where unknown. */
  readonly times: Float64Array;
  readonly bounds: Float64Array;
  readonly growth: number;
}

/** Questions that have one answer. The answer's `id` is the question's. */
export type Question =
  | { readonly type: 'rows'; readonly set: RowSet; readonly from: number; readonly count: number }
  | { readonly type: 'details'; readonly track: number; readonly event: number }
  /** Index in a set of the first event at or after a time. */
  | { readonly type: 'rowAt'; readonly set: RowSet; readonly time: number }
  /** trace-cmd's filter grammar; empty: no search. */
  | { readonly type: 'find'; readonly filter: string }
  | { readonly type: 'task'; readonly machine: number; readonly pid: number }
  | { readonly type: 'clocks' }
  | { readonly type: 'csv'; readonly set: RowSet; readonly from: number; readonly to: number };

export interface Answers {
  readonly rows: { readonly rows: readonly Row[]; readonly total: number };
  readonly details: EventDetails;
  readonly rowAt: number;
  /** Per lane that has any: the places of matching events, ascending. */
  readonly find: {
    readonly total: number;
    readonly lanes: readonly { readonly track: number; readonly events: Uint32Array }[];
  };
  /** When a task ran and waited: states of VCPU_STATE, inGuest meaning that it ran. */
  readonly task: { readonly starts: Float64Array; readonly states: Uint8Array; readonly cpus: Int16Array };
  readonly clocks: readonly ClockPicture[];
  readonly csv: Blob;
}

/** From the page. `open` adds files to those that are open, and everything is read anew. */
export type ToWorker =
  | { readonly type: 'open'; readonly inputs: readonly TraceInput[]; readonly settings: OpenSettings }
  | { readonly type: 'close'; readonly name: string }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question };

/** What went wrong, in the words of a TandemError: one line. */
export interface Failure {
  /** The file; undefined for what is no file's. */
  readonly name: string | undefined;
  readonly message: string;
}

/** From the worker. */
export type FromWorker =
  /** A file can't be opened; the others stay open. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /** Files are known: everything that was there before is void. */
  | {
      readonly type: 'opened';
      readonly layout: TrackLayout;
      readonly bounds: readonly ClockBounds[];
      readonly warnings: readonly string[];
      readonly settings: OpenSettings;
    }
  /**
   * The files have about so many events, more than `most`, which a tab can hold; nothing is read. To be opened again, with
   * a range within the `seconds` that the recording lasts.
   */
  | { readonly type: 'oversize'; readonly events: number; readonly most: number; readonly seconds: number }
  /** What is new of the tracks; all that happened before `until` is there now. */
  | {
      readonly type: 'tracks';
      readonly chunks: readonly TrackChunk[];
      /** What is new of it; `loaded` brings all of it again, since some is known better then. */
      readonly stolen: readonly StolenTimes[];
      readonly until: number;
      readonly events: number;
      readonly bytes: number;
      readonly totalBytes: number;
    }
  /** Names so far; sent again when there are more. Tasks by machine. */
  | { readonly type: 'names'; readonly names: TrackNames; readonly tasks: readonly TaskNames[] }
  /** All is read. */
  | {
      readonly type: 'loaded';
      readonly stories: readonly GuestStory[];
      readonly stolen: readonly StolenTimes[];
      readonly warnings: readonly string[];
    }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answers[keyof Answers] | Failure };
