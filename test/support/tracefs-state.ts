import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const TRACING = '/sys/kernel/tracing';
const LOCK = '/run/lock/tandem-tracefs.lock';
/** What counts or streams, or grows by itself: no settings. */
const NOT_SETTINGS =
  /^(trace|trace_pipe.*|stats|snapshot.*|saved_(cmdlines|tgids)|free_buffer|format|header_.*|hist.*|id|available_filter.*|trace_marker.*|error_log|touched_functions|enabled_functions|dyn_ftrace.*|buffer_total_size_kb|printk_formats|uprobe_profile)$/;

/** Every setting of tracefs and what it is now, `path=value` each, instances too; those that can't be read as such. */
export function tracefsState(): string[] {
  const lines: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(TRACING, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (folder === 'instances') lines.push(`${path}/`);
        walk(path);
      } else if (!NOT_SETTINGS.test(entry.name)) lines.push(`${path}=${settingOf(path)}`);
    }
  };
  walk('');
  return lines;
}

function settingOf(path: string): string {
  try {
    return asUsed(readFileSync(join(TRACING, path), 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

/** A buffer that nobody has used since the machine started is as large as it will be: not `7 (expanded: 1408)`. */
export const asUsed = (size: string): string => size.replace(/^\d+ \(expanded: (\d+)\)/, '$1');

/** Holds the machine-wide lock of tracefs while `work` runs. */
export async function withTracefs<T>(work: () => Promise<T>): Promise<T> {
  const free = await lockTracefs();
  try {
    return await work();
  } finally {
    await free();
  }
}

/**
 * Takes the machine-wide lock of tracefs. Returns what frees it; the kernel does so too, should this process die. Other
 * users may be at work for minutes.
 */
export async function lockTracefs(): Promise<() => Promise<void>> {
  const holder = spawn('flock', [LOCK, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(createInterface(holder.stdout), 'line');
  return async () => {
    const freed = once(holder, 'exit');
    holder.stdin.end();
    await freed;
  };
}

/** Journals of runs that are over or killed. */
export const journals = (): string[] => (existsSync('/run/tandem') ? readdirSync('/run/tandem') : []);
