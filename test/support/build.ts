import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Builds what tests run as programs, once, unless what was built is newer than every source. */
export default function buildOnce(): void {
  const sources = Math.max(newest('src'), newest('test/support'));
  buildUnlessNewer('dist/cli/main.js', sources, ['npm', 'run', '--silent', 'build']);
  buildUnlessNewer('dist/viewer/index.html', Math.max(sources, newest('viewer')), ['npm', 'run', '--silent', 'build']);
  const worker = '.tmp/test/test/support/mutation/worker.js';
  buildUnlessNewer(worker, sources, ['npx', 'tsc', '-p', 'test/tsconfig.worker.json']);
}

function buildUnlessNewer(output: string, sources: number, [program, ...args]: [string, ...string[]]): void {
  if (existsSync(output) && statSync(output).mtimeMs > sources) return;
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function newest(folder: string): number {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}
