import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import { hiding } from './stock-recorder.ts';

/*
 * Loopback guests: agents on this kernel that record into an instance of their own, so that a recorder of the top buffer
 * and its guest see the same events. The lock on tracefs must be held.
 */

/** Who plays a part: Tandem, or a trace-cmd by the path of its program. */
export type Player = 'tandem' | (string & {});

export interface LoopbackGuest {
  readonly port: number;
  stop(): Promise<void>;
}

const TRACING = '/sys/kernel/tracing';
const LISTENING = '0A';
const PATIENCE_MS = 10_000;
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** Starts an agent for the instance, which is made, and removed by `stop`. */
export async function startGuest(player: Player, instance: string, scratch: string): Promise<LoopbackGuest> {
  if (player !== 'tandem') return startStockGuest(player, instance, scratch);
  const agent = await AgentProcess.start('--instance', instance);
  return { port: agent.port, stop: async () => void (await agent.end()) };
}

/** The command line that `record` is added to. */
export function recorder(player: Player, scratch: string): string[] {
  if (player === 'tandem') return [process.execPath, resolve('dist/cli/main.js')];
  return [...privately(), ...hiding([TRACING], scratch), player];
}

/** trace-cmd knows no instances in agents: for that process alone the instance's files lie over those of the top buffer. */
async function startStockGuest(program: string, instance: string, scratch: string): Promise<LoopbackGuest> {
  const folder = join(TRACING, 'instances', instance);
  mkdirSync(folder);
  const words = [
    ...[...privately(), ...hiding([TRACING], scratch), ...laidOver(folder)],
    ...[program, 'agent', '-N', '127.0.0.1', '-p'],
  ];
  const [command, ...args] = words as [string, ...string[]];
  const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
  const child = spawn(command, [...args, String(port)], { stdio: 'ignore', detached: true });
  const exit = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL');
    await exit;
    await removed(folder);
  };
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(20)) {
    if (isListening(port)) return { port, stop };
    if (child.exitCode !== null) break;
  }
  await stop();
  throw new Error(`${program} agent does not listen`);
}

const privately = (): string[] => ['unshare', '-m', '--propagation', 'private'];

function laidOver(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => !name.startsWith('set_ftrace_'));
  const mounts = names.map((name) => `mount --bind '${join(folder, name)}' '${join(TRACING, name)}' && `);
  return ['sh', '-c', `${mounts.join('')}exec "$@"`, 'sh'];
}

/** Whether somebody listens on a TCP port, without connecting to it. */
function isListening(port: number): boolean {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([, local, , state]) => local?.endsWith(end) && state === LISTENING),
  );
}

/** Processes that are ending may still have its files open. */
async function removed(folder: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; existsSync(folder); await sleep(20)) {
    try {
      rmdirSync(folder);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
