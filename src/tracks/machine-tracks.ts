import type { ReportFile } from '../text/report/report-file.ts';
import { CpuCalls, type SuspendedCalls } from './cpu-calls.ts';
import { CpuInterrupts, CpuTasks } from './cpu-tracks.ts';
import type { Names } from './names.ts';
import { TaskTable } from './task-table.ts';
import { VcpuStates } from './vcpu-states.ts';
import { Wakeups } from './wakeups.ts';

const NOBODY = {};

/** A CPU of a machine. */
export class CpuTracks {
  readonly cpu: number;
  readonly tasks = new CpuTasks();
  readonly interrupts: CpuInterrupts;
  readonly calls: CpuCalls;
  /** By slot of an event type: the lane that it is taken from. */
  readonly #owners: object[] = [];

  constructor(cpu: number, names: Names, suspended: SuspendedCalls) {
    this.cpu = cpu;
    this.interrupts = new CpuInterrupts(names.interrupts);
    this.calls = new CpuCalls(suspended);
  }

  /**
   * Whether events of a type count that come from a lane. Several buffers may have recorded the same thing: then only
   * the first one counts that has an event of the type.
   */
  belongs(slot: number, lane: object): boolean {
    const owners = this.#owners;
    while (owners.length <= slot) owners.push(NOBODY);
    if (owners[slot] === NOBODY) owners[slot] = lane;
    return owners[slot] === lane;
  }

  finish(time: number): void {
    this.interrupts.stopped(time);
    this.calls.stopped(time);
  }
}

/** A machine, while its events come in. */
export class MachineTracks {
  readonly file: ReportFile;
  readonly names: Names;
  readonly tasks: TaskTable;
  readonly wakeups: Wakeups;
  /** By slot of the task table: threads that run vCPUs. */
  readonly vcpus: (VcpuStates | undefined)[] = [];
  /** By event id: 1 where there was one. */
  readonly seen = new Uint8Array(0x1_0000);
  /** Time of the latest event. */
  last = Number.NEGATIVE_INFINITY;
  readonly #cpus = new Map<number, CpuTracks>();
  readonly #suspended: SuspendedCalls = new Map();

  constructor(file: ReportFile, names: Names) {
    this.file = file;
    this.names = names;
    this.tasks = new TaskTable(file.env.comms);
    this.wakeups = new Wakeups(this.tasks);
  }

  cpu(cpu: number): CpuTracks {
    let tracks = this.#cpus.get(cpu);
    if (tracks === undefined) {
      tracks = new CpuTracks(cpu, this.names, this.#suspended);
      this.#cpus.set(cpu, tracks);
    }
    return tracks;
  }

  /** Who runs on a CPU. */
  running(cpu: number): number {
    return this.cpu(cpu).tasks.pid;
  }

  /** A thread that runs a vCPU, to be followed from a time on. */
  addVcpu(pid: number, start: number): VcpuStates {
    const states = new VcpuStates(start);
    const slot = this.tasks.slotOf(pid);
    while (this.vcpus.length < slot) this.vcpus.push(undefined);
    this.vcpus[slot] = states;
    return states;
  }

  /** Whether there was such an event. */
  hasSeen(system: string, name: string): boolean {
    const event = this.file.events.find(system, name);
    return event !== undefined && this.seen[event.id] === 1;
  }

  /** Events of a CPU are missing from a time on. */
  lost(time: number, cpu: CpuTracks): void {
    cpu.tasks.lost(time);
    cpu.interrupts.stopped(time);
    cpu.calls.lost(time);
    this.wakeups.lost();
    for (const vcpu of this.vcpus) vcpu?.lost(time, cpu.cpu);
  }

  /** There are no more events. Of the time after the last one nothing is known: others go on `until` then. */
  finish(until: number): void {
    for (const cpu of this.#cpus.values()) {
      cpu.finish(this.last);
      if (this.last < until) cpu.tasks.lost(this.last);
    }
    if (this.last < until) for (const vcpu of this.vcpus) vcpu?.ends(this.last);
  }
}
