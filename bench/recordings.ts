import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stockRecord } from '../test/support/stock-recorder.ts';
import { enlarge } from './enlarge.ts';

/** A trace file to measure with. */
export interface Recording {
  readonly name: string;
  readonly path: string;
  readonly megabytes: number;
  /** A filter that keeps few events, one that keeps none, and one that asks every event and keeps none. */
  readonly filters: { readonly few: string; readonly none: string; readonly noneOfAll: string };
  /** Too large to print all of it again and again. */
  readonly isLarge: boolean;
}

/** Recordings are kept here between runs. */
export const CACHE = join(tmpdir(), 'tandem-bench');
const FUNCTION_FILE = resolve('../shared/captures/big-function/big-func.dat');
const EVENTS = ['sched', 'irq', 'timer', 'syscalls'].flatMap((system) => ['-e', system]);
/** KiB per CPU: as much as a whole recording, so that no event is lost. */
const BUFFER_KB = '300000';

const EVENT_FILTERS = {
  few: 'sched_switch: prev_prio < 100',
  none: 'sched_switch: next_pid == 4000000',
  noneOfAll: '.*: common_pid == 4000000',
};
const FUNCTION_FILTERS = {
  few: 'function: ip == "schedule_idle"',
  none: 'function: parent_ip == 1',
  noneOfAll: '.*: common_pid == 4000000',
};

/** How often the load does its work: the same for all files. */
const SCALE = 4;
/** How many times in a row the large file holds the recording of version 6. */
const ENLARGED = 4;

/** Records what is not there yet (needs root and tracefs). Version 6 gets the big files: more than 200 and 800 MB. */
export async function recordings(): Promise<Recording[]> {
  mkdirSync(CACHE, { recursive: true });
  const v6 = await recordOnce('events-v6', ['--file-version', '6']);
  const own = [
    v6,
    await enlargeOnce('events-v6-long', v6),
    await recordOnce('events-v7-zstd', ['--compression', 'zstd']),
  ];
  if (!existsSync(FUNCTION_FILE)) return own;
  return [...own, describe('function-v7-zstd', FUNCTION_FILE, FUNCTION_FILTERS)];
}

async function recordOnce(name: string, options: readonly string[]): Promise<Recording> {
  const path = join(CACHE, `${name}.dat`);
  if (!existsSync(path)) {
    const busy = [process.execPath, resolve('bench/busy.mjs'), String(SCALE)];
    const unfinished = `${name}.unfinished`;
    const { status, stderr } = await stockRecord(
      ['-o', unfinished, '-b', BUFFER_KB, ...options, ...EVENTS, ...busy],
      CACHE,
    );
    if (status !== 0) throw new Error(`trace-cmd record failed (${status}): ${stderr}`);
    renameSync(join(CACHE, unfinished), path);
  }
  return describe(name, path, EVENT_FILTERS);
}

async function enlargeOnce(name: string, { path: original }: Recording): Promise<Recording> {
  const path = join(CACHE, `${name}.dat`);
  if (!existsSync(path)) {
    await enlarge(original, `${path}.unfinished`, ENLARGED);
    renameSync(`${path}.unfinished`, path);
  }
  return { ...describe(name, path, EVENT_FILTERS), isLarge: true };
}

function describe(name: string, path: string, filters: Recording['filters']): Recording {
  return { name, path, megabytes: statSync(path).size / 1e6, filters, isLarge: false };
}
