import { StateRows } from './columns.ts';
import { VCPU_STATE } from './types.ts';

const { unknown, inGuest, inHypervisor, preempted, waking, blocked, halted } = VCPU_STATE;

/** What a vCPU's thread does on the host, event by event, in order. */
export class VcpuStates {
  readonly rows = new StateRows();
  #state: number = unknown;
  #detail = -1;
  #cpu = -1;
  /** Why the guest was left the last time. */
  #reason = -1;
  #isHalt = false;
  /** A running thread is in the guest or not: kvm_entry and kvm_exit tell, if they are recorded. */
  #knowsEntries = false;

  constructor(start: number) {
    this.rows.push(start, unknown, -1, -1);
  }

  entered(time: number, cpu: number): void {
    this.#knowsEntries = true;
    this.#set(time, inGuest, -1, cpu);
  }

  exited(time: number, cpu: number, reason: number, isHalt: boolean): void {
    this.#knowsEntries = true;
    this.#reason = reason;
    this.#isHalt = isHalt;
    this.#set(time, inHypervisor, reason, cpu);
  }

  switchedIn(time: number, cpu: number): void {
    if (this.#knowsEntries) this.#set(time, inHypervisor, this.#reason, cpu);
    else this.#set(time, unknown, -1, cpu);
  }

  switchedOut(time: number, cpu: number, next: number, canRun: boolean): void {
    if (canRun) this.#set(time, preempted, next, cpu);
    else this.#set(time, this.#isHalt ? halted : blocked, this.#reason, cpu);
  }

  /** Woken for a CPU. `running`: who runs there. */
  woken(time: number, cpu: number, running: number): void {
    const state = this.#state;
    // A thread that is woken while it still runs, on its way to sleep, goes on running.
    if (state === waking ? cpu !== this.#cpu : state === blocked || state === halted || this.#isLost)
      this.#set(time, waking, running, cpu);
  }

  /** Unknown, and not because only the switches of the thread are known. */
  get #isLost(): boolean {
    return this.#state === unknown && (this.#knowsEntries || this.#cpu < 0);
  }

  /** Events of a CPU are missing from a time on. */
  lost(time: number, cpu: number): void {
    if (this.#cpu === cpu) this.ends(time);
  }

  /** Nothing is known from a time on. */
  ends(time: number): void {
    this.#reason = -1;
    this.#isHalt = false;
    this.#set(time, unknown, -1, -1);
  }

  #set(time: number, state: number, detail: number, cpu: number): void {
    if (state === this.#state && detail === this.#detail && cpu === this.#cpu) return;
    this.#state = state;
    this.#detail = detail;
    this.#cpu = cpu;
    this.rows.push(Math.max(time, this.rows.lastStart), state, detail, cpu);
  }
}
