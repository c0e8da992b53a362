import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { AgentProcess } from './support/agent-process.ts';
import { missing } from './support/capabilities.ts';
import { tandem } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * A recorder and an agent, both ours, one of which dies or hangs in the middle of a recording: the other one says so,
 * keeps what there is, and puts its kernel back.
 */
const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
const COMMAND = resolve('dist/cli/main.js');
const INSTANCE = 'tandem-die';

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

interface Recorder {
  readonly child: ChildProcess;
  /** Its exit status, what it wrote to stderr, and how long it took from now on. */
  end(): Promise<{ status: number | null; stderr: string; seconds: number }>;
}

/** Resolves when it records, into which `buffer` on the host. Without a command it goes on until SIGINT. */
async function startRecorder(agent: AgentProcess, output: string, buffer: readonly string[] = []): Promise<Recorder> {
  const guest = ['-A', `guest@127.0.0.1:${agent.port}`, '-C', 'tai', '-e', 'sched_switch', '-s', '10000'];
  const args = [COMMAND, 'record', '-o', output, ...buffer, '-C', 'mono', '-e', 'sched_switch', ...guest];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  while (!stdout.includes('to stop recording') && child.exitCode === null) await sleep(10);
  await sleep(300);
  const end = async () => {
    const start = performance.now();
    await exit;
    return { status: child.exitCode, stderr, seconds: (performance.now() - start) / 1000 };
  };
  return { child, end };
}

/** Runs with an agent. What is switched on afterwards is what was before. */
async function withAgent(work: (agent: AgentProcess, before: readonly string[]) => Promise<void>): Promise<void> {
  await withTracefs(async () => {
    const before = tracefsState();
    const agent = await AgentProcess.start('--instance', INSTANCE);
    try {
      await work(agent, before);
    } finally {
      await agent.end('SIGKILL');
    }
    await tandem(['reset']);
    expect(tracefsState()).toEqual(before);
    expect(journals()).toEqual([]);
  });
}

/** Times of events in a file, in seconds, and that nothing is wrong with it. */
async function times(file: string): Promise<number[]> {
  const { status, stdout, stderr } = await tandem(['report', '--alone', '-i', file], { cwd: folder });
  expect([status, stderr]).toEqual([0, '']);
  return Array.from(stdout.toString().matchAll(/ (\d+\.\d+): sched_switch:/g), ([, time]) => Number(time));
}

const events = async (file: string): Promise<number> => (await times(file)).length;

describe.skipIf(unable !== undefined)('in the middle of a recording', () => {
  test('the agent is killed', async () => {
    await withAgent(async (agent) => {
      const { child, end } = await startRecorder(agent, 'host.dat');
      await agent.end('SIGKILL');
      await sleep(300);
      child.kill('SIGINT');
      const { status, stderr, seconds } = await end();
      expect(stderr).toMatch(/^tandem: guest guest \(agent at 127\.0\.0\.1:\d+\): [^\n]+\n$/);
      expect(status).toBe(2);
      expect(seconds).toBeLessThan(10);
    });
    const lastOfGuest = (await times('host-guest.dat')).at(-1) ?? Number.NaN;
    expect((await times('host.dat')).at(-1)).toBeGreaterThan(lastOfGuest + 0.1);
    expect(readdirSync(folder).sort()).toEqual(['host-guest.dat', 'host.dat']);
  });

  test('the recorder is killed', async () => {
    await withAgent(async (agent) => {
      const { child, end } = await startRecorder(agent, 'killed.dat');
      child.kill('SIGKILL');
      await end();
      await agent.says(/recorder at 127\.0\.0\.1:\d+: /);
      for (let i = 0; i < 100 && existsSync(`/sys/kernel/tracing/instances/${INSTANCE}`); i++) await sleep(50);
      expect(existsSync(`/sys/kernel/tracing/instances/${INSTANCE}`)).toBe(false);
      // The next one is served.
      const next = await startRecorder(agent, 'next.dat');
      next.child.kill('SIGINT');
      expect((await next.end()).status).toBe(0);
    });
    expect(await events('next-guest.dat')).toBeGreaterThan(0);
  });

  test('the agent hangs', async () => {
    await withAgent(async (agent) => {
      const { child, end } = await startRecorder(agent, 'host.dat');
      agent.child.kill('SIGSTOP');
      child.kill('SIGINT');
      const { status, stderr, seconds } = await end();
      expect(stderr).toMatch(/guest guest .*: CPU 0 of the guest was not measured: .* said nothing for 5000 ms/);
      expect(stderr).toMatch(/guest guest \(agent at .*\): .*within \d+ s/);
      expect(status).toBe(2);
      expect(seconds).toBeLessThan(30);
      agent.child.kill('SIGCONT');
    });
    expect(await events('host.dat')).toBeGreaterThan(0);
    expect(await events('host-guest.dat')).toBeGreaterThan(0);
  });

  test('the agent hangs for a while', async () => {
    await withAgent(async (agent) => {
      const { child, end } = await startRecorder(agent, 'host.dat');
      agent.child.kill('SIGSTOP');
      child.kill('SIGINT');
      await sleep(2000);
      agent.child.kill('SIGCONT');
      const { status, stderr } = await end();
      expect([status, stderr]).toEqual([0, '']);
    });
    expect(await events('host-guest.dat')).toBeGreaterThan(0);
  });

  test('another recorder comes', async () => {
    await withAgent(async (agent) => {
      const first = await startRecorder(agent, 'first.dat');
      const second = await startRecorder(agent, 'second.dat', ['-B', 'tandem-die-second']);
      const { status, stderr } = await second.end();
      expect(stderr).toMatch(
        /^tandem: guest guest \(agent at .*\): refused the request: the agent is busy with [^\n]+\n$/,
      );
      expect(status).toBe(2);
      first.child.kill('SIGINT');
      const end = await first.end();
      expect([end.status, end.stderr]).toEqual([0, '']);
    });
    expect(await events('first.dat')).toBeGreaterThan(0);
    expect(await events('first-guest.dat')).toBeGreaterThan(0);
    expect(readdirSync(folder).sort()).toEqual(['first-guest.dat', 'first.dat']);
  });
});
