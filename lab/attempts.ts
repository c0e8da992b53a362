import { join } from 'node:path';
import { TandemError } from '../src/index.ts';
import { type RecordedFiles, withFiles } from './checks/files.ts';
import { type RecordingPlan, record } from './record.ts';
import type { Context } from './scenario.ts';
import { busy } from './work.ts';

/**
 * In emulated guests trace-cmd fails now and then: messages that take more than 3 s end its sessions, and its search
 * for the threads of vCPUs misses them every fourth time. It is a peer here, not what is tested. Tandem has one try.
 */
const MOST_TRIES = { tandem: 1, 'trace-cmd': 4 } as const;

export type Plan = Omit<RecordingPlan, 'recorder'>;

/** What is wrong with files that a recorder thought well of. */
export type Complaint = (files: RecordedFiles) => string | undefined;

/**
 * Records in the folder `name` of a scenario, with the guests at work, until it went
 * well. Fails the scenario and gives nothing when it never did.
 */
export async function recordWell(
  context: Context,
  name: string,
  plan: Plan,
  complaint: Complaint = () => undefined,
): Promise<readonly string[] | undefined> {
  const { recorder, agent } = context.pair;
  const tries = Math.max(MOST_TRIES[recorder], MOST_TRIES[agent]);
  for (let attempt = 1; ; attempt++) {
    const { problem, files } = await recordOnce(context, name, plan, complaint, attempt);
    if (problem === undefined) return files;
    context.figure(`${name}: attempt ${attempt}`, problem);
    if (attempt < tries) continue;
    context.check(false, `${name}: ${problem}`);
    return undefined;
  }
}

async function recordOnce(context: Context, name: string, plan: Plan, complaint: Complaint, attempt: number) {
  const { lab, pair, folder } = context;
  const machines = [];
  for (const { number, transport, hardware } of plan.guests) {
    machines.push(await lab.guest(number, { ...hardware, agent: { program: pair.agent, transport } }));
  }
  const start = performance.now();
  const recording = (): ReturnType<typeof record> =>
    record(lab, { ...plan, recorder: pair.recorder }, join(folder, name));
  const { status, files, output } = await busy(machines, recording);
  context.figure(`${name}: seconds`, (performance.now() - start) / 1000);
  context.keep(`${name}/output-${attempt}.txt`, output);
  const expected = 1 + plan.guests.length;
  if (status !== 0) return { files, problem: `exit status ${status}` };
  if (files.length !== expected) return { files, problem: `${files.length} files, not ${expected}` };
  return { files, problem: await withFiles(files, async (opened) => complaint(opened)).catch(damage) };
}

/** Files that can't be read are a problem of the recording. */
function damage(error: unknown): string {
  if (error instanceof TandemError) return error.message;
  throw error;
}
