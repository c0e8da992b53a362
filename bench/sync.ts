/*
 * npm run bench:sync [-- SECONDS [TRACE_CMD]]: how well clocks are brought together, event by event, by Tandem on both
 * ends and by trace-cmd on both ends: guest and host are one kernel, so every task switch is in both traces. Needs root
 * and tracefs. Prints Markdown. trace-cmd before 3.3 needs a minute and more for each recording.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockErrors, findTwins, quantile, shareWithinBounds, type Twins } from '../src/demo/twins.ts';
import { clockDistance } from '../src/kernel/clock-distance.ts';
import { nodeCodecs } from '../src/node/codecs.ts';
import { openFile } from '../src/node/file-source.ts';
import { decodeLog } from '../src/sync/log.ts';
import { openTrace } from '../src/trace-file/open.ts';
import type { TraceFile } from '../src/trace-file/types.ts';
import { type LoopbackGuest, type Player, recorder, startGuest } from '../test/support/loopback.ts';
import { run } from '../test/support/run.ts';
import { withStock } from '../test/support/stock-recorder.ts';
import { withTracefs } from '../test/support/tracefs-state.ts';
import { steadyErrors } from '../test/support/twin-errors.ts';
import { median } from './measure.ts';

const SECONDS = Number(process.argv[2] ?? 5);
const STOCK = process.argv[3] ?? 'trace-cmd';
const CLOCKS = ['tai', 'x86-tsc'] as const;
const LOADS = ['idle', 'busy'] as const;
const MANY = 8;
const LIMIT_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), 'tandem-sync-bench-'));

interface Job {
  readonly player: Player;
  readonly guestClock: string;
  readonly load: (typeof LOADS)[number];
  readonly guests: number;
}

/** What came of one guest. */
interface Outcome {
  readonly twins: Twins;
  /** Corrected stamps less true ones, ns; where nobody knows the truth, the errors that neighbours have too. */
  readonly clockErrors: Float64Array | undefined;
  /** From a measurement of CPU 0 to that of CPU 1, ns, of all rounds; of clocks that count ns. */
  readonly measurementTimes: readonly number[];
}

/** Records under a load that is there before the clocks are measured. */
async function measure(job: Job): Promise<Outcome[]> {
  const load = spawn(process.execPath, ['bench/spin.mjs', job.load], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await sleep(500);
    const work = (): Promise<void> => record(job);
    await withTracefs(() => (job.player === 'tandem' ? work() : withStock([], folder, work)));
  } finally {
    const end = once(load, 'exit');
    load.stdin?.end();
    await end;
  }
  const names = Array.from({ length: job.guests }, (_, guest) => nameOf(job, guest));
  const outcomes: Outcome[] = [];
  for (const name of names) outcomes.push(await outcomeOf(job, name));
  return outcomes;
}

/** A stock recorder connects to the guest by its name. */
const nameOf = ({ player }: Job, guest: number): string => (player === 'tandem' ? `guest${guest}` : '127.0.0.1');

async function record(job: Job): Promise<void> {
  const { player, guestClock, guests } = job;
  const isOurs = player === 'tandem';
  // Tandem leaves out its own threads, trace-cmd nobody's.
  const events = ['-e', 'sched_switch', '-b', '20000', ...(isOurs ? ['--no-filter'] : [])];
  const agents: LoopbackGuest[] = [];
  try {
    for (let guest = 0; guest < guests; guest++) agents.push(await startGuest(player, `tandem-bench-${guest}`, folder));
    const targets = agents.flatMap(({ port }, guest) => [
      ...['-A', isOurs ? `${nameOf(job, guest)}@127.0.0.1:${port}` : `127.0.0.1:${port}`],
      ...['-C', guestClock, ...events],
    ]);
    const [program, ...words] = recorder(player, folder) as [string, ...string[]];
    const ofHost = ['record', '-o', 'host.dat', '-C', 'mono', ...(isOurs ? ['--tsync-log'] : []), ...events];
    const args = [...words, ...ofHost, ...targets, 'sleep', String(SECONDS)];
    const { status, stderr } = await run(program, args, { cwd: folder, timeoutMs: LIMIT_MS });
    if (status !== 0) throw new Error(`${player} record: exit code ${status}: ${stderr}`);
  } finally {
    for (const agent of agents) await agent.stop();
  }
}

async function outcomeOf({ player, guestClock }: Job, name: string): Promise<Outcome> {
  const guestPath = join(folder, `host-${name}.dat`);
  const files: TraceFile[] = [];
  try {
    for (const path of [join(folder, 'host.dat'), guestPath])
      files.push(await openTrace(await openFile(path), nodeCodecs));
    const [host, guest] = files as [TraceFile, TraceFile];
    const isOurs = player === 'tandem';
    const twins = await findTwins(host, guest, isOurs ? 'exact' : 'stock');
    const counts = guestClock === 'tai';
    return {
      twins,
      clockErrors: counts
        ? clockErrors(twins, clockDistance('mono', guestClock))
        : isOurs
          ? steadyErrors(twins)
          : undefined,
      measurementTimes: counts ? (isOurs ? logTimes(`${guestPath}.tsync`) : sampleTimes(guest)) : [],
    };
  } finally {
    for (const { source } of files) await source.close();
  }
}

