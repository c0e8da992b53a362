import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { clockErrors, findTwins, quantile, shareWithinBounds } from '../src/demo/twins.ts';
import { clockDistance } from '../src/kernel/clock-distance.ts';
import { nodeCodecs } from '../src/node/codecs.ts';
import { openFile } from '../src/node/file-source.ts';
import { openTrace } from '../src/trace-file/open.ts';
import type { TraceFile } from '../src/trace-file/types.ts';
import { missing } from './support/capabilities.ts';
import { type LoopbackGuest, type Player, recorder, startGuest } from './support/loopback.ts';
import { type RunResult, run, tandem } from './support/run.ts';
import { withStock } from './support/stock-recorder.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';
import { steadyErrors } from './support/twin-errors.ts';

/*
 * Real recorders with real agents, ours and trace-cmd's, over TCP. Guest and host are one kernel: all that the traces
 * say of each other can be checked.
 */
/** Switches tasks some hundred times, also on a machine where nothing else happens. */
const WORKLOAD = ['sh', '-c', 'for i in $(seq 60); do sleep 0.005; done'];
const unable = missing('root', 'tracefs');
const noStock = unable ?? missing('trace-cmd 3.1', 'unshare');
const folder = temporaryFolder();
const HOST = join(folder, 'host.dat');
const GUEST = join(folder, 'host-127.0.0.1.dat');
const SECOND = join(folder, 'host-second.dat');
/** Nagle's algorithm against late acknowledgements: 40 ms for each probe of trace-cmd 3.1. */
const SLOW_MS = 150_000;
/** clock_gettime does not read two clocks at once. */
const TRUTH_NS = 200n;

const open: TraceFile[] = [];
afterEach(async () => {
  for (const { source } of open.splice(0)) await source.close();
});

interface Session {
  readonly recorder: Player;
  readonly agent: Player;
  readonly intervalMs?: number;
  /** Of both files. */
  readonly fileVersion?: 6 | 7;
  readonly compression?: string;
  readonly guestClock?: string;
  /** Whether there is another guest, `second`, with our agent. */
  readonly second?: boolean;
}

/** Records host and guest while a command runs, and checks that the kernel is as it was then. */
async function record(session: Session): Promise<RunResult> {
  const { agent: agentPlayer, intervalMs = 0, fileVersion = 7, compression, guestClock = 'tai' } = session;
  const format = [
    ...['--file-version', String(fileVersion)],
    ...(compression === undefined ? [] : ['--compression', compression]),
  ];
  const events = (player: Player): string[] => [
    ...['-e', 'sched_switch', ...format],
    // trace-cmd leaves out nobody's threads.
    ...(player === 'tandem' ? ['--no-filter'] : []),
  ];
  const work = async (): Promise<RunResult> => {
    const guest = await startGuest(agentPlayer, 'tandem-interop', folder);
    let second: LoopbackGuest | undefined;
    try {
      if (session.second) second = await startGuest('tandem', 'tandem-interop-second', folder);
      const [program, ...words] = recorder(session.recorder, folder) as [string, ...string[]];
      const ofHost = ['-o', HOST, '-C', 'mono', '--tsync-interval', String(intervalMs), ...events(session.recorder)];
      const ofGuest = ['-A', `127.0.0.1:${guest.port}`, '-C', guestClock, ...events(agentPlayer)];
      const ofSecond = second && ['-A', `second@127.0.0.1:${second.port}`, '-C', guestClock, ...events('tandem')];
      const args = [...words, 'record', ...ofHost, ...ofGuest, ...(ofSecond ?? []), ...WORKLOAD];
      return await run(program, args, { cwd: folder, timeoutMs: SLOW_MS });
    } finally {
      await guest.stop();
      await second?.stop();
    }
  };
  return withTracefs(async () => {
    const before = tracefsState();
    const isOurs = session.recorder === 'tandem' && session.agent === 'tandem';
    const result = isOurs ? await work() : await withStock([], folder, work);
    if (session.recorder === 'tandem') expect(tracefsState()).toEqual(before);
    expect(journals()).toEqual([]);
    return result;
  });
}

