import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import type { CaseFailure, FromWorker, Tally, WorkerTask } from './protocol.ts';

const WORKER = resolve('.tmp/test/test/support/mutation/worker.js');
/** A case takes some milliseconds; this long without a sign of life is a hang, on a busy machine too. */
const DEADLINE_MS = 20_000;

/** Runs cases in a process of their own. A case that hangs or crashes is a failure; the rest goes on after it. */
export async function runMutations(task: WorkerTask): Promise<{ failures: CaseFailure[]; tally: Tally }> {
  const failures: CaseFailure[] = [];
  let tally: Tally = { read: 0, refused: 0 };
  let from = task.from;
  while (from < task.to && failures.length < 5) {
    const { current, reported, ending } = await runWorker({ ...task, from });
    if (reported !== undefined) {
      failures.push(...reported.failures);
      tally = reported.tally;
      break;
    }
    failures.push({ number: current, what: 'see the seed', problem: ending });
    from = current + 1;
  }
  return { failures, tally };
}

type Result = Extract<FromWorker, { failures: unknown }>;

interface Outcome {
  /** The case begun last. */
  readonly current: number;
  /** Undefined when the process did not come to its end. */
  readonly reported: Result | undefined;
  readonly ending: string;
}

function runWorker(task: WorkerTask): Promise<Outcome> {
  return new Promise((done) => {
    const worker = fork(WORKER, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: ['--max-old-space-size=600'] });
    let current = task.from;
    let reported: Result | undefined;
    let hung = false;
    let stderr = '';
    const giveUp = (): void => {
      hung = true;
      worker.kill('SIGKILL');
    };
    let timer = setTimeout(giveUp, DEADLINE_MS);
    worker.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    worker.on('message', (message: FromWorker) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, DEADLINE_MS);
      if ('begins' in message) current = message.begins;
      else reported = message;
    });
    worker.on('close', (code, signal) => {
      clearTimeout(timer);
      const how = hung ? `hung: ${DEADLINE_MS} ms without an end` : `died (${code ?? signal}): ${stderr}`;
      done({ current, reported, ending: how });
    });
    worker.send(task);
  });
}
