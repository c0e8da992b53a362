import { readFileSync } from 'node:fs';
import { hostname, machine, release, type } from 'node:os';
import type { TraceTexts } from '../trace-file/types.ts';
import { fsError } from './os-error.ts';
import type { TraceInstance } from './tracefs.ts';

/** Reads a file of the kernel as bytes: sizes of such files are not known before. */
function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fsError(error, path, 'can not be read');
  }
}

/**
 * Everything a reader needs to understand the events: page layout, and formats of the ftrace system and of the given
 * events by system. `top` is the top buffer; instances share its formats.
 */
export function readTraceTexts(top: TraceInstance, events: ReadonlyMap<string, readonly string[]>): TraceTexts {
  const format = (system: string) => (name: string) => readBytes(top.file('events', system, name, 'format'));
  return {
    headerPage: readBytes(top.file('events/header_page')),
    headerEvent: readBytes(top.file('events/header_event')),
    ftraceFormats: top.events('ftrace').map(format('ftrace')),
    systems: [...events]
      .filter(([system]) => system !== 'ftrace')
      .map(([name, names]) => ({ name, formats: names.map(format(name)) })),
  };
}

/** Function names and addresses; the addresses are zeros without the right to see them. */
export function readKallsyms(): Uint8Array {
  return readBytes('/proc/kallsyms');
}

export function readPrintkFormats(top: TraceInstance): Uint8Array {
  return top.has('printk_formats') ? readBytes(top.file('printk_formats')) : new Uint8Array(0);
}

/** Task names by pid, as far as the kernel kept them: read them when tracing is over. */
export function readCommandLines(top: TraceInstance): Uint8Array {
  return readBytes(top.file('saved_cmdlines'));
}

/** `Linux host 6.1.0 x86_64`, as option UNAME has it. */
export function unameText(): string {
  return `${type()} ${hostname()} ${release()} ${machine()}`;
}
