import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TandemError } from '../base/errors.ts';
import { clockDistance } from '../kernel/clock-distance.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { nodeCodecs } from '../node/codecs.ts';
import { openFile } from '../node/file-source.ts';
import { openTrace } from '../trace-file/open.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { clockTable } from './clock-table.ts';
import { excerpt } from './excerpt.ts';
import { LoopbackAgent, runTandem, showCommand } from './programs.ts';
import { clockErrors, findTwins, quantile, shareWithinBounds, type Twins } from './twins.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
/** A moment of the bundled recording in which host and guest act in turns. */
const EXAMPLE_RANGE = { from: '1786.183', to: '1786.187' };
const LINES = 16;
/** Tasks that sleep and wake each other, for some three seconds. */
const WORKLOAD = 'for i in $(seq 150); do sleep 0.02; echo $i; done | while read i; do :; done';
const EVENTS = ['-e', 'sched_switch', '-e', 'sched_waking', '--no-filter'];

/** Shows what this program is for: records here, where that is possible, else shows a bundled recording. */
export async function runDemo(): Promise<void> {
  const obstacle = whyNotHere();
  if (obstacle === undefined) await recordHere();
  else await showExample(obstacle);
}

function whyNotHere(): string | undefined {
  if (process.getuid?.() !== 0) return 'recording needs root';
  try {
    openTracefs();
    return undefined;
  } catch (error) {
    if (error instanceof TandemError) return error.message;
    throw error;
  }
}

async function recordHere(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-demo-'));
  // Ctrl-C reaches the agent and the recorder as well: they put everything back, then the rest of this goes on.
  const stay = (): void => {};
  process.on('SIGINT', stay);
  try {
    console.log('The guest is this machine once more: an agent with a buffer and a clock of its own.');
    const output = join(folder, 'host.dat');
    const agent = await LoopbackAgent.start(`tandem-demo-${process.pid}`);
    try {
      const guest = ['-A', `guest@127.0.0.1:${agent.port}`, '-C', 'tai', ...EVENTS];
      const host = ['-C', 'mono', '--tsync-interval', '250', ...EVENTS];
      await runTandem(['record', '-o', output, ...host, ...guest, 'sh', '-c', WORKLOAD]);
    } finally {
      await agent.stop();
    }
    await withFiles([output, join(folder, 'host-guest.dat')], showRecording);
  } finally {
    process.off('SIGINT', stay);
    rmSync(folder, { recursive: true });
  }
}

/** Every task switch is seen twice, by the host and by the guest. */
async function showRecording(files: readonly TraceFile[]): Promise<void> {
  const [host, guest] = files as [TraceFile, TraceFile];
  const twins = await findTwins(host, guest);
  console.log('\nOne timeline, a moment of it: each task switch was recorded twice, by the host and by the guest.');
  console.log(await excerpt(files, LINES, { from: await wakeup(host, twins), nanoseconds: true }));
  console.log(`\nThe guest's clock, as it was measured while recording\n${clockTable(host, guest)}`);
  const alone = clockErrors(twins, clockDistance('mono', 'tai'));
  console.log(`
The error, by the ${twins.errors.length} task switches that both have: host's stamp against the guest's corrected one
as seen: ${errorText(twins, twins.errors)}
The kernel writes one stamp after the other. The two clocks of one machine can be compared directly; without that time
the clock alone: ${errorText(twins, alone)}`);
  if (twins.unmatched + twins.lost === 0) return;
  console.log(`
${twins.lost} events were lost, and ${twins.unmatched} task switches are in one trace only: does another program trace here, too?
Then the error as seen may be that of switches that do not belong together.`);
}

function errorText(twins: Twins, errors: Float64Array): string {
  const [median, most] = [0.5, 0.99].map((share) => `${(quantile(errors, share) / 1000).toFixed(2)} us`);
  const within = (100 * shareWithinBounds(twins, errors)).toFixed(2);
  return `median ${median}, 99 % within ${most}; ${within} % within the bound that the guest's file states`;
}

/** When the workload goes on, somewhere in the middle. */
async function wakeup(host: TraceFile, { times }: Twins): Promise<string> {
  const middle = [...times].sort((a, b) => (a < b ? -1 : 1))[times.length >> 1] ?? 0n;
  const from = `${middle / 1_000_000_000n}.${(middle % 1_000_000_000n).toString().padStart(9, '0')}`;
  const line = await excerpt([host], 1, { from, nanoseconds: true }, 'sched_switch: next_comm == "sleep"');
  return / (\d+\.\d{9}): /.exec(line)?.[1] ?? from;
}

async function showExample(obstacle: string): Promise<void> {
  console.log(`Nothing is recorded: ${obstacle}. This is a recording of a host and its guest that comes with tandem.`);
  const paths = ['host.dat', 'host-l2b.dat'].map((name) => join(EXAMPLES, name));
  showCommand(['report', '--from', EXAMPLE_RANGE.from, '--to', EXAMPLE_RANGE.to, '-i', paths[0] as string]);
  await withFiles(paths, async (files) => {
    console.log(await excerpt(files, LINES, EXAMPLE_RANGE));
    const [host, guest] = files as [TraceFile, TraceFile];
    console.log(`\nThe guest's clock, as it was measured while recording\n${clockTable(host, guest)}`);
  });
}

async function withFiles(
  paths: readonly string[],
  work: (files: readonly TraceFile[]) => Promise<void>,
): Promise<void> {
  const files: TraceFile[] = [];
  try {
    for (const path of paths) files.push(await openTrace(await openFile(path), nodeCodecs));
    await work(files);
  } finally {
    for (const { source } of files) await source.close();
  }
}
