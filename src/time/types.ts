declare const unit: unique symbol;
type Branded<T, Unit extends string> = T & { readonly [unit]: Unit };

// Times that must not be mixed up, exact 64-bit values outside of hot loops (in them: halves, see base/u64.ts).
// A brand costs nothing at run time: `123n as Ticks` makes one.

/** A stamp as the ring buffer holds it, in whatever its clock counts. */
export type Ticks = Branded<bigint, 'Ticks'>;
/** A corrected stamp: on the clock that all files of a timeline share. */
export type HostTime = Branded<bigint, 'HostTime'>;

/** One measurement of a guest CPU's clock against the host's. Times in ticks or ns of the recorded clock. */
export interface SyncSample {
  /** Guest time, unsigned 64-bit. */
  readonly time: bigint;
  /** Signed; added to guest times. */
  readonly offset: bigint;
  readonly scaling: bigint;
  /** Binary digits after the point of `scaling`. */
  readonly fraction: number;
  /**
   * How far the truth can be from the offset, in units of the host's clock; undefined where nothing says so. Between
   * two samples, the greater one of theirs holds.
   */
  readonly bound?: bigint | undefined;
}

/** Option TIME_SHIFT of a guest's file. */
export interface TimeShift {
  /** Trace id of the host's file. */
  readonly peerTraceId: bigint;
  /** Bit 0: interpolate between samples. */
  readonly flags: number;
  /** Samples per guest CPU, in file order. */
  readonly cpus: readonly (readonly SyncSample[])[];
}

/** Option TSC2NSEC: ns = (ticks * multiplier) >> shift. */
export interface TscToNanoseconds {
  readonly multiplier: number;
  readonly shift: number;
  readonly offset: bigint;
}
