import { closeSync, openSync, readSync } from 'node:fs';
import { hostname, machine, release, type } from 'node:os';
import type { TraceTexts } from '../trace-file/types.ts';
import { fsError } from './os-error.ts';
import type { TraceInstance } from './tracefs.ts';

/**
 * Reads a file of the kernel into memory that is large enough, or into twice as much. Sizes of such files are not known
 * before, and to get new memory piece by piece takes as long as reading.
 */
function readInto(memory: Buffer, path: string): { readonly memory: Buffer; readonly length: number } {
  try {
    const fd = openSync(path, 'r');
    try {
      for (let [room, length] = [memory, 0]; ; ) {
        const count = readSync(fd, room, length, room.length - length, null);
        length += count;
        if (count === 0) return { memory: room, length };
        if (length === room.length) room = Buffer.concat([room], 2 * length);
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fsError(error, path, 'can not be read');
  }
}

let scratch: Buffer = Buffer.allocUnsafeSlow(1 << 16);

function readBytes(path: string): Uint8Array {
  const { memory, length } = readInto(scratch, path);
  scratch = memory;
  return new Uint8Array(memory.subarray(0, length));
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

/** More than symbols of usual kernels take. What is not used of it is never there. */
const KALLSYMS_BYTES = 1 << 24;

/** Function names and addresses; the addresses are zeros without the right to see them. */
export function readKallsyms(): Uint8Array {
  const { memory, length } = readInto(Buffer.allocUnsafeSlow(KALLSYMS_BYTES), '/proc/kallsyms');
  return memory.subarray(0, length);
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
