import { closeSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import { perfEventOpen, readMapping } from './libc.ts';
import { fsError } from './os-error.ts';

/** How the kernel turns TSC ticks into ns: `(ticks * multiplier) >> shift`. */
export interface TscScale {
  readonly multiplier: number;
  readonly shift: number;
}

/** struct perf_event_attr, of which size and the type are set: config 0 is the CPU clock. */
const ATTR_SIZE = 72;
const ATTR_SIZE_AT = 4;
const ATTR_TYPE_SOFTWARE = 1;
/** In struct perf_event_mmap_page: `u16 time_shift; u32 time_mult`, behind times, capabilities and `u16 pmc_width`. */
const TIME_SHIFT_AT = 50;
const TIME_MULT_AT = 52;
const PERF_PAGE = 4096;

/**
 * Reads the scale from the perf pages of these CPUs (perf_event_open(2), "time_mult"). Throws UNSUPPORTED where the
 * machine has none, or not the same on every CPU.
 */
export const readTscScale = (cpus: readonly number[]): TscScale =>
  commonScale(new Map(cpus.map((cpu) => [cpu, scaleOf(cpu)])));

/** The scale that all CPUs have. */
export function commonScale(byCpu: ReadonlyMap<number, TscScale>): TscScale {
  const subject = 'TSC to nanoseconds';
  const [[firstCpu, first] = [], ...others] = byCpu;
  if (first === undefined || first.multiplier === 0) {
    throw new TandemError('UNSUPPORTED', subject, "this kernel's perf gives no multiplier", 'record with another -C');
  }
  const odd = others.find(([, { multiplier, shift }]) => multiplier !== first.multiplier || shift !== first.shift);
  if (odd !== undefined) {
    const problem = `CPU ${odd[0]} ticks at another rate than CPU ${firstCpu}`;
    throw new TandemError('UNSUPPORTED', subject, problem, 'record with another -C');
  }
  return first;
}

function scaleOf(cpu: number): TscScale {
  const attr = new Uint8Array(ATTR_SIZE);
  const view = new DataView(attr.buffer);
  view.setUint32(0, ATTR_TYPE_SOFTWARE, true);
  view.setUint32(ATTR_SIZE_AT, ATTR_SIZE, true);
  const fd = perfEventOpen(attr, cpu);
  try {
    return scaleIn(readMapping(fd, PERF_PAGE, TIME_MULT_AT + 4, `perf page of CPU ${cpu}`));
  } catch (error) {
    throw fsError(error, `CPU ${cpu}`, 'its perf page can not be read');
  } finally {
    closeSync(fd);
  }
}

/** The scale in a struct perf_event_mmap_page. */
export function scaleIn(page: Uint8Array): TscScale {
  const fields = new DataView(page.buffer, page.byteOffset);
  return { multiplier: fields.getUint32(TIME_MULT_AT, true), shift: fields.getUint16(TIME_SHIFT_AT, true) };
}
