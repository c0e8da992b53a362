/*
 * What is proved of a sync. Times and offsets of clocks are exact: bigint, in the recorded clock's units. Distances
 * between times are numbers, in `Unit`s: ns wherever the clock counts them or the file says how to convert its ticks.
 */

export type Unit = 'ns' | 'ticks';

/** What the samples in a guest's file say of one of its CPUs. */
export interface CpuFacts {
  readonly cpu: number;
  readonly samples: number;
  /** Measurements that the log of the session has; undefined without a log. */
  readonly rounds: number | undefined;
  /** Host minus guest, of the first and the last sample. */
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** How fast the host's clock runs ahead of the guest's, in parts per million: by the line that fits all samples best. */
  readonly drift: number;
  /** How far samples lie from that line: root mean square, and the farthest. */
  readonly residual: Spread;
  /** Jumps of the offset that no drift explains, between two samples. */
  readonly steps: readonly Step[];
  /** The error bound over the time of the recording; undefined where the samples carry none. */
  readonly bound: { readonly median: number; readonly worst: number } | undefined;
}

export interface Spread {
  readonly rms: number;
  readonly worst: number;
}

export interface Step {
  /** Guest time of the sample behind it. */
  readonly time: bigint;
  /** Signed, host minus guest. */
  readonly by: number;
}

/** How certain the place of a guest's event is: by its error bound. */
export interface CertaintyClass {
  /** The bound's upper end, included. Infinity: larger than all others; NaN: not known. */
  readonly within: number;
  readonly events: number;
}

/** A relation between host and guest that physics demands. */
export type Rule = 'run' | 'halt' | 'interrupt' | 'packet';

/** How the events that one rule is about kept it. */
export interface RuleResult {
  readonly rule: Rule;
  readonly kept: number;
  readonly violated: number;
  /** The trace does not tell. */
  readonly unjudged: number;
  /** How far the worst one is from where it could be. */
  readonly worst: number;
  /** Violations by size: below each of LIMITS, then those beyond. */
  readonly distribution: readonly number[];
  /** Events that must be recorded for this rule and are not, as options of `record`; by side. */
  readonly missing: { readonly host: readonly string[]; readonly guest: readonly string[] };
}

/** Ends of the sizes that violations are counted by. */
export const LIMITS: readonly number[] = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/** One impossible event, for pictures and examples. */
export interface Violation {
  readonly rule: Rule;
  readonly cpu: number;
  /** On the common clock. */
  readonly time: bigint;
  readonly distance: number;
}

/** All rules, for one guest. */
export interface Causality {
  readonly rules: readonly RuleResult[];
  /** The first ones, up to MOST_EXAMPLES. */
  readonly violations: readonly Violation[];
}

export type Verdict = 'proved' | 'consistent' | 'bounded' | 'unchecked' | 'violated' | 'unsynchronised';

/** Everything that is known of one guest's clock. */
export interface GuestProof {
  /** Its file. */
  readonly name: string;
  readonly hostName: string | undefined;
  readonly unit: Unit;
  /** `kvm`: the hypervisor's numbers, each held until the next one. `ptp`: measured, with lines between. */
  readonly protocol: string | undefined;
  readonly flags: number | undefined;
  readonly clock: string | undefined;
  /** The first event: on the common clock, and as the guest stamped it. */
  readonly start: bigint;
  readonly rawStart: bigint;
  /** Time from the first to the last event, in units. */
  readonly length: number;
  readonly events: number;
  readonly cpus: readonly CpuFacts[];
  readonly certainty: readonly CertaintyClass[];
  readonly causality: Causality | undefined;
  /** What could not be read of its file and the host's, a line each: events that are not there are not checked. */
  readonly damage: readonly string[];
  readonly verdict: Verdict;
  readonly words: string;
}
