import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../folders.ts';

/** Newer ones may be those of a lab that is up. */
const KEPT = 4;
/** What was being made that long ago is made no more. */
const ABANDONED_MS = 3_600_000;
const KINDS = [/^initramfs-small-/, /^initramfs-tandem-/, /^tandem-/];

/** Removes from the cache what was built of sources that have changed since, and what was never finished. */
export function pruneCache(): void {
  for (const path of readdirSync(CACHE).map((name) => join(CACHE, name))) {
    if (path.includes('.partial') && Date.now() - statSync(path).mtimeMs > ABANDONED_MS)
      rmSync(path, { recursive: true });
  }
  for (const kind of KINDS) {
    const paths = readdirSync(CACHE)
      .filter((name) => kind.test(name))
      .map((name) => join(CACHE, name))
      .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const path of paths.slice(KEPT)) rmSync(path, { recursive: true });
  }
}

/** Makes it the newest. */
export function markUsed(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}
