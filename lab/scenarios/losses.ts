import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventCount } from '../checks/event-count.ts';
import { withFiles } from '../checks/files.ts';
import { checkPutBack, tracingState } from '../checks/kernel-state.ts';
import { checkKvmSync } from '../checks/kvm-sync.ts';
import { AGENT_LOG } from '../machine/agent.ts';
import { type LiveRecording, type RecordingPlan, startRecording } from '../record.ts';
import { type Context, type Scenario, TANDEM } from '../scenario.ts';
import { waitFor } from '../waiting.ts';
import { startWork } from '../work.ts';

const GUEST = 1;
const NAME = `guest${GUEST}`;
const PAUSE_MS = 2500;
const RECORDED_MS = 2000;
/** Until somebody is told that the other end is gone. */
const TOLD_SECONDS = 20;

/** Whatever dies amid a recording: who is left says so, keeps what there is, and puts its kernel back. */
export const losses: Scenario = {
  name: 'losses',
  about: 'guest paused, guest killed, agent killed, recorder killed while recording over vsock',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 900,
  async run(context) {
    await pausedGuest(context);
    await killedRecorder(context);
    await killedAgent(context);
    await killedGuest(context);
  },
};

const plan = (seconds: number): RecordingPlan => ({
  recorder: 'tandem',
  options: ['-C', 'x86-tsc', '--tsync-interval', '500', '-e', 'kvm_entry', '-e', 'kvm_exit'],
  guests: [{ number: GUEST, transport: 'vsock', options: ['-e', 'sched_switch'] }],
  command: `sleep ${seconds}`,
});

/** A guest at work with its agent, what its and the host's kernel were like before, and a recording that has begun. */
async function begin(context: Context, name: string, seconds: number) {
  const { lab, pair, folder } = context;
  const guest = await lab.guest(GUEST, { agent: { program: pair.agent, transport: 'vsock' } });
  await startWork(guest);
  const before = { guest: await tracingState(guest), host: await tracingState(lab.host) };
  const recording = await startRecording(lab, plan(seconds), join(folder, name));
  await sleep(RECORDED_MS);
  return { guest, before, recording };
}

async function pausedGuest(context: Context): Promise<void> {
  const name = 'paused';
  const { lab } = context;
  const { guest, before, recording } = await begin(context, name, 5);
  await lab.monitor(NAME, 'stop');
  await sleep(PAUSE_MS);
  await lab.monitor(NAME, 'cont');
  const { status, output, files } = await recording.ended;
  context.keep(`${name}/output.txt`, output);
  context.check(status === 0, `${name}: the recording ends well, not with status ${status}: ${output}`);
  await withFiles(files, (opened) => checkKvmSync(context, name, opened, [GUEST]));
  await checkPutBack(context, name, guest, before.guest);
  await checkPutBack(context, name, lab.host, before.host);
}

async function killedRecorder(context: Context): Promise<void> {
  const name = 'recorder-killed';
  const { lab } = context;
  const { guest, before, recording } = await begin(context, name, 60);
  await lab.host.exec('kill -KILL $(pidof node); pkill -KILL sleep');
  const start = performance.now();
  const { status } = await recording.ended;
  context.check(status !== 0, `${name}: the recorder was killed`);
  await checkPutBack(context, name, guest, before.guest);
  context.figure(`${name}: seconds until the agent put its kernel back`, (performance.now() - start) / 1000);
  const { stdout } = await guest.exec(`cat ${AGENT_LOG}`);
  context.keep(`${name}/agent.log`, stdout);
  context.check(/^tandem: .*recorder at vsock 2:/m.test(stdout), `${name}: the agent tells of it: ${stdout}`);
  // The next run puts back what one left that was killed.
  const next = await lab.host.exec('cd /tmp && tandem record -o next.dat -e sched_switch true', { seconds: 60 });
  context.keep(`${name}/next.txt`, next.stdout + next.stderr);
  context.check(next.status === 0, `${name}: the host can record again: ${next.stderr}`);
  await checkPutBack(context, name, lab.host, before.host);
}

async function killedAgent(context: Context): Promise<void> {
  const name = 'agent-killed';
  const { lab, pair } = context;
  const { guest, before, recording } = await begin(context, name, 8);
  await guest.exec('kill -KILL -- "-$(cat /run/agent.pid)"');
  await checkLoss(context, name, recording);
  await lab.guest(GUEST, { agent: { program: pair.agent, transport: 'vsock' } });
  await checkPutBack(context, name, guest, before.guest);
  await checkPutBack(context, name, lab.host, before.host);
}

async function killedGuest(context: Context): Promise<void> {
  const name = 'guest-killed';
  const { lab } = context;
  const { before, recording } = await begin(context, name, 8);
  await lab.remove(NAME);
  await checkLoss(context, name, recording);
  await checkPutBack(context, name, lab.host, before.host);
}

/** The recorder tells of the loss in time, goes on to its end, and leaves whole files. */
async function checkLoss(context: Context, name: string, recording: LiveRecording): Promise<void> {
  const start = performance.now();
  const told = await waitFor('a word of the loss', TOLD_SECONDS, () =>
    /^tandem: guest .*$/m.exec(recording.output())?.at(0),
  ).catch(() => undefined);
  context.figure(`${name}: after ${((performance.now() - start) / 1000).toFixed(1)} s`, told ?? 'nothing was said');
  context.check(told !== undefined, `${name}: the recorder tells within ${TOLD_SECONDS} s`);
  const { status, output, files } = await recording.ended;
  context.keep(`${name}/output.txt`, output);
  context.check(status !== 0, `${name}: the exit status tells, too`);
  context.check(files.length === 2, `${name}: both files are there: ${output}`);
  if (files.length !== 2) return;
  await withFiles(files, async ({ host, guests }) => {
    const counts = [await eventCount(host), await eventCount(guests[0]!)];
    context.figure(`${name}: events of host and guest`, counts);
    context.check(Math.min(...counts) > 0, `${name}: what came before is kept`);
  });
}
