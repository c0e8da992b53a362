import { existsSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import { Journal } from '../kernel/journal.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { CaptureThreads } from './capture-threads.ts';
import { TracedCommand } from './command.ts';
import { Daemon, startDaemon } from './daemon.ts';
import type { GuestedSetting } from './guests/guested-session.ts';
import { LatencySession } from './latency.ts';
import { LiveLine } from './live-line.ts';
import { makeFile } from './make-file.ts';
import { Messages } from './messages.ts';
import { isLatencyTracer, type RecordPlan } from './plan.ts';
import { putBack } from './put-back.ts';
import { RecordSession } from './session.ts';
import type { Session } from './session-types.ts';
import { StopSignals } from './stop-signals.ts';

const PID_LOOK_MS = 100;
/** As for other failures of input and output. */
const EXIT_CAPTURE_FAILED = 2;

/** Records by plan until its end. Returns the exit status: that of the command, if there is one. */
export async function runRecording(plan: RecordPlan): Promise<number> {
  const daemon = plan.daemonize ? Daemon.join() : undefined;
  if (plan.daemonize && daemon === undefined) return startDaemon();
  const threads = new CaptureThreads();
  const messages = new Messages(plan);
  const tracefs = openTracefs();
  await putBackKilledRuns(messages);
  const signals = new StopSignals();
  const journal = new Journal();
  const putBackNow = (): void => void journal.undo();
  process.on('exit', putBackNow);
  const command = plan.command.length > 0 ? await TracedCommand.prepare(plan.command, plan.user) : undefined;
  let session: Session;
  let recording: Recording;
  try {
    session = await prepareSession(plan, { tracefs, journal, messages, stopped: signals.nth(1) });
    recording = new Recording({ plan, session, command, signals, messages, daemon });
    await recording.start(threads);
  } catch (error) {
    command?.abandon();
    for (const problem of journal.undo()) messages.warn(problem);
    signals.release();
    throw error;
  }
  const status = await recording.untilEnd();
  await makeFile(session, plan.output, messages);
  process.off('exit', putBackNow);
  signals.release();
  return status === 0 && !session.isComplete ? EXIT_CAPTURE_FAILED : status;
}

async function prepareSession(plan: RecordPlan, setting: GuestedSetting): Promise<Session> {
  const { tracefs, journal } = setting;
  if (plan.guests.length > 0) {
    // A third of the program, which most recordings have no use for.
    const { GuestedSession } = await import('./guests/guested-session.ts');
    return GuestedSession.prepare(plan, setting);
  }
  if (plan.buffers.some(({ tracer }) => isLatencyTracer(tracer))) return new LatencySession(plan, tracefs, journal);
  return RecordSession.prepare(plan, tracefs, journal);
}

/** So that what this run finds, and brings back at its end, is what was there before. */
export async function putBackKilledRuns(messages: Messages): Promise<void> {
  const problems = await putBack({
    kept: false,
    tell: ({ pid }) => messages.info(`Putting back what a run that was killed (pid ${pid}) left switched on`),
  });
  for (const problem of problems) messages.warn(problem);
}

interface RecordingParts {
  readonly plan: RecordPlan;
  readonly session: Session;
  readonly command: TracedCommand | undefined;
  readonly signals: StopSignals;
  readonly messages: Messages;
  readonly daemon: Daemon | undefined;
}

/** A session together with what ends it: the command, signals, the end of the traced processes, a failure. */
class Recording {
  readonly #plan: RecordPlan;
  readonly #session: Session;
  readonly #command: TracedCommand | undefined;
  readonly #signals: StopSignals;
  readonly #messages: Messages;
  readonly #daemon: Daemon | undefined;
  readonly #live: LiveLine | undefined;

  constructor({ plan, session, command, signals, messages, daemon }: RecordingParts) {
    this.#plan = plan;
    this.#session = session;
    this.#command = command;
    this.#signals = signals;
    this.#messages = messages;
    this.#daemon = daemon;
    this.#live = this.#liveLine();
  }

  async start(threads: CaptureThreads): Promise<void> {
    try {
      this.#live?.show('guests');
      await this.#session.startCapture(threads);
      this.#live?.show('nothing');
      this.#session.limitToProcesses(this.#command?.pid);
      this.#session.go(this.#command !== undefined);
    } catch (error) {
      await this.#session.abandon();
      this.#live?.stop();
      throw error;
    }
    this.#command?.release();
  }

  /** Returns the exit status. The kernel is as it was then. */
  async untilEnd(): Promise<number> {
    const ended = this.#ended();
    let problems: string[];
    let status: number;
    try {
      await this.#saveMetadata();
      this.#sayHowToStop();
      if (!this.#isTerminalShared) this.#live?.show('recording');
      status = await ended;
    } finally {
      this.#live?.show('guests');
      problems = await this.#session.stop();
      this.#live?.stop();
    }
    for (const problem of problems) this.#messages.warn(problem);
    return status;
  }

  #sayHowToStop(): void {
    if (this.#command === undefined) {
      const how = this.#daemon === undefined ? 'Hit Ctrl^C' : `Send SIGINT/SIGTERM to pid ${process.pid}`;
      this.#messages.info(`${how} to stop recording`);
    }
    this.#daemon?.began(); // who waits for that expects the line to be there
  }

  /** Without it a recording that is killed can not be restored with symbols, but it can go on. */
  async #saveMetadata(): Promise<void> {
    try {
      await this.#session.saveMetadata();
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.#messages.warn(error.message);
    }
  }

  #ended(): Promise<number> {
    const failed = this.#session.failure().then(() => EXIT_CAPTURE_FAILED);
    const command = this.#command;
    if (command === undefined) return Promise.race([failed, this.#signals.nth(1).then(() => 0), this.#processesGone()]);
    void this.#signals.nth(1).then((signal) => {
      // A terminal's Ctrl-C has reached the command already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) command.pass(signal);
    });
    return Promise.race([failed, this.#signals.nth(2).then(() => 0), command.ended]);
  }

  /** Resolves when all processes of `-P` are gone; never when some buffer traces others as well. */
  #processesGone(): Promise<number> {
    const used = this.#plan.buffers.filter(({ events, tracer }) => events.length > 0 || tracer !== undefined);
    if (used.length === 0 || used.some(({ pids }) => pids.length === 0)) return new Promise(() => {});
    const pids = used.flatMap((buffer) => buffer.pids);
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (pids.some((pid) => existsSync(`/proc/${pid}`))) return;
        clearInterval(timer);
        resolve(0);
      }, PID_LOOK_MS);
      timer.unref();
    });
  }

  /** On a terminal. */
  #liveLine(): LiveLine | undefined {
    const { stream, quiet } = this.#messages;
    if (!stream.isTTY || quiet || this.#daemon !== undefined) return undefined;
    const live = new LiveLine(this.#session, stream, this.#plan.output);
    this.#messages.beforeLine = () => live.clear();
    return live;
  }

  /** Whether the command writes to it as well. */
  get #isTerminalShared(): boolean {
    return this.#command !== undefined && process.stdout.isTTY;
  }
}
