import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { nodeCodecs } from '../node/codecs.ts';
import { openFile } from '../node/file-source.ts';
import { guestFileCandidates } from '../timeline/pairing.ts';
import { openTrace } from '../trace-file/open.ts';
import type { TraceFile } from '../trace-file/types.ts';

/** Opens a trace file by its path. */
export async function openPath(path: string): Promise<TraceFile> {
  const source = await openFile(path);
  try {
    return await openTrace(source, nodeCodecs);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * The files of guests that lie beside their hosts' files and are not among `traces` yet. For each host, files
 * named after it are tried first, then, for guests still without one, the other files with its extension.
 */
export async function openGuests(traces: readonly TraceFile[]): Promise<TraceFile[]> {
  const known = new Set(traces.map(({ traceId }) => traceId));
  const found: TraceFile[] = [];
  for (const host of traces) {
    const wanted = new Set(host.guests.map(({ traceId }) => traceId).filter((id) => !known.has(id)));
    for await (const path of candidates(host)) {
      if (wanted.size === 0) break;
      const guest = await openCandidate(path);
      if (guest === undefined) continue;
      if (guest.traceId !== undefined && wanted.delete(guest.traceId)) {
        known.add(guest.traceId);
        found.push(guest);
      } else await guest.source.close();
    }
  }
  return found;
}

/** Files beyond this are too many to look into. */
const MOST_CANDIDATES = 64;

async function* candidates({ source, guests }: TraceFile): AsyncGenerator<string> {
  if (guests.length === 0) return;
  const folder = dirname(source.name);
  const host = basename(source.name);
  const listing = await readdir(folder).catch(() => []);
  const likely = guestFileCandidates(host, guests, listing);
  const others = listing.filter((name) => extname(name) === extname(host) && name !== host && !likely.includes(name));
  for (const name of [...likely, ...others.sort()].slice(0, MOST_CANDIDATES)) yield join(folder, name);
}

/** A file that nobody named: whatever is wrong with it, it is not a guest's. */
async function openCandidate(path: string): Promise<TraceFile | undefined> {
  try {
    return await openPath(path);
  } catch (error) {
    if (error instanceof TandemError) return undefined;
    throw error;
  }
}
