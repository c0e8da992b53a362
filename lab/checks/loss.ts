import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../machine/lab.ts';
import type { Machine } from '../machine/machine.ts';
import { ARRIVED, type LiveRecording, type RecordingPlan, startRecording } from '../record.ts';
import type { Context } from '../scenario.ts';
import { waitFor } from '../waiting.ts';
import { startWork } from '../work.ts';
import { eventCount } from './event-count.ts';
import { withFiles } from './files.ts';
import { tracingState } from './kernel-state.ts';

export const GUEST = 1;
export const GUEST_NAME = `guest${GUEST}`;
const RECORDED_MS = 2000;
const ARRIVING_SECONDS = 60;
/** Until a recording is over that is told to end: a guest may be migrated meanwhile. */
const MOST_SECONDS = 400;
const LOOK_MS = 500;
/** Until somebody is told that the other end is gone. */
const TOLD_SECONDS = 20;

/** Of what goes on until it is told to end. */
type OpenPlan = Omit<RecordingPlan, 'command'>;

/** A recording of a guest over vsock, its clock known by KVM. */
export const KVM_PLAN: OpenPlan = {
  recorder: 'tandem',
  options: ['-C', 'x86-tsc', '--tsync-interval', '500', '-e', 'kvm_entry', '-e', 'kvm_exit'],
  guests: [{ number: GUEST, transport: 'vsock', options: ['-e', 'sched_switch'] }],
};

export interface Begun {
  readonly guest: Machine;
  /** What guest's and host's kernel were like before. */
  readonly before: { readonly guest: string; readonly host: string };
  readonly recording: LiveRecording;
  /** Ends what is recorded, and with it the recording. */
  end(): void;
}

/** A guest at work with its agent, and a recording that has gone on for a while, so that the host has some of it. */
export async function begin(context: Context, name: string, plan: OpenPlan): Promise<Begun> {
  const { lab, pair, folder } = context;
  const { transport } = plan.guests[0]!;
  const guest = await lab.guest(GUEST, { agent: { program: pair.agent, transport } });
  await startWork(guest);
  const before = { guest: await tracingState(guest), host: await tracingState(lab.host) };
  const { command, end } = endingCommand(lab);
  const recording = await startRecording(lab, { ...plan, command, seconds: MOST_SECONDS }, join(folder, name));
  await sleep(RECORDED_MS);
  await waitFor('something of the guest', ARRIVING_SECONDS, async () => {
    const { status } = await lab.host.exec(ARRIVED);
    if (status === 0) return true;
    // Looking takes time from what is looked for.
    await sleep(LOOK_MS);
    return undefined;
  }).catch((error: unknown) => {
    context.keep(`${name}/output.txt`, recording.output());
    throw error;
  });
  return { guest, before, recording, end };
}

/** A command for the host that runs until it is told to end. */
function endingCommand(lab: Lab): { readonly command: string; end(): void } {
  const [script, sign] = ['until-told', 'told'];
  writeFileSync(join(lab.host.folder, script), `until [ -e ${lab.host.home}/${sign} ]; do sleep 0.1; done\n`);
  rmSync(join(lab.host.folder, sign), { force: true });
  return {
    command: `sh ${lab.host.home}/${script}`,
    end: () => writeFileSync(join(lab.host.folder, sign), ''),
  };
}

/** The recorder tells of a lost guest in time, goes on to its end, and leaves whole files, which this gives. */
export async function checkLoss(
  context: Context,
  name: string,
  { recording, end }: Begun,
): Promise<readonly string[] | undefined> {
  const start = performance.now();
  const told = await waitFor('a word of the loss', TOLD_SECONDS, () =>
    /^tandem: guest .*$/m.exec(recording.output())?.at(0),
  ).catch(() => undefined);
  context.figure(`${name}: after ${((performance.now() - start) / 1000).toFixed(1)} s`, told ?? 'nothing was said');
  context.check(told !== undefined, `${name}: the recorder tells within ${TOLD_SECONDS} s`);
  end();
  const { status, output, files } = await recording.ended;
  context.keep(`${name}/output.txt`, output);
  context.check(status !== 0, `${name}: the exit status tells, too`);
  context.check(files.length === 2, `${name}: both files are there: ${output}`);
  if (files.length !== 2) return undefined;
  await withFiles(files, async ({ host, guests }) => {
    const counts = [await eventCount(host), await eventCount(guests[0]!)];
    context.figure(`${name}: events of host and guest`, counts);
    context.check(Math.min(...counts) > 0, `${name}: what came before is kept`);
    const threads = host.guests[0]?.vcpus.map(({ pid }) => pid) ?? [];
    const areNamed = threads.length > 0 && threads.every((thread) => thread > 0);
    context.check(areNamed, `${name}: the host's file names the threads of vCPUs, not ${JSON.stringify(threads)}`);
  });
  return files;
}
