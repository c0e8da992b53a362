import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { fsError } from '../kernel/os-error.ts';
import type { GuestProof } from '../proof/types.ts';
import { type DecodedLog, decodeLog } from '../sync/log.ts';
import type { SyncSample } from '../time/types.ts';
import { pairFiles } from '../timeline/pairing.ts';
import type { TraceFile } from '../trace-file/types.ts';

/**
 * Logs of sessions by the name of the guest's file: the named one, which is that of its guest if it says so, or else
 * of the only one; and those that lie beside the files, unless they are left over from another session.
 * @throws TandemError where the named one is no log, or none of these guests'
 */
export async function readLogs(
  files: readonly TraceFile[],
  named: string | undefined,
): Promise<ReadonlyMap<string, DecodedLog>> {
  const logs = new Map<string, DecodedLog>();
  const guests = guestsAmong(files);
  for (const guest of guests) {
    const beside = `${guest.source.name}.tsync`;
    if (!existsSync(beside)) continue;
    const log = await readLog(beside);
    const problem = otherSession(guest, log);
    if (problem === undefined) logs.set(guest.source.name, log);
    else console.error(`tandem: ${beside}: left out, it is of another session: ${problem}`);
  }
  if (named !== undefined) {
    const log = await readLog(named);
    const guest = ownerOf(log, guests, named);
    const problem = otherSession(guest, log);
    if (problem !== undefined) throw new TandemError('USAGE', named, `is of another session: ${problem}`);
    logs.set(guest.source.name, log);
  }
  return logs;
}

function ownerOf({ header }: DecodedLog, guests: readonly TraceFile[], path: string): TraceFile {
  const own = guests.filter(({ source: { name } }) => basename(name, extname(name)).endsWith(header.guest));
  const [guest, ...others] = own.length > 0 ? own : guests;
  if (guest !== undefined && others.length === 0) return guest;
  const names = guests.map(({ source }) => basename(source.name)).join(', ') || 'none';
  throw new TandemError('NOT_FOUND', path, `is the log of a guest "${header.guest}"`, `the guests here are: ${names}`);
}

function guestsAmong(files: readonly TraceFile[]): TraceFile[] {
  const { hostOf } = pairFiles(files);
  return files.filter(({ timeShift }, index) => timeShift !== undefined || hostOf[index] !== undefined);
}

/** A session measures so long before and after what it records, in units, at most. */
const SLACK = 60_000_000_000n;

/** Why a log can't be of a guest's session; undefined when it can. */
function otherSession({ traceClock, timeShift }: TraceFile, { header, measurements }: DecodedLog): string | undefined {
  const clock = traceClock ?? 'local';
  const logged = header.guestClock || clock;
  if (logged !== clock) return `it measured the clock ${logged}, the guest recorded with ${clock}`;
  const stored = rangeOf((timeShift?.cpus ?? []).flat());
  const seen = rangeOf(measurements.map(({ sample }) => sample));
  if (!stored || !seen || (seen.last >= stored.first - SLACK && seen.first <= stored.last + SLACK)) return undefined;
  return `its stamps are from ${seen.first} to ${seen.last}, the file's samples from ${stored.first} to ${stored.last}`;
}

function rangeOf(samples: readonly SyncSample[]): { readonly first: bigint; readonly last: bigint } | undefined {
  const times = samples.map(({ time }) => time).sort((a, b) => (a < b ? -1 : 1));
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last };
}

/** @throws TandemError where no picture can be made of that name */
export function checkPlotName(path: string): void {
  if (extensionOf(path) !== '.svg' && extensionOf(path) !== '.png')
    throw new TandemError('USAGE', `--plot ${path}`, 'pictures are .svg or .png');
}

const extensionOf = (path: string): string => extname(path).toLowerCase();

async function readLog(path: string): Promise<DecodedLog> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new TandemError('IO', path, 'the log of probes can not be read', (error as Error).message, { cause: error });
  }
  return decodeLog(text, path);
}

/** Draws the clock of each guest into a file of its own. */
export async function drawAll(
  path: string,
  proofs: readonly GuestProof[],
  files: readonly TraceFile[],
  logs: ReadonlyMap<string, DecodedLog>,
): Promise<void> {
  const extension = extensionOf(path);
  const { clockPicture } = await import('../proof/plot/picture.ts');
  const { clockSvg } = await import('../proof/plot/svg.ts');
  for (const proof of proofs) {
    const file = files.find(({ source }) => source.name === proof.name);
    if (file === undefined) continue;
    const label = basename(proof.name);
    const svg = clockSvg(clockPicture(proof, file, label, logs.get(proof.name)));
    const target =
      proofs.length === 1 ? path : `${path.slice(0, -extension.length)}-${basename(label, '.dat')}${extension}`;
    const bytes = extension === '.svg' ? svg : await (await import('../node/png.ts')).pngOf(svg);
    await writeFile(target, bytes).catch((error: unknown) => {
      throw fsError(error, target, 'can not be written');
    });
  }
}
