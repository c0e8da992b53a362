import { findField, openTimeline, pairFiles, smallReader, type TraceFile } from '../../src/index.ts';
import { eventsOf, type RecordedFiles } from './files.ts';

/** How a guest's events lie to the times when its vCPUs ran. */
export interface Causality {
  /** Between a kvm_entry and the next kvm_exit of their vCPU. */
  readonly inside: number;
  /** Where their vCPU did not run: impossible, unless times are wrong. */
  readonly outside: number;
  /** Before the host's first event of their vCPU, after its last, or where the host lost events. */
  readonly unjudged: number;
  /** How far the worst one lies outside, in units of the files' clock. */
  readonly worst: bigint;
}

/** One vCPU, as far as the timeline has come. */
class VcpuJudge {
  inside = 0;
  outside = 0;
  unjudged = 0;
  worst = 0n;
  #isRunning: boolean | undefined;
  #exitTime = 0n;
  /** Since the last kvm_entry or kvm_exit: judged by the next one. */
  #waiting: bigint[] = [];

  entered(time: bigint): void {
    for (const one of this.#waiting) {
      // Not running until now, or not known; at the same time the order of files decides nothing.
      if (this.#isRunning === undefined) this.unjudged++;
      else if (this.#isRunning || one === this.#exitTime || one === time) this.inside++;
      else this.#violated(one, time);
    }
    this.#goOn(true);
  }

  exited(time: bigint): void {
    if (this.#isRunning) this.inside += this.#waiting.length;
    else this.unjudged += this.#waiting.length;
    this.#exitTime = time;
    this.#goOn(false);
  }

  saw(time: bigint): void {
    this.#waiting.push(time);
  }

  /** Nothing is known until the host's next event. */
  lost(): void {
    this.unjudged += this.#waiting.length;
    this.#goOn(undefined);
  }

  #violated(time: bigint, entry: bigint): void {
    this.outside++;
    const [after, before] = [time - this.#exitTime, entry - time];
    const distance = after < before ? after : before;
    if (distance > this.worst) this.worst = distance;
  }

  #goOn(isRunning: boolean | undefined): void {
    this.#isRunning = isRunning;
    this.#waiting = [];
  }
}

/**
 * Judges every event of every guest's top buffer. The host's file must hold kvm:kvm_entry and kvm:kvm_exit, and the
 * threads of the vCPUs.
 */
export async function judgeCausality({ host, guests }: RecordedFiles): Promise<Causality[]> {
  const files = [host, ...guests];
  const { guestCpusOf } = pairFiles(files);
  const judges = guests.map((guest) => Array.from({ length: guest.cpuCount }, () => new VcpuJudge()));
  const judgeOf = new Map([...guestCpusOf[0]!].map(([pid, { file, cpu }]) => [pid, judges[file - 1]?.[cpu]]));
  const { entryId, exitId, pidOf } = kvmEvents(host);
  const timeline = openTimeline(files);
  await timeline.fill();
  while (!timeline.ended) {
    for (let entry = timeline.next(); entry; entry = timeline.next()) {
      const { record, input, hi, lo } = entry;
      if (input.buffer.name !== '') continue;
      const time = (BigInt(hi) << 32n) | BigInt(lo);
      if (input.file !== host) judges[guests.indexOf(input.file)]?.[record.cpu]?.saw(time);
      else {
        if (record.missed !== 0) for (const judge of judgeOf.values()) judge?.lost();
        const id = record.view.getUint16(record.start, true);
        if (id === entryId) judgeOf.get(pidOf(record))?.entered(time);
        else if (id === exitId) judgeOf.get(pidOf(record))?.exited(time);
      }
    }
    await timeline.fill();
  }
  return judges.map((vcpus) => total(vcpus));
}

function kvmEvents(host: TraceFile) {
  const events = eventsOf(host);
  const [entry, exit] = ['kvm_entry', 'kvm_exit'].map((name) => events.find('kvm', name));
  if (!entry || !exit) throw new Error('the host recorded no kvm_entry and kvm_exit');
  return { entryId: entry.id, exitId: exit.id, pidOf: smallReader(findField(entry, 'common_pid')!, true) };
}

function total(vcpus: readonly VcpuJudge[]): Causality {
  for (const judge of vcpus) judge.lost();
  const sum = (of: 'inside' | 'outside' | 'unjudged'): number => vcpus.reduce((all, judge) => all + judge[of], 0);
  return {
    inside: sum('inside'),
    outside: sum('outside'),
    unjudged: sum('unjudged'),
    worst: vcpus.reduce((worst, judge) => (judge.worst > worst ? judge.worst : worst), 0n),
  };
}
