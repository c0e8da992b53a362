import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type RunResult, run } from './run.ts';
import { asUsed, withTracefs } from './tracefs-state.ts';

const TRACING = '/sys/kernel/tracing';
const INSTANCES = '/sys/kernel/tracing/instances';
const FTRACE_ENABLED = '/proc/sys/kernel/ftrace_enabled';
const FUNCTION_FILES = ['set_ftrace_filter', 'set_ftrace_notrace', 'set_ftrace_pid', 'set_ftrace_notrace_pid'];
const RECORD_TIMEOUT_MS = 60_000;

/** A program that keeps the kernel busy: what recordings are made of. */
export function workload(scale = 1): string[] {
  return [process.execPath, resolve('test/support/workload.mjs'), String(scale)];
}

/**
 * Runs `trace-cmd record` with these arguments, then leaves tracefs as it was. `scratch` takes the helper files.
 * Instances named with -B are made here and removed again.
 * Needs root. Other programs that use this function wait for their turn: tracefs is one for the whole machine.
 */
export async function stockRecord(args: readonly string[], scratch: string): Promise<RunResult> {
  const instances = args.filter((_, index) => args[index - 1] === '-B');
  return withTracefs(() => withStock(instances, scratch, (traceCmd) => traceCmd('record', ...args)));
}

export type TraceCmd = (...args: readonly string[]) => Promise<RunResult>;

/**
 * Gives `work` a trace-cmd that runs also where the function tracer is forbidden, then leaves tracefs as it was.
 * Makes these instances before, and removes them. The lock on tracefs must be held.
 */
export async function withStock<T>(
  instances: readonly string[],
  scratch: string,
  work: (traceCmd: TraceCmd) => Promise<T>,
): Promise<T> {
  const before = readState();
  const paths = instances.map((name) => join(INSTANCES, name));
  try {
    for (const path of paths) mkdirSync(path);
    const hidden = hiding([TRACING, ...paths], scratch);
    return await work((...args) =>
      run('unshare', ['-m', '--propagation', 'private', ...hidden, 'trace-cmd', ...args], {
        cwd: scratch,
        timeoutMs: RECORD_TIMEOUT_MS,
      }),
    );
  } finally {
    restoreState(before);
  }
}

/**
 * Some kernels forbid the function tracer, and trace-cmd gives up on that even when asked for events only. Such files
 * are covered with plain ones, in the mount namespace of the recorder alone. Gives the start of a command line, to be
 * run by `unshare -m`.
 */
export function hiding(folders: readonly string[], scratch: string): string[] {
  const mounts = forbiddenFiles(folders).map((path, index) => {
    const cover = join(scratch, `cover-${index}`);
    writeFileSync(cover, path === FTRACE_ENABLED ? '1\n' : '');
    return `mount --bind '${cover}' '${path}' && `;
  });
  return ['sh', '-c', `${mounts.join('')}exec "$@"`, 'sh'];
}

function forbiddenFiles(folders: readonly string[]): string[] {
  const filters = folders.flatMap((folder) => FUNCTION_FILES.map((name) => join(folder, name)));
  const forbidden = filters.filter((path) => !canOpen(path));
  return rewritable(FTRACE_ENABLED) ? forbidden : [FTRACE_ENABLED, ...forbidden];
}

/** Whether a file can be opened; one that is not there needs no opening. */
function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Whether a setting can be written: writes what it already holds. */
function rewritable(path: string): boolean {
  try {
    writeFileSync(path, readFileSync(path));
    return true;
  } catch {
    return false;
  }
}

/** What a recorder may change in the top instance, and the names of the other instances. */
interface State {
  readonly tracingOn: string;
  readonly clock: string;
  readonly tracer: string;
  readonly sizeKb: string;
  readonly events: readonly string[];
  readonly options: readonly string[];
  readonly instances: readonly string[];
}

function readState(): State {
  const read = (name: string): string => readFileSync(join(TRACING, name), 'utf8').trim();
  return {
    tracingOn: read('tracing_on'),
    clock: /\[(.+?)\]/.exec(read('trace_clock'))?.[1] ?? 'local',
    tracer: read('current_tracer'),
    sizeKb: asUsed(read('buffer_size_kb')),
    events: read('set_event').split('\n').filter(Boolean),
    options: read('trace_options').split('\n'),
    instances: readdirSync(INSTANCES),
  };
}

/** Writes only what differs: after an orderly end of the recorder that is nothing. */
function restoreState(before: State): void {
  const now = readState();
  const write = (name: string, value: string): void => writeFileSync(join(TRACING, name), value);
  for (const name of now.instances) if (!before.instances.includes(name)) rmdirSync(join(INSTANCES, name));
  if (now.tracer !== before.tracer) write('current_tracer', before.tracer);
  if (now.clock !== before.clock) write('trace_clock', before.clock);
  if (now.sizeKb !== before.sizeKb) write('buffer_size_kb', before.sizeKb);
  if (now.events.join() !== before.events.join()) {
    write('set_event', '');
    for (const event of before.events) writeFileSync(join(TRACING, 'set_event'), event, { flag: 'a' });
  }
  for (const option of before.options) if (!now.options.includes(option)) write('trace_options', option);
  if (now.tracingOn !== before.tracingOn) write('tracing_on', before.tracingOn);
}