async function openBoth(guestPath = GUEST): Promise<[host: TraceFile, guest: TraceFile]> {
  const files = [];
  for (const path of [HOST, guestPath]) files.push(await openTrace(await openFile(path), nodeCodecs));
  open.push(...files);
  return files as [TraceFile, TraceFile];
}

/** What either reader makes of both files, which must be the same, and no complaint. */
async function expectReadable(...files: readonly string[]): Promise<void> {
  const words = ['report', ...files.flatMap((path) => ['-i', basename(path)])];
  const theirs = await run('trace-cmd', words, { cwd: folder });
  const ours = await tandem([...words.slice(0, 1), '--compat', '3.1', ...words.slice(1)], { cwd: folder });
  expect([theirs.status, theirs.stderr]).toEqual([0, '']);
  expect([ours.status, ours.stderr]).toEqual([0, '']);
  expect(ours.stdout.toString()).toBe(theirs.stdout.toString());
}

/** Every sample is as far from the truth as it says, at most. `slack`: of samples that say nothing. */
function expectTrueOffsets({ timeShift, cpuCount }: TraceFile, slack: bigint): void {
  const truth = clockDistance('mono', 'tai');
  expect(timeShift?.cpus).toHaveLength(cpuCount);
  for (const { offset, bound } of timeShift?.cpus.flat() ?? []) {
    const error = offset > truth ? offset - truth : truth - offset;
    expect(error).toBeLessThanOrEqual((bound ?? slack) + TRUTH_NS);
  }
}

/** Both traces have the same task switches, and the corrected stamps of the guest are the host's. */
async function expectOneTimeline(host: TraceFile, guest: TraceFile, medianNs: number, clock = 'tai'): Promise<void> {
  const twins = await findTwins(host, guest, 'stock');
  expect(twins.unmatched).toBe(0);
  expect(twins.errors.length).toBeGreaterThan(100);
  expect(quantile(twins.errors, 0.5)).toBeLessThan(medianNs);
  if (Number.isNaN(twins.bounds[0])) return;
  // A CPU can be taken away between the two stamps of a switch: that is no error of the clocks.
  const errors = clock === 'tai' ? clockErrors(twins, clockDistance('mono', 'tai')) : steadyErrors(twins);
  expect(shareWithinBounds(twins, errors)).toBeGreaterThan(0.999);
}

const samplesPerCpu = ({ timeShift }: TraceFile): number => timeShift?.cpus[0]?.length ?? 0;

describe.skipIf(unable !== undefined)('tandem record with tandem agent', () => {
  test.for([
    { fileVersion: 7, compression: 'none', intervalMs: 0 },
    { fileVersion: 7, compression: 'zstd', intervalMs: 50 },
    { fileVersion: 7, compression: 'zlib', intervalMs: 0 },
    { fileVersion: 6, intervalMs: 50 },
  ] as const)('%j', async (how) => {
    const { status, stdout, stderr } = await record({ recorder: 'tandem', agent: 'tandem', ...how });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toMatch(/^Negotiated ptp4 time sync.*\n {2}clock offset -\d{19} ns, \+\/- \d+ ns$/m);
    const [host, guest] = await openBoth();
    const compression = how.fileVersion === 7 ? how.compression : 'none';
    for (const { header } of [host, guest]) {
      expect([header.version, header.compression.name || 'none']).toEqual([how.fileVersion, compression]);
    }
    expect(samplesPerCpu(guest)).toBeGreaterThanOrEqual(how.intervalMs === 0 ? 2 : 4);
    expectTrueOffsets(guest, 20_000n);
    await expectOneTimeline(host, guest, 20_000);
    // Debian's trace-cmd has no zlib.
    if (noStock === undefined && compression !== 'zlib') await expectReadable(HOST, GUEST);
  });

  test('with no time sync', async () => {
    const { status, stdout, stderr } = await record({ recorder: 'tandem', agent: 'tandem', intervalMs: -1 });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.toString()).not.toContain('Negotiated');
    expect((await openBoth())[1].timeShift).toBeUndefined();
    if (noStock === undefined) await expectReadable(HOST, GUEST);
  });

  test.skipIf(!/x86-tsc/.test(clocks()))('of a guest that counts ticks', async () => {
    const { status, stderr } = await record({ recorder: 'tandem', agent: 'tandem', guestClock: 'x86-tsc' });
    expect([status, stderr]).toEqual([0, '']);
    const [host, guest] = await openBoth();
    await expectOneTimeline(host, guest, 20_000, 'x86-tsc');
    if (noStock === undefined) await expectReadable(HOST, GUEST);
  });
});

