import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { run } from './support/run.ts';
import { dataPorts, guestTrace, ScriptedAgent } from './support/scripted-agent.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { tracefsState, withTracefs } from './support/tracefs-state.ts';

/* What a recording says on a terminal while it goes on. */

const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
const COMMAND = [process.execPath, resolve('dist/cli/main.js'), 'record'];
const CAPTURE = 'test/fixtures/captures/tcp-ptp-boot-none/tcp-ptp-boot-none-10.77.0.31.dat.gz';
/** What the terminal is told before each line that is written over. */
const CLEAR = '\r\x1b[2K';

/**
 * Records on a terminal of its own until a process ends that lives so many seconds from the moment that recording is
 * to begin. Returns what was written there.
 */
async function onTerminal(seconds: number, args: readonly string[], begins = Promise.resolve()): Promise<string> {
  return withTracefs(async () => {
    const before = tracefsState();
    const traced = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(traced, 'exit');
    const words = [...COMMAND, '-P', String(traced.pid), ...args].join(' ');
    const terminal = run('script', ['-qec', words, '/dev/null'], { cwd: folder });
    await begins;
    await sleep(1000 * seconds);
    traced.kill();
    await ended;
    const { status, stdout } = await terminal;
    expect(status, stdout.toString()).toBe(0);
    expect(tracefsState()).toEqual(before);
    return stdout.toString();
  });
}

test('one line, written over, that is gone at the end', async (context) => {
  context.skip(unable !== undefined, unable);
  const shown = await onTerminal(4, ['-o', 'live.dat', '-e', 'sched']);
  const [said = '', ...lines] = shown.split(CLEAR);
  expect(said).toContain('to stop recording');
  const last = lines.pop() as string;
  expect(lines.length).toBeGreaterThan(1);
  for (const [index, line] of lines.entries()) {
    expect(line).toMatch(new RegExp(`^${index + 1} s, nothing lost, \\d+ events/s, MB by CPU: 0: \\d+\\.\\d`));
    expect(line).not.toContain('\n');
  }
  // Of the line that was cleared nothing is left, and the summary begins.
  expect(last).toMatch(/^\S.*live\.dat: \d+ events/s);
});

test("with guests it has their states from the first connection on, and others' lines stay whole", async (context) => {
  context.skip(unable !== undefined, unable);
  const trace = await guestTrace(gunzipSync(readFileSync(CAPTURE)), folder);
  let begin!: () => void;
  const begins = new Promise<void>((done) => {
    begin = done;
  });
  const agent = await ScriptedAgent.start(async ({ session, request, close }) => {
    await request;
    await sleep(2500);
    const ports = await dataPorts(trace.cpus, close);
    const { pageSize, traceId } = trace;
    session.respond({ ...{ useFifos: false, pageSize, traceId, ports }, ...{ syncProtocol: '', syncPort: 0 } });
    session.sendMetadata(trace.metadata);
    session.endMetadata();
    begin();
    await close;
    session.confirmEnd();
  });
  try {
    const guest = ['-A', agent.address, '--name', 'web', '-e', 'sched'];
    const shown = await onTerminal(4, ['-o', 'host.dat', '-e', 'sched', ...guest], begins);
    expect(shown.split(CLEAR)).toContain('1 s, web: connecting');
    expect(shown).toMatch(/\x1b\[2K2 s, nothing lost, \d+ events\/s, \d+\.\d MB, web: recording, \d/);
    const whole = shown.split('\n').filter((line) => line.includes('no time sync'));
    expect(whole.map((line) => line.slice(line.lastIndexOf(CLEAR) + 1))).toEqual([
      expect.stringMatching(/(^|\x1b\[2K)tandem: guest web .*: its agent has no time sync/),
    ]);
  } finally {
    agent.stop();
  }
});
