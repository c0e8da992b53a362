import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { fsError } from '../kernel/os-error.ts';
import type { GuestProof } from '../proof/types.ts';
import { type DecodedLog, decodeLog } from '../sync/log.ts';
import type { TraceFile } from '../trace-file/types.ts';

/**
 * Logs of sessions by the name of the guest's file: the named one, which is that of its guest if it says so, or else
 * of the only one; and those that lie beside the files.
 */
export async function readLogs(
  files: readonly TraceFile[],
  named: string | undefined,
): Promise<ReadonlyMap<string, DecodedLog>> {
  const logs = new Map<string, DecodedLog>();
  const guests = files.filter(({ timeShift }) => timeShift !== undefined).map(({ source }) => source.name);
  for (const guest of guests) {
    const beside = `${guest}.tsync`;
    if (existsSync(beside)) logs.set(guest, await readLog(beside));
  }
  if (named !== undefined) {
    const log = await readLog(named);
    const own = guests.find((guest) => basename(guest, extname(guest)).endsWith(log.header.guest)) ?? guests[0];
    if (own !== undefined) logs.set(own, log);
  }
  return logs;
}

async function readLog(path: string): Promise<DecodedLog> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fsError(error, path, 'can not be read');
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
  const extension = extname(path).toLowerCase();
  if (extension !== '.svg' && extension !== '.png') {
    throw new TandemError('USAGE', `--plot ${path}`, 'pictures are .svg or .png');
  }
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