describe.skipIf(noStock !== undefined)('trace-cmd record with tandem agent', () => {
  test.for([
    { fileVersion: 7, compression: 'none', intervalMs: 0 },
    { fileVersion: 7, compression: 'zstd', intervalMs: 50 },
    { fileVersion: 6, intervalMs: -1 },
  ] as const)('%j', async (how) => {
    const { status, stdout } = await record({ recorder: 'trace-cmd', agent: 'tandem', ...how });
    expect([status, /Negotiated (\w+)/.exec(stdout.toString())?.[1]]).toEqual([
      0,
      how.intervalMs < 0 ? undefined : 'ptp',
    ]);
    const [host, guest] = await openBoth();
    const compression = how.fileVersion === 7 ? how.compression : 'none';
    expect([guest.header.version, guest.header.compression.name || 'none']).toEqual([how.fileVersion, compression]);
    await expectReadable(HOST, GUEST);
    if (how.intervalMs < 0) return;
    expectTrueOffsets(guest, 5_000_000n);
    await expectOneTimeline(host, guest, 5_000_000);
  });
});

describe.skipIf(noStock !== undefined)('tandem record with trace-cmd agent', () => {
  test.for([
    { fileVersion: 7, compression: 'none', intervalMs: 0, second: true },
    { fileVersion: 7, compression: 'zstd', intervalMs: -1 },
    { fileVersion: 6, intervalMs: 50 },
  ] as const)('%j', async (how) => {
    const { status, stdout, stderr } = await record({ recorder: 'tandem', agent: 'trace-cmd', ...how });
    expect([status, stderr]).toEqual([0, '']);
    const [host, guest] = await openBoth();
    await expectReadable(HOST, GUEST);
    if ('second' in how) {
      // Measuring the first one takes longer than an agent waits for anything else.
      const [, second] = await openBoth(SECOND);
      expect(samplesPerCpu(second)).toBeGreaterThanOrEqual(2);
      expectTrueOffsets(second, 0n);
      await expectOneTimeline(host, second, 20_000);
    }
    if (how.intervalMs < 0) return;
    expect(stdout.toString()).toContain('Negotiated ptp time sync protocol');
    expectTrueOffsets(guest, how.fileVersion === 6 ? 1_000_000n : 0n);
    await expectOneTimeline(host, guest, 1_000_000);
  });
});

describe.skipIf(noStock !== undefined)('trace-cmd record with trace-cmd agent: both readers agree', () => {
  test.for([
    { fileVersion: 7, compression: 'none', intervalMs: -1 },
    { fileVersion: 7, compression: 'zstd', intervalMs: -1 },
    { fileVersion: 6, intervalMs: -1 },
  ] as const)('%j', async (how) => {
    const { status } = await record({ recorder: 'trace-cmd', agent: 'trace-cmd', ...how });
    expect(status).toBe(0);
    await expectReadable(HOST, GUEST);
  });
});

function clocks(): string {
  return unable === undefined ? readFileSync('/sys/kernel/tracing/trace_clock', 'utf8') : '';
}
