/** Decoded sub-buffers in memory, one after the other in bytes[from..to). Theirs until `release`. */
export interface Window {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Where bytes[0] is in the CPU's data, decoded. */
  readonly position: number;
}

/**
 * One CPU's sub-buffers as a run of windows. `take` is synchronous as long as what it needs is in memory, so that
 * the walk over events waits only where it must.
 */
export interface CpuWindows {
  /** Problems met so far, one line each. */
  readonly warnings: readonly string[];
  /** The next window; undefined at the end, or where `fetch` must be awaited first: `ended` tells which. */
  take(): Window | undefined;
  readonly ended: boolean;
  /** Brings in what the next `take` needs. */
  fetch(): Promise<void>;
  /** Gives a window's memory back for re-use. */
  release(window: Window): void;
  /** Goes on with the sub-buffer before the first one whose time is not before `time`. */
  seek(time: bigint): Promise<void>;
  /** The windows from the last to the first. They are not released, and do not disturb the forward walk. */
  backward(): AsyncIterable<Window>;
}

/** The last index whose time is before `time`, 0 where there is none; indices without a time are passed over. */
export async function lastBefore(
  count: number,
  time: bigint,
  timeAt: (index: number) => Promise<bigint | undefined>,
): Promise<number> {
  let low = 0;
  let high = count;
  // Invariant: sub-buffers before `low` begin before `time`, those from `high` on do not.
  while (low < high) {
    const middle = (low + high) >>> 1;
    let probe = middle;
    let found = await timeAt(probe);
    while (found === undefined && probe > low) found = await timeAt(--probe);
    if (found === undefined || found < time) low = middle + 1;
    else high = probe;
  }
  let last = low - 1;
  while (last > 0 && (await timeAt(last)) === undefined) last--;
  return Math.max(0, last);
}
