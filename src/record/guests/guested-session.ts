import { TandemError } from '../../base/errors.ts';
import type { Journal } from '../../kernel/journal.ts';
import { readTscScale, type TscScale } from '../../kernel/perf-clock.ts';
import type { Tracefs } from '../../kernel/tracefs.ts';
import type { CaptureThreads } from '../capture-threads.ts';
import type { Messages } from '../messages.ts';
import { onlineCpus, randomId } from '../native.ts';
import { isUsed, type RecordPlan } from '../plan.ts';
import { RecordSession } from '../session.ts';
import type { Progress, Session } from '../session-types.ts';
import { size } from '../summary.ts';
import { TemporaryFiles } from '../temporary-files.ts';
import { findPlannedGuests } from './found-guest.ts';
import { withGuestClock } from './guest-clock.ts';
import { Guests } from './guests.ts';

/** Where a recording with guests takes place. */
export interface GuestedSetting {
  readonly tracefs: Tracefs;
  readonly journal: Journal;
  readonly messages: Messages;
  /** Resolves when the user wants no recording any more. */
  readonly stopped: Promise<unknown>;
}

interface GuestedParts extends Pick<GuestedSetting, 'journal' | 'stopped'> {
  readonly host: RecordSession | undefined;
  readonly guests: Guests;
}

/**
 * A recording of this machine together with guests, or of guests alone. Guests begin before it and end before it: what
 * happened in them is between the first and the last event of the host.
 */
export class GuestedSession implements Session {
  readonly files: TemporaryFiles;
  /** Undefined when nothing of this machine is recorded. */
  readonly #host: RecordSession | undefined;
  readonly #guests: Guests;
  readonly #journal: Journal;
  readonly #stopped: Promise<unknown>;

  /** Finds the guests and sets the kernel up, with tracing off. */
  static async prepare(asked: RecordPlan, setting: GuestedSetting): Promise<GuestedSession> {
    const { tracefs, journal, messages, stopped } = setting;
    const found = await findPlannedGuests(asked.guests);
    const { top } = tracefs;
    const plan = withGuestClock(asked, found, { current: top.clock(), available: top.clocks() });
    const isHostUsed = plan.buffers.some((buffer) => isUsed(buffer, plan));
    const host = isHostUsed ? RecordSession.prepare(plan, tracefs, journal) : undefined;
    const tsc = host?.tsc ?? tscAlone(plan);
    const guests = new Guests(found, {
      ...{ tracefs, journal, date: plan.date, sync: plan.sync, useFifos: plan.useFifos },
      traceId: host?.traceId ?? randomId(),
      hostClock: host?.clock ?? plan.buffers[0]?.clock ?? top.clock(),
      tsc: tsc === undefined ? undefined : { ...tsc, offset: 0n },
      hostOutput: plan.output,
      temporaryFolder: plan.temporaryFolder,
      tell: (line) => messages.info(line),
      warn: (line) => messages.warn(line),
    });
    return new GuestedSession(TemporaryFiles.of(plan), { host, guests, journal, stopped });
  }

  private constructor(files: TemporaryFiles, { host, guests, journal, stopped }: GuestedParts) {
    this.files = files;
    this.#host = host;
    this.#guests = guests;
    this.#journal = journal;
    this.#stopped = stopped;
  }

  async startCapture(threads: CaptureThreads): Promise<void> {
    await this.#host?.startCapture(threads);
    await Promise.race([this.#guests.start(), this.#stopped.then(refuseToStart)]);
    this.#host?.tellOf(this.#guests.infos());
  }

  limitToProcesses(command: number | undefined): void {
    this.#host?.limitToProcesses(command);
  }

  go(hasCommand: boolean): void {
    this.#host?.go(hasCommand);
  }

  async saveMetadata(): Promise<void> {
    await this.#host?.saveMetadata();
  }

  /** A guest that is lost does not end the others' recording. */
  failure(): Promise<string> {
    return this.#host?.failure() ?? new Promise(() => {});
  }

  progress(): Progress {
    return this.#host?.progress() ?? { bytesByCpu: new Map<number, number>(), events: 0, lost: 0 };
  }

  guestStates(): readonly string[] {
    return this.#guests.states();
  }

  async stop(): Promise<string[]> {
    await this.#guests.stop();
    // By now threads of guests may be known that had not run before.
    this.#host?.tellOf(this.#guests.infos());
    return this.#host?.stop() ?? this.#journal.undo();
  }

  async assemble(): Promise<string[]> {
    const lines = (await this.#host?.assemble()) ?? [];
    const files = await this.#guests.assemble();
    return [
      ...lines,
      ...files.map(
        ({ output, dataBytes, fileBytes }) => `${output}: ${size(dataBytes)} of trace data, ${size(fileBytes)} written`,
      ),
      ...this.#journal.undo(),
    ];
  }

  async abandon(): Promise<void> {
    await this.#guests.abandon();
    await this.#host?.abandon();
  }

  losses(): readonly string[] {
    return this.#host?.losses() ?? [];
  }

  get isComplete(): boolean {
    return this.#guests.areComplete;
  }
}

function refuseToStart(): never {
  throw new TandemError('IO', 'record', 'was stopped before the recording began');
}

/** The scale of the TSC that guests' files are to have when this machine has none. */
function tscAlone({ tscToNanoseconds }: RecordPlan): TscScale | undefined {
  return tscToNanoseconds ? readTscScale(onlineCpus()) : undefined;
}
