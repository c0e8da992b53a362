/*
 * npm run soak [-- MINUTES]: records a busy machine for minutes, and fails when events are lost or when the memory of
 * the recorder grows. Needs root and tracefs, and some hundred megabytes per minute in the temporary folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tracefsState, withTracefs } from '../support/tracefs-state.ts';

const MINUTES = Number(process.argv[2] ?? 5);
/** System calls per millisecond on each CPU; each makes two events. */
const RATE = 10;
const LOOKS = 200;
/** What the heap of Node breathes. */
const MOST_GROWTH_MB = 8;
/** The file is made in pieces: that takes as much memory for a long recording as for a short one. */
const MOST_AT_THE_END_MB = 96;

const folder = mkdtempSync(join(tmpdir(), 'tandem-soak-'));
const output = join(folder, 'soak.dat');

/** Resident memory of a process in MB; undefined when it is gone. */
function residentMb(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function soak(): Promise<string[]> {
  const seconds = 60 * MINUTES;
  const problems: string[] = [];
  await once(spawn(process.execPath, [resolve('dist/cli/main.js'), 'reset'], { stdio: 'inherit' }), 'exit');
  const before = tracefsState();
  const words = [resolve('dist/cli/main.js'), 'record', '-o', output, '-e', 'raw_syscalls', '-e', 'sched'];
  const recorder = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(recorder, 'exit');
  let [said, warned] = ['', ''];
  recorder.stdout.on('data', (text) => {
    said += text;
  });
  recorder.stderr.on('data', (text) => {
    warned += text;
  });
  const pid = recorder.pid as number;
  const loads = cpus().map(() =>
    once(
      spawn(process.execPath, ['bench/record-load.mjs', String(seconds), String(RATE)], { stdio: 'ignore' }),
      'exit',
    ),
  );
  const resident: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await sleep((1000 * seconds) / LOOKS);
    resident.push(residentMb(pid) ?? Number.NaN);
  }
  await Promise.all(loads);
  recorder.kill('SIGINT');
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, residentMb(pid) ?? 0);
  }, 20);
  const [status] = await ended;
  clearInterval(look);

  const fifth = LOOKS / 5;
  const [early, late] = [median(resident.slice(fifth, 2 * fifth)), median(resident.slice(-fifth))];
  console.log(said.trimEnd());
  console.log(`memory: ${early.toFixed(1)} MB early, ${late.toFixed(1)} MB late, ${peak.toFixed(1)} MB at the end`);
  if (status !== 0) problems.push(`the recorder ended with ${status}`);
  if (warned !== '') problems.push(warned.trimEnd());
  if (!(late - early < MOST_GROWTH_MB)) problems.push(`its memory grew by ${(late - early).toFixed(1)} MB`);
  if (!(peak - late < MOST_AT_THE_END_MB)) problems.push(`making the file took ${(peak - late).toFixed(1)} MB`);
  if (statSync(output).size === 0) problems.push('nothing was recorded');
  if (tracefsState().join() !== before.join()) problems.push('tracefs is not as it was before');
  return problems;
}

const problems = await withTracefs(soak);
rmSync(folder, { recursive: true });
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
