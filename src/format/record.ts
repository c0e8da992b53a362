/**
 * The bytes of one event where they lie in a sub-buffer: common fields first, then the event's own.
 * One object is reused for every event of a CPU; whoever keeps an event copies its bytes.
 */
export interface RecordBytes {
  /** The memory that holds the event, and a view of the same memory. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Offset of the event's first byte (common_type) in `bytes`. */
  readonly start: number;
  /** Offset after its last byte, padding to 4 bytes included. */
  readonly end: number;
}

/** An event with its place in time: what a line of a report is made of. */
export interface EventRecord extends RecordBytes {
  /** The CPU that recorded it: of the guest, for a guest's file. */
  readonly cpu: number;
  /** Time stamp in halves (see base/u64.ts): corrected ns or ticks, as the stream that delivers it says. */
  readonly tsHi: number;
  readonly tsLo: number;
  /** Events lost right before this one: 0 none, -1 some, n that many. */
  readonly missed: number;
}
