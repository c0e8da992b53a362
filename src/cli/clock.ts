import { basename } from 'node:path';
import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { proofJson } from '../proof/json.ts';
import { proveClocks } from '../proof/prove.ts';
import { mendClock } from '../proof/refine/mend.ts';
import { proofLines } from '../proof/text.ts';
import { amendFile, asideName } from '../record/amend.ts';
import { pairFiles } from '../timeline/pairing.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { timeShiftOption } from '../trace-file/write/content.ts';
import { checkPlotName, drawAll, readLogs } from './clock-pictures.ts';
import { EXIT_DAMAGED, EXIT_HELP } from './exit-status.ts';
import { openGuests, openPath } from './open-files.ts';

interface Switches {
  readonly json?: true;
  readonly refine?: true;
  readonly plot?: string;
  readonly tsyncLog?: string;
}

const NOTES = `
The checks need events of both sides: record the host with -e kvm:kvm_entry -e kvm:kvm_exit, the guest with anything.
--refine keeps each file that it changes as FILE.orig; the exit status is 1 where a guest could not be refined.`;

/** `tandem clock`, ready to be added to the program. */
export function clockCommand(): Command {
  return new Command('clock')
    .description("Prove how far guests' clocks can be trusted, and mend them by their events.")
    .argument('<files...>', "a host's file and those of its guests; guests' files beside the host's are found")
    .option('--json', 'one JSON object per guest, a line each; exact numbers are strings')
    .option('--refine', "write what the events prove into the guests' files")
    .option('--plot <file>', 'draw each clock as .svg or .png; of several guests, FILE-GUEST')
    .option('--tsync-log <file>', "a session's log of its probes; those beside the guests' files are found")
    .addHelpText('after', NOTES + EXIT_HELP)
    .action(async (paths: string[], switches: Switches) => {
      if (switches.plot !== undefined) checkPlotName(switches.plot);
      const isRefined = switches.refine ? await withFiles(paths, refineAll) : true;
      await withFiles(paths, (files) => show(files, switches));
      if (!isRefined) process.exitCode = EXIT_DAMAGED;
    });
}

async function withFiles<T>(paths: readonly string[], work: (files: readonly TraceFile[]) => Promise<T>): Promise<T> {
  const files: TraceFile[] = [];
  try {
    for (const path of paths) files.push(await openPath(path));
    files.push(...(await openGuests(files)));
    return await work(files);
  } finally {
    for (const { source } of files) await source.close();
  }
}

async function show(files: readonly TraceFile[], { json, plot, tsyncLog }: Switches): Promise<void> {
  const logs = await readLogs(files, tsyncLog);
  const proofs = await proveClocks(files, { logs });
  if (proofs.length === 0) {
    const hint = 'name the files of a host and of its guests; `tandem attach` pairs files that were recorded apart';
    throw new TandemError(
      'NOT_FOUND',
      files.map(({ source }) => source.name).join(', '),
      'no guest is among them',
      hint,
    );
  }
  if (json) for (const proof of proofs) console.log(JSON.stringify(proofJson(proof)));
  else console.log(proofs.map((proof) => proofLines(proof, (path) => basename(path)).join('\n')).join('\n\n'));
  if (plot !== undefined) await drawAll(plot, proofs, files, logs);
}

/** Whether all guests' clocks are as good now as their events make them. */
async function refineAll(files: readonly TraceFile[]): Promise<boolean> {
  const { hostOf, guestsOf } = pairFiles(files);
  let isDone = true;
  for (const [index, guests] of guestsOf.entries()) {
    for (const guest of guests)
      isDone = (await refineOne(files[index] as TraceFile, files[guest] as TraceFile)) && isDone;
  }
  for (const [index, { source, timeShift }] of files.entries()) {
    if (timeShift === undefined || hostOf[index] !== undefined) continue;
    console.error(`tandem: ${source.name}: not refined: the host's file is not here; name it as well`);
    isDone = false;
  }
  return isDone;
}

/** What is done is said on stderr: stdout is the proof's. */
async function refineOne(host: TraceFile, guest: TraceFile): Promise<boolean> {
  const { name } = guest.source;
  const mended = await mendClock(host, guest);
  if (mended.kind === 'failed') console.error(`tandem: ${name}: not refined: ${mended.why}`);
  else if (mended.kind === 'kept') console.error(`tandem: ${name}: nothing to refine, ${mended.events} events agree`);
  else {
    await amendFile(guest, [timeShiftOption(mended.timeShift, guest.header.littleEndian)]);
    const { before, events, steps } = mended;
    const was = before === undefined ? '' : `, of which ${before} were in impossible places`;
    const jumps = steps > 0 ? `; the clock stepped ${steps === 1 ? 'once' : `${steps} times`}` : '';
    console.error(`tandem: ${name}: refined by ${events} events${was}${jumps}; before: ${asideName(name)}`);
  }
  return mended.kind !== 'failed';
}
