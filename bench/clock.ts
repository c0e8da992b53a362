/*
 * npm run bench:clock [-- ROUNDS]: what it costs to check and to mend guests' clocks, and how near mended ones are to the
 * truth, on simulated machines whose clocks are known. trace-cmd has nothing like it. Prints Markdown.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Correction, openTrace, type TraceFile } from '../src/index.ts';
import { nodeCodecs, openFile } from '../src/node/index.ts';
import type { Ticks } from '../src/time/types.ts';
import { type Machine, type Recorded, recordMachine } from '../test/support/vm-simulator.ts';
import { type Cost, cost, median } from './measure.ts';

const TANDEM = [process.execPath, resolve('dist/cli/main.js')];
const ROUNDS = Number(process.argv[2] ?? 3);
/** Lengths of the recordings, ns of true time; the simulated guests make some 59,000 events a second. */
const LENGTHS = [4.25e9, 17e9, 34e9];
const MACHINE = { vcpus: 2, drift: 8, idleShare: 0.05, events: 4 } as const;
const folder = mkdtempSync(join(tmpdir(), 'tandem-clock-bench-'));

interface Files {
  readonly host: string;
  readonly guest: string;
}

function write(name: string, { host, guest }: Recorded): Files {
  const files = { host: join(folder, `${name}.dat`), guest: join(folder, `${name}-vm.dat`) };
  writeFileSync(files.host, host);
  writeFileSync(files.guest, guest);
  return files;
}

/** Offsets that are wrong by up to 60 us, as a recorder states them whose messages take long. */
const noisy =
  (length: number): NonNullable<Machine['samples']> =>
  (offsetAt, guestAt) => ({
    ...{ peerTraceId: 0x1111n, flags: 1 },
    cpus: [0, 1].map((cpu) =>
      [0, length / 2, length].map((at, i) => {
        const error = BigInt(60_000 * (((cpu + i) % 3) - 1));
        return { time: guestAt(at), offset: offsetAt(at) + error, scaling: 1n, fraction: 0 };
      }),
    ),
  });

/** Costs of a command on files that it may change, each time from fresh ones. */
async function costOf(words: readonly string[], { host, guest }: Files): Promise<Cost> {
  const runs: Cost[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const own = { host: join(folder, 'run.dat'), guest: join(folder, 'run-vm.dat') };
    copyFileSync(host, own.host);
    copyFileSync(guest, own.guest);
    const one = await cost({ name: words[0] as string, command: [...TANDEM, ...words, own.host, own.guest] });
    if (round > 0) runs.push(one);
    for (const path of Object.values(own)) rmSync(`${path}.orig`, { force: true });
  }
  const middle = (of: (one: Cost) => number): number => median(runs.map(of));
  return {
    wallSeconds: middle(({ wallSeconds }) => wallSeconds),
    cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
    peakMegabytes: Math.max(...runs.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

/** How far the times in the files of the last run are from the truth, in ns: median and worst. */
async function errorsOf({ guestEvents, hostAt }: Recorded): Promise<string> {
  const guest: TraceFile = await openTrace(await openFile(join(folder, 'run-vm.dat')), nodeCodecs);
  const corrections = Array.from(
    { length: guest.cpuCount },
    (_, cpu) => new Correction(cpu, { mode: 'exact', timeShift: guest.timeShift, offset: 0n }),
  );
  await guest.source.close();
  const errors = Float64Array.from(guestEvents, ({ cpu, stamp }) =>
    Math.abs(Number((corrections[cpu] as Correction).correct(stamp as Ticks) - hostAt(stamp))),
  ).sort();
  return `${errors[errors.length >> 1]} / ${errors[errors.length - 1]} ns`;
}

const row = (name: string, { wallSeconds, cpuSeconds, peakMegabytes }: Cost, error: string): string =>
  `| ${name} | ${wallSeconds.toFixed(2)} s | ${cpuSeconds.toFixed(2)} s | ${peakMegabytes.toFixed(0)} MB | ${error} |`;

try {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; medians of ${ROUNDS} runs.\n`);
  console.log('| guest events | wall | CPU | peak memory | error: median / worst |\n|---|---|---|---|---|');
  for (const length of LENGTHS) {
    const recorded = recordMachine({ ...MACHINE, length, samples: noisy(length) }, 1);
    const events = `${(recorded.guestEvents.length / 1e6).toFixed(2)} M`;
    const files = write('noisy', recorded);
    console.log(row(`${events}: \`clock\``, await costOf(['clock'], files), await errorsOf(recorded)));
    console.log(
      row(`${events}: \`clock --refine\``, await costOf(['clock', '--refine'], files), await errorsOf(recorded)),
    );
    const apart = recordMachine({ ...MACHINE, length, apart: true }, 1);
    console.log(row(`${events}: \`attach\``, await costOf(['attach'], write('apart', apart)), await errorsOf(apart)));
  }
} finally {
  rmSync(folder, { recursive: true });
}
