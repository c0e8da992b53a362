import { setTimeout as sleep } from 'node:timers/promises';
import { withFiles } from '../checks/files.ts';
import { checkPutBack } from '../checks/kernel-state.ts';
import { checkKvmSync } from '../checks/kvm-sync.ts';
import { begin, checkLoss, GUEST, GUEST_NAME, KVM_PLAN } from '../checks/loss.ts';
import { AGENT_LOG, KILL_AGENT } from '../machine/agent.ts';
import { type Context, type Scenario, TANDEM } from '../scenario.ts';
import { stopWork } from '../work.ts';

const PAUSE_MS = 2500;
const AFTERWARDS_MS = 2000;

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

async function pausedGuest(context: Context): Promise<void> {
  const name = 'paused';
  const { lab } = context;
  const { guest, before, recording, end } = await begin(context, name, KVM_PLAN);
  await lab.monitor(GUEST_NAME, 'stop');
  await sleep(PAUSE_MS);
  await lab.monitor(GUEST_NAME, 'cont');
  await sleep(AFTERWARDS_MS);
  end();
  const { status, output, files } = await recording.ended;
  await stopWork(guest);
  context.keep(`${name}/output.txt`, output);
  context.check(status === 0, `${name}: the recording ends well, not with status ${status}: ${output}`);
  await withFiles(files, (opened) => checkKvmSync(context, name, opened, [GUEST]));
  await checkPutBack(context, name, guest, before.guest);
  await checkPutBack(context, name, lab.host, before.host);
}

async function killedRecorder(context: Context): Promise<void> {
  const name = 'recorder-killed';
  const { lab } = context;
  const { guest, before, recording, end } = await begin(context, name, KVM_PLAN);
  await lab.host.exec('kill -KILL $(pidof node)');
  end();
  const start = performance.now();
  const { status } = await recording.ended;
  await stopWork(guest);
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
  const begun = await begin(context, name, KVM_PLAN);
  const { guest, before } = begun;
  await guest.exec(KILL_AGENT);
  await checkLoss(context, name, begun);
  await stopWork(guest);
  await lab.guest(GUEST, { agent: { program: pair.agent, transport: 'vsock' } });
  await checkPutBack(context, name, guest, before.guest);
  await checkPutBack(context, name, lab.host, before.host);
}

async function killedGuest(context: Context): Promise<void> {
  const name = 'guest-killed';
  const { lab } = context;
  const begun = await begin(context, name, KVM_PLAN);
  await lab.remove(GUEST_NAME);
  await checkLoss(context, name, begun);
  await checkPutBack(context, name, lab.host, begun.before.host);
}
