import { setTimeout as sleep } from 'node:timers/promises';
import { recordWell } from '../attempts.ts';
import { withFiles } from '../checks/files.ts';
import { guestSyncError } from '../checks/sync-error.ts';
import { knownVcpus, tscFrequency } from '../checks/tsc-offset.ts';
import type { Program } from '../machine/agent.ts';
import type { Machine } from '../machine/machine.ts';
import { type Pair, type Scenario, TANDEM } from '../scenario.ts';

const GUEST = 1;
const INTERVAL_MS = 2000;
/** What a round takes, at most: it takes 2 s where one emulated CPU does all the work. */
const ROUND_MS = 4000;
/** A session may take so much longer than what it records. */
const SESSION_SECONDS = 300;
const MEMORY_EVERY_MS = 10_000;
/** By how much memory may grow from the second quarter on. */
const MOST_GROWTH = 1.1;

/** Continuous synchronisation for a long time, not among the tests: samples go on, memory does not grow. */
export function soak(minutes: number, pairs: readonly Pair[] = [TANDEM]): Scenario {
  const seconds = minutes * 60;
  return {
    name: 'soak',
    about: `PTP over TCP every ${INTERVAL_MS / 1000} s, for ${minutes} minutes`,
    shape: 'nested',
    pairs,
    seconds: 2 * (seconds + SESSION_SECONDS),
    async run(context) {
      const { lab, pair } = context;
      const guest = await lab.guest(GUEST);
      const over = new AbortController();
      const memories = [memoryOf(lab.host, pair.recorder, over.signal), memoryOf(guest, pair.agent, over.signal)];
      const files = await recordWell(context, 'x86-tsc', {
        options: ['-C', 'x86-tsc', '--tsync-interval', String(INTERVAL_MS), '-e', 'sched_process_fork'],
        guests: [{ number: GUEST, transport: 'tcp', options: ['-e', 'sched_process_fork'] }],
        command: `sleep ${seconds}`,
        seconds: seconds + SESSION_SECONDS,
      });
      over.abort();
      for (const [index, kilobytes] of (await Promise.all(memories)).entries()) {
        const name = index === 0 ? 'recorder' : 'agent';
        context.figure(`memory of the ${name}, kB`, kilobytes);
        const later = kilobytes.slice(kilobytes.length >> 2);
        context.check(Math.max(...later) <= MOST_GROWTH * (later[0] ?? 0), `memory of the ${name} does not grow`);
      }
      if (files === undefined) return;
      const { pid } = lab.guests.find(({ number }) => number === GUEST)!;
      const [vcpu] = await knownVcpus(lab.host, pid);
      const units = await tscFrequency(lab.host);
      await withFiles(files, async ({ guests }) => {
        const samples = guests[0]?.timeShift?.cpus ?? [];
        const counts = samples.map((own) => own.length);
        const least = (seconds * 1000) / (INTERVAL_MS + ROUND_MS);
        context.check(counts.length > 0 && Math.min(...counts) > least, `samples go on: ${counts}, more than ${least}`);
        const times = samples.flat().map(({ time }) => time);
        if (times.length === 0) return;
        const range = [times[0]!, times.reduce((a, b) => (a > b ? a : b))] as const;
        const error = guestSyncError(guests[0]!, (time) => time - vcpu!.offset, range, units);
        context.figure('error, ns', error);
        context.check(error.bound !== undefined && error.beyond === 0, 'all times are as right as the file says');
      });
    },
  };
}

/** Resident memory of all processes of a program, from time to time. */
async function memoryOf(machine: Machine, program: Program, over: AbortSignal): Promise<number[]> {
  const kilobytes: number[] = [];
  const name = program === 'tandem' ? 'node' : program;
  const script = `for pid in $(pidof ${name}); do grep VmRSS "/proc/$pid/status"; done`;
  while (!over.aborted) {
    const { stdout } = await machine.exec(script);
    const sizes = [...stdout.matchAll(/VmRSS:\s+(\d+) kB/g)].map(([, size]) => Number(size));
    if (sizes.length > 0) kilobytes.push(sizes.reduce((sum, one) => sum + one));
    await sleep(MEMORY_EVERY_MS, undefined, { signal: over }).catch(() => {});
  }
  return kilobytes;
}
