import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import type { Journal } from '../kernel/journal.ts';
import { realTime } from '../kernel/libc.ts';
import { fsError } from '../kernel/os-error.ts';
import type { Tracefs, TraceInstance } from '../kernel/tracefs.ts';
import { subBufferLayout } from '../ring-buffer/layout.ts';
import { SubBufferCursor } from '../ring-buffer/record-cursor.ts';
import { NATIVE } from './native.ts';
import { subBufferSize } from './sub-buffer-size.ts';

const TRIES = 10;
const MARKER = Buffer.from('tandem');

/**
 * How many microseconds to add to a clock's times to get the time of day, as option DATE has it (`0x` hex). Markers
 * are written into an instance of its own, with the time of day taken before and after; the quickest one counts.
 */
export function measureDateOffset(clock: string, tracefs: Tracefs, journal: Journal): string {
  const name = `tandem-date-${process.pid}`;
  const instance = journal.createInstance(tracefs, name);
  instance.write(clock, 'trace_clock');
  const marker = openSync(instance.file('trace_marker'), 'w');
  let best: { readonly span: bigint; readonly offset: bigint } | undefined;
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = realTime();
      writeSync(marker, MARKER);
      const span = realTime() - before;
      const stamp = newestStamp(instance);
      if (stamp !== undefined && (best === undefined || span < best.span)) {
        best = { span, offset: before + span / 2n - stamp };
      }
    }
  } finally {
    closeSync(marker);
    instance.remove();
  }
  if (best === undefined) {
    throw new TandemError('UNSUPPORTED', '--date', 'no marker came back from the kernel', 'record without --date');
  }
  return `0x${BigInt.asUintN(64, best.offset / 1000n).toString(16)}`;
}

/** Raw time of the only event that is in a buffer, which it takes out. */
function newestStamp(instance: TraceInstance): bigint | undefined {
  const size = subBufferSize(instance);
  const headerPage = Buffer.from(instance.read('..', '..', 'events', 'header_page'));
  const layout = subBufferLayout(headerPage, { ...NATIVE, size }, 'header_page');
  const bytes = new Uint8Array(size);
  for (const cpu of instance.cpus()) {
    const length = readNow(instance.ofCpu(cpu, 'trace_pipe_raw'), bytes);
    if (length === 0) continue;
    const cursor = new SubBufferCursor(layout, cpu);
    cursor.load(bytes, 0, length);
    if (cursor.next()) return (BigInt(cursor.tsHi) << 32n) | BigInt(cursor.tsLo >>> 0);
  }
  return undefined;
}

/** Reads what is there, at most one sub-buffer. */
function readNow(path: string, bytes: Uint8Array): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readSync(fd, bytes);
  } catch (error) {
    if (['EAGAIN', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw fsError(error, path, 'can not be read');
  } finally {
    closeSync(fd);
  }
}
