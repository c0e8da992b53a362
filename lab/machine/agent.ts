import { addressOf, HOST_ADDRESS } from './network.ts';

/** The program that records or serves: Tandem, or the installed trace-cmd. */
export type Program = 'tandem' | 'trace-cmd';
export const PROGRAMS: readonly Program[] = ['tandem', 'trace-cmd'];

/**
 * How a recorder reaches an agent. pipes: vsock, but data goes through virtio-serial ports. hybrid: a Unix socket that
 * leads to the guest's vsock.
 */
export type Transport = 'vsock' | 'tcp' | 'pipes' | 'hybrid';

/** What a guest runs to be recorded. */
export interface AgentPlan {
  readonly program: Program;
  readonly transport: Transport;
}

export function agentCommand({ program, transport }: AgentPlan): string {
  return transport === 'tcp' ? `${program} agent -N ${HOST_ADDRESS}` : `${program} agent`;
}

/** What `-A` names a guest by. */
export function agentAddress(transport: Transport, guest: number): string {
  if (transport === 'tcp') return `${addressOf(guest)}:${AGENT_PORT}`;
  return transport === 'hybrid' ? `unix:${hybridSocket(guest)}:${AGENT_PORT}` : String(vsockCid(guest));
}

/** On the host of a nested lab. */
export const hybridSocket = (guest: number): string => `/run/guest${guest}.sock`;

/** Ids up to 2 are taken: 2 is the host. */
export const vsockCid = (guest: number): number => 2 + guest;
export const AGENT_PORT = 823;

/** In the guest. */
export const AGENT_LOG = '/run/agent.log';

/** The agent and what it started, as an argument of kill; not after --, which busybox takes for a process. */
const AGENT_GROUP = '"-$(cat /run/agent.pid)"';

/** In shell: ends the agent without a chance to put anything back. */
export const KILL_AGENT = `kill -KILL ${AGENT_GROUP}`;

/** In shell: waits until one that was killed is gone, and its port free. A slow machine takes its time for that. */
const AGENT_GONE = `for i in $(seq 50); do kill -0 ${AGENT_GROUP} 2>/dev/null || break; sleep 0.1; done`;

/** A test in shell: whether an agent runs that was started so. */
export const isRunning = (command: string): string =>
  `[ "$(cat /run/agent.command)" = '${command}' ] && kill -0 ${AGENT_GROUP}`;

/**
 * Commands that start an agent, after ending the one before: a session that failed half-way may block it for ever.
 * What a recorder left in the kernel's buffer would turn up in the next recording.
 */
export function agentScript(command: string): string {
  return `echo >/sys/kernel/tracing/trace
[ -e /run/agent.pid ] && ${KILL_AGENT} 2>/dev/null && ${AGENT_GONE}
: >${AGENT_LOG}
echo '${command}' >/run/agent.command
setsid sh -c 'echo $$ >/run/agent.pid; exec ${command}' >${AGENT_LOG} 2>&1 </dev/null &
`;
}

/** A test in shell. trace-cmd says so only when its output's buffer is full: but then it waits in accept(2). */
export const IS_LISTENING = `{ grep -qi listening ${AGENT_LOG} || grep -qE '^(43|288) ' "/proc/$(cat /run/agent.pid)/syscall"; }`;
