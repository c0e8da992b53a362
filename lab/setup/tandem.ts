import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import bundle from '../../rolldown.config.ts';
import { CACHE, made, PROJECT } from '../folders.ts';
import { markUsed } from './prune.ts';

const NATIVE = ['koffi', '@koromix/koffi-linux-x64', '@bokuweb/zstd-wasm'];
/** Inside such packages: what is not needed to run on this machine. */
const UNUSED = /\/(doc|vendor|musl_x64|lib)$|\.(md|map|ts|c|cc|hh|h|cpp)$/;

/**
 * Tandem as guests run it: `dist/cli/main.js` in the folder that this gives, built from the sources as they are now.
 * The folder is named after what it holds.
 */
export async function buildTandem(): Promise<string> {
  const partial = join(made(CACHE), `tandem.partial-${process.pid}`);
  rmSync(partial, { recursive: true, force: true });
  const build = await rolldown({ ...bundle, cwd: PROJECT });
  await build.write({ dir: join(partial, 'dist/cli'), minify: true });
  await build.close();
  const hash = createHash('sha256');
  for (const name of readdirSync(join(partial, 'dist/cli')).sort()) {
    hash.update(name).update(readFileSync(join(partial, 'dist/cli', name)));
  }
  const folder = join(CACHE, `tandem-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) {
    rmSync(partial, { recursive: true });
    markUsed(folder);
    return folder;
  }
  cpSync(join(PROJECT, 'package.json'), join(partial, 'package.json'));
  for (const name of NATIVE) {
    const from = join(PROJECT, 'node_modules', name);
    mkdirSync(join(partial, 'node_modules', name), { recursive: true });
    cpSync(from, join(partial, 'node_modules', name), {
      recursive: true,
      filter: (path) => !UNUSED.test(path.slice(from.length)),
    });
  }
  renameSync(partial, folder);
  return folder;
}
