/** What a worker is to do: cases `from` up to, not with, `to`. Case N uses the seed `seed` + N. */
export interface WorkerTask {
  readonly name: string;
  readonly path: string;
  readonly marks: readonly number[];
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export interface CaseFailure {
  readonly number: number;
  readonly what: string;
  readonly problem: string;
}

/** How cases ended, besides failures. */
export interface Tally {
  /** Read and printed to the end. */
  readonly read: number;
  /** Refused with a TandemError. */
  readonly refused: number;
}

export type FromWorker =
  | { readonly begins: number }
  | { readonly failures: readonly CaseFailure[]; readonly tally: Tally };
