import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './measure.ts';

/*
 * KernelShark (Debian's package), on a screen of its own that nobody sees. It does not say when a file is loaded: that is
 * when it has nothing to do any more.
 */

const PROGRAM = 'kernelshark';
/** Root is warned by a dialog first. */
const NOBODY = 65534;
const SCREEN = ['-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-ac'];
const LOAD_LIMIT_MS = 60_000;
const SAMPLE_MS = 50;
/** Less work than this in a sample is none; so long without any is the end. */
const LEAST_TICKS = 1;
const QUIET_MS = 3000;

export interface SharkFigures {
  readonly seconds: number;
  readonly peakMegabytes: number;
}

/** How long it takes to show a host's file and its guests'; why it can't be measured, where it can't. */
export async function loadKernelShark(files: readonly string[], runs: number): Promise<SharkFigures | string> {
  for (const program of [PROGRAM, 'Xvfb']) {
    if (spawnSync('which', [program]).status !== 0) return `no ${program} installed`;
  }
  const all: SharkFigures[] = [];
  for (let run = 0; run < runs; run++) {
    const one = await load(files);
    if (typeof one === 'string') return one;
    all.push(one);
  }
  return {
    seconds: median(all.map(({ seconds }) => seconds)),
    peakMegabytes: median(all.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

async function load([host, ...guests]: readonly string[]): Promise<SharkFigures | string> {
  const home = mkdtempSync(join(tmpdir(), 'tandem-shark-'));
  chownSync(home, NOBODY, NOBODY);
  const screen = spawn('Xvfb', ['-displayfd', '1', ...SCREEN], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [number] = (await once(screen.stdout, 'data')) as [Buffer];
    const env = { ...process.env, DISPLAY: `:${number.toString().trim()}`, HOME: home, XDG_RUNTIME_DIR: home };
    const started = performance.now();
    const shark = spawn(PROGRAM, ['-i', host as string, ...guests.flatMap((guest) => ['-a', guest])], {
      ...{ env, stdio: 'ignore', cwd: '/', uid: NOBODY, gid: NOBODY },
    });
    try {
      return await untilQuiet(shark, started);
    } finally {
      shark.kill('SIGKILL');
    }
  } finally {
    screen.kill();
    rmSync(home, { recursive: true });
  }
}

async function untilQuiet(shark: ChildProcess, started: number): Promise<SharkFigures | string> {
  let last = started;
  let before = 0;
  for (;;) {
    await sleep(SAMPLE_MS);
    const now = performance.now();
    if (shark.exitCode !== null || shark.signalCode !== null)
      return `ends by itself (${shark.exitCode ?? shark.signalCode})`;
    const ticks = ticksOf(shark.pid as number);
    if (ticks - before > LEAST_TICKS) last = now;
    before = ticks;
    if (now - last > QUIET_MS) break;
    if (now - started > LOAD_LIMIT_MS) return `not done after ${LOAD_LIMIT_MS / 1000} s`;
  }
  const status = readFileSync(`/proc/${shark.pid}/status`, 'utf8');
  return {
    seconds: (last - started) / 1000,
    peakMegabytes: (Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6,
  };
}

/** CPU time of a process so far, all threads. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
