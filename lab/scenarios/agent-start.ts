import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordWell } from '../attempts.ts';
import { agentCommand, agentScript, IS_LISTENING } from '../machine/agent.ts';
import { type Machine, mustExec } from '../machine/machine.ts';
import { type Context, type Scenario, TANDEM } from '../scenario.ts';

const GUEST = 1;
/** The host has one CPU: a second vCPU would take it from the first. */
const HARDWARE = { vcpus: 1 };
const TRANSPORT = 'vsock';
const MOST_SECONDS = 20;
const MOST_MEGABYTES = 120;
/** Time that the machine has for something else counts, too: the best is what the agent needs. */
const BOOTS = 3;

/** What the agent costs a guest: time until it can be reached, and memory. */
export const agentStart: Scenario = {
  name: 'agent-start',
  about: 'the agent of a guest that boots: ready within 20 s of the first program, with less than 120 MB',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 600,
  async run(context) {
    let best = Number.POSITIVE_INFINITY;
    for (let boot = 0; boot < BOOTS && best >= MOST_SECONDS; boot++)
      best = Math.min(best, await secondsToAgent(context));
    context.check(best < MOST_SECONDS, `the agent is ready within ${MOST_SECONDS} s`);
    await recordWell(context, 'session', {
      options: ['-C', 'x86-tsc', '-e', 'sched_switch'],
      guests: [{ number: GUEST, transport: TRANSPORT, options: ['-e', 'sched_switch'], hardware: HARDWARE }],
      command: 'sleep 1',
    });
    const [peak, resident] = await megabytes(await context.lab.guest(GUEST, HARDWARE));
    context.figure('memory of the agent, MB: most, and after a session', [peak, resident]);
    context.check(peak < MOST_MEGABYTES, `the agent never has ${MOST_MEGABYTES} MB`);
  },
};

/** Boots the guest; gives how long after its first program the agent could be reached. */
async function secondsToAgent(context: Context): Promise<number> {
  const { lab, pair } = context;
  await lab.remove(`guest${GUEST}`);
  const guest = await lab.guest(GUEST, HARDWARE);
  const script = `read -r begun _ </proc/uptime
${agentScript(agentCommand({ program: pair.agent, transport: TRANSPORT }))}
until ${IS_LISTENING}; do sleep 0.1; done
read -r ready _ </proc/uptime
echo "$begun $ready"`;
  const [begun, ready] = (await mustExec(guest, script)).split(' ').map(Number) as [number, number];
  const firstProgram = Number(readFileSync(join(guest.folder, 'init-uptime'), 'utf8'));
  context.figure('uptime of the guest at its first program, s', firstProgram);
  context.figure('from there until the agent is ready, s', ready - firstProgram);
  context.figure('of that the agent, s', ready - begun);
  return ready - firstProgram;
}

/** Of the running agent's process: the most it ever had, and what it has. */
async function megabytes(guest: Machine): Promise<[number, number]> {
  const status = await mustExec(guest, `cat "/proc/$(cat /run/agent.pid)/status"`);
  const [peak, resident] = ['VmHWM', 'VmRSS'].map((field) => new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return [Number(peak) / 1024, Number(resident) / 1024];
}
