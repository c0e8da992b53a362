import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SHARE } from '../folders.ts';

/** The logs of all machines: kernel, QEMU and agent. */
export function keepLogs(folder: string): void {
  for (const machine of existsSync(SHARE) ? readdirSync(SHARE) : []) {
    const logs = readdirSync(join(SHARE, machine)).filter((name) => name.endsWith('.log'));
    mkdirSync(join(folder, machine), { recursive: true });
    for (const log of logs) cpSync(join(SHARE, machine, log), join(folder, machine, log));
  }
}
