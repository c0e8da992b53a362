import type { Rule } from '../types.ts';
import { DistanceCounts } from './distance-counts.ts';

/** Told of each violation. Times are relative, as those of the judges. */
export type Told = (tally: Tally, time: number, distance: number) => void;

/** What became of the events of one vCPU (-1: of no certain one) that a rule is about. */
export class Tally {
  readonly rule: Rule;
  readonly cpu: number;
  kept = 0;
  unjudged = 0;
  readonly violated = new DistanceCounts();
  readonly #told: Told;

  constructor(rule: Rule, cpu: number, told: Told) {
    this.rule = rule;
    this.cpu = cpu;
    this.#told = told;
  }

  violate(time: number, distance: number): void {
    this.violated.add(distance);
    this.#told(this, time, distance);
  }
}

/** Events between two events of the host that wait for the second: more than this are not judged. */
const MOST_WAITING = 1 << 16;

/**
 * Judges the events of one vCPU as a timeline goes on: they must lie between a kvm_entry and the next kvm_exit. Times
 * are corrected ones, relative to any base.
 */
export class RunJudge {
  readonly #tally: Tally;
  #isRunning: boolean | undefined;
  #exitTime = 0;
  /** Since the last kvm_entry or kvm_exit: judged by the next one. */
  readonly #waiting = new Float64Array(MOST_WAITING);
  #count = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  saw(time: number): void {
    if (this.#count < MOST_WAITING) this.#waiting[this.#count++] = time;
    else if (this.#isRunning) this.#tally.kept++;
    else this.#tally.unjudged++;
  }

  entered(time: number): void {
    if (this.#isRunning === undefined) this.#tally.unjudged += this.#count;
    else if (this.#isRunning) this.#tally.kept += this.#count;
    else for (let i = 0; i < this.#count; i++) this.#judge(this.#waiting[i] as number, time);
    this.#goOn(true);
  }

  exited(time: number): void {
    if (this.#isRunning) this.#tally.kept += this.#count;
    else this.#tally.unjudged += this.#count;
    this.#exitTime = time;
    this.#goOn(false);
  }

  /** Nothing is known until the host's next event. Also the end. */
  lost(): void {
    this.#tally.unjudged += this.#count;
    this.#goOn(undefined);
  }

  #judge(time: number, entry: number): void {
    const distance = Math.min(time - this.#exitTime, entry - time);
    // At the same time the order of files decides nothing.
    if (distance <= 0) this.#tally.kept++;
    else this.#tally.violate(time, distance);
  }

  #goOn(isRunning: boolean | undefined): void {
    this.#isRunning = isRunning;
    this.#count = 0;
  }
}

/** Units. A halt farther from all idle times is one of a guest that did not record its switches then. */
const MOST_HALT_DISTANCE = 500_000;

/** A vCPU halts only after its guest has switched to its idle task. */
export class HaltJudge {
  readonly #tally: Tally;
  #isIdle: boolean | undefined;
  #switchTime = 0;
  /** The guest recorded something since the last halt: without, a halt says nothing new. */
  #isFresh = false;
  /** A halt outside of the guest's idle times. */
  #wrong: number | undefined;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** The guest recorded an event. */
  saw(): void {
    this.#isFresh = true;
  }

  /** The guest switched to a task. */
  switched(time: number, toIdle: boolean): void {
    const wrong = this.#wrong;
    if (wrong !== undefined) {
      // It came too early for the idle time behind it, or too late for the one before it.
      const distance = Math.min(time - wrong, wrong - this.#switchTime);
      if (toIdle && distance <= MOST_HALT_DISTANCE) this.#tally.violate(wrong, distance);
      else this.#tally.unjudged++;
    }
    this.#wrong = undefined;
    this.#isIdle = toIdle;
    this.#switchTime = time;
  }

  halted(time: number): void {
    if (!this.#isFresh || this.#isIdle === undefined || this.#wrong !== undefined) this.#tally.unjudged++;
    else if (this.#isIdle) this.#tally.kept++;
    else this.#wrong = time;
    this.#isFresh = false;
  }

  lost(): void {
    if (this.#wrong !== undefined) this.#tally.unjudged++;
    this.#wrong = undefined;
    this.#isIdle = undefined;
  }
}

const VECTORS = 256;
/** Units. An interrupt farther from the next injection was delivered without one, or its injection was taken for another. */
const MOST_INTERRUPT_DISTANCE = 500_000;

/** Injections that are remembered as repeated. */
const MOST_REPEATED = 8;

/** An interrupt is handled by the guest after the host injected it. One vCPU; by vector. */
export class InterruptJudge {
  readonly #tally: Tally;
  readonly #pending = new Uint8Array(VECTORS);
  /**
   * Injected while an injection was pending: the same one again, after an exit amid its delivery, or, with a guest's
   * clock that is late, the next one. So many may be handled without having been seen to be injected.
   */
  readonly #repeated = new Uint8Array(VECTORS);
  /** When it was handled without having been injected; NaN: it was not. */
  readonly #early = new Float64Array(VECTORS).fill(Number.NaN);
  /** Whether injections of a vector are seen at all: hardware can deliver without telling. */
  readonly #isSeen = new Uint8Array(VECTORS);

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  injected(time: number, vector: number): void {
    const at = vector & (VECTORS - 1);
    this.#isSeen[at] = 1;
    const early = this.#early[at] as number;
    if (Number.isNaN(early)) {
      if ((this.#pending[at] as number) > 0)
        this.#repeated[at] = Math.min((this.#repeated[at] as number) + 1, MOST_REPEATED);
      this.#pending[at] = 1;
    } else {
      if (time <= early) this.#tally.kept++;
      else if (time - early <= MOST_INTERRUPT_DISTANCE) this.#tally.violate(early, time - early);
      else this.#tally.unjudged++;
      this.#early[at] = Number.NaN;
    }
  }

  /** The host's APIC took it; it may be one of several that become one injection. For hosts that record no injections. */
  accepted(time: number, vector: number): void {
    const at = vector & (VECTORS - 1);
    const before = this.#pending[at] as number;
    this.injected(time, vector);
    if (before > 0) this.#pending[at] = Math.min(before + 1, 255);
  }

  handled(time: number, vector: number): void {
    const at = vector & (VECTORS - 1);
    if ((this.#pending[at] as number) > 0) {
      this.#pending[at]!--;
      this.#tally.kept++;
      return;
    }
    if ((this.#repeated[at] as number) > 0) {
      this.#repeated[at]!--;
      this.#tally.unjudged++;
      return;
    }
    if (!Number.isNaN(this.#early[at] as number) || this.#isSeen[at] === 0) this.#tally.unjudged++;
    if (this.#isSeen[at] === 1) this.#early[at] = time;
  }

  lost(): void {
    this.#pending.fill(0);
    this.#repeated.fill(0);
    for (let at = 0; at < VECTORS; at++) if (!Number.isNaN(this.#early[at] as number)) this.#tally.unjudged++;
    this.#early.fill(Number.NaN);
    this.#isSeen.fill(0);
  }
}
