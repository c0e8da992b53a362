/*
 * A process of its own that damages one file again and again and reads what came out: a hang or a crash of it is
 * seen from outside. Says which case it begins; in the end, what went wrong.
 */
import { readFileSync } from 'node:fs';
import { peakMegabytes, takeLargest } from './guard.ts';
import type { CaseFailure, FromWorker, WorkerTask } from './protocol.ts';

const LARGEST_BUFFER = 300e6;
const HIGHEST_PEAK_MEGABYTES = 700;

const { TandemError } = await import('../../../src/base/errors.ts');
const { mutate } = await import('./mutate.ts');
const { Random } = await import('./random.ts');
const { KINDS, readEverything } = await import('./read-everything.ts');

const send = (message: FromWorker): void => void process.send?.(message);

const tally = { read: 0, refused: 0 };

async function runCase(task: WorkerTask, bytes: Uint8Array, number: number): Promise<CaseFailure | undefined> {
  const { what, bytes: damaged } = mutate(
    { name: task.name, bytes, marks: task.marks },
    new Random(task.seed + number),
  );
  const fail = (problem: string): CaseFailure => ({ number, what, problem });
  try {
    await readEverything(task.name, damaged, number);
    tally.read++;
  } catch (error) {
    if (!(error instanceof TandemError)) return fail((error as Error).stack ?? String(error));
    if (/[\n\r]/.test(error.message)) return fail(`not one line: ${JSON.stringify(error.message)}`);
    tally.refused++;
    if (!error.message.includes(task.name)) return fail(`names no file: ${error.message}`);
  }
  const largest = takeLargest();
  if (largest > LARGEST_BUFFER) return fail(`asked for a buffer of ${largest} bytes`);
  if (peakMegabytes() > HIGHEST_PEAK_MEGABYTES) return fail(`the process had ${peakMegabytes()} MB`);
  return undefined;
}

async function runAll(task: WorkerTask): Promise<void> {
  const bytes = new Uint8Array(readFileSync(task.path));
  const failures: CaseFailure[] = [];
  // A sample that can't be read as it is would prove nothing.
  for (const turn of KINDS.keys()) await readEverything(task.name, bytes, turn);
  for (let number = task.from; number < task.to && failures.length < 5; number++) {
    send({ begins: number });
    const failure = await runCase(task, bytes, number);
    if (failure !== undefined) failures.push(failure);
  }
  send({ failures, tally });
  process.disconnect();
}

process.once('message', (task: WorkerTask) => runAll(task));