function logTimes(path: string): number[] {
  const { measurements } = decodeLog(readFileSync(path, 'utf8'), path);
  return measurements.flatMap(({ cpu, sample }, index) => {
    const next = measurements[index + 1];
    return cpu === 0 && next?.cpu === 1 ? [Number(next.sample.time - sample.time)] : [];
  });
}

function sampleTimes({ timeShift }: TraceFile): number[] {
  const [first = [], second = []] = timeShift?.cpus ?? [];
  return first.flatMap(({ time }, round) => {
    const other = second[round];
    return other === undefined ? [] : [Number(other.time - time)];
  });
}

const us = (nanoseconds: number): string => (nanoseconds / 1000).toPrecision(3);
const both = (values: Float64Array | undefined): string =>
  values === undefined ? '-' : [0.5, 0.99].map((share) => us(quantile(values, share))).join(' / ');

function row(name: string, player: string, { twins, clockErrors: alone }: Outcome): string {
  const { errors, bounds, unmatched, lost } = twins;
  const bound = Number.isNaN(bounds[0]) ? '-' : us(quantile(bounds, 0.5));
  return `| ${[
    ...[name, player, String(errors.length), String(lost + unmatched), both(errors), both(alone), bound],
    Number.isNaN(bounds[0]) ? '-' : `${(100 * shareWithinBounds(twins, alone)).toFixed(2)} %`,
  ].join(' | ')} |`;
}

console.log(
  `${SECONDS} s each on ${cpus().length} CPUs, host clock mono, two rounds of measurements (no --tsync-interval), TCP.\n`,
);
console.log(
  '| guest clock, load | both ends | events | lost | error us: median / 99 % | of that the clock | bound us | within |',
);
console.log('|---|---|---|---|---|---|---|---|');
const ratios: string[] = [];
const times = { stock: [] as number[], tandem: [] as number[] };
let single: Outcome | undefined;
for (const load of LOADS) {
  for (const guestClock of CLOCKS) {
    const name = `${guestClock}, ${load}`;
    const [ours] = (await measure({ player: 'tandem', guestClock, load, guests: 1 })) as [Outcome];
    const [theirs] = (await measure({ player: STOCK, guestClock, load, guests: 1 })) as [Outcome];
    console.log(`${row(name, 'Tandem', ours)}\n${row(name, 'trace-cmd', theirs)}`);
    times.tandem.push(...ours.measurementTimes);
    times.stock.push(...theirs.measurementTimes);
    const pairs = [[ours.twins.errors, theirs.twins.errors]];
    if (ours.clockErrors && theirs.clockErrors) pairs.push([ours.clockErrors, theirs.clockErrors]);
    const texts = pairs.map((pair) =>
      [0.5, 0.99]
        .map((share) => pair.map((values) => quantile(values, share)))
        .map(([a = 0, b = 0]) => (a / b).toPrecision(2)),
    );
    ratios.push(`| ${name} | ${texts.map((two) => two.join(' / ')).join(' | ')}${texts.length < 2 ? ' | -' : ''} |`);
    if (load === 'idle' && guestClock === 'tai') single = ours;
  }
}
console.log('\n| Tandem / trace-cmd | error: median / 99 % | of the clock alone |\n|---|---|---|');
console.log(ratios.join('\n'));

const [stockTime, ourTime] = [median(times.stock), median(times.tandem)];
console.log(
  `\nOne measurement of one CPU: Tandem ${us(ourTime)} us, trace-cmd ${us(stockTime)} us: ${(ourTime / stockTime).toPrecision(2)}x.`,
);

if (single?.clockErrors !== undefined) {
  const { errors } = single.twins;
  const gaps = errors.map((error, event) => error + (single.clockErrors?.[event] as number));
  console.log(`The kernel writes the second stamp of a switch later by (median / 99 %): ${both(gaps)} us.`);
}

const many = await measure({ player: 'tandem', guestClock: 'tai', load: 'idle', guests: MANY });
const bounds = many.map(({ twins }) => quantile(twins.bounds, 0.5));
const lost = many.reduce((sum, { twins }) => sum + twins.lost + twins.unmatched, 0);
const alone = quantile((single as Outcome).twins.bounds, 0.5);
console.log(
  `${MANY} guests at once: ${lost} events lost, bounds ${us(Math.min(...bounds))} to ${us(Math.max(...bounds))} us, ` +
    `${(Math.max(...bounds) / alone).toFixed(2)}x of one guest's.`,
);
rmSync(folder, { recursive: true });
