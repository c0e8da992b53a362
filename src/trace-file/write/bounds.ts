import { BOUNDS_TAG, NO_BOUND } from '../sync-bounds.ts';
import type { TimeShift } from '../types.ts';
import { Encoder } from './encoder.ts';

/** The bounds of all samples, as sync-bounds.ts says; undefined when there are none. */
export function encodeBounds(shift: TimeShift, littleEndian: boolean): Uint8Array | undefined {
  if (shift.cpus.every((samples) => samples.every(({ bound }) => bound === undefined))) return undefined;
  const out = new Encoder(littleEndian).bytes(BOUNDS_TAG).u32(shift.cpus.length);
  for (const samples of shift.cpus) {
    out.u32(samples.length);
    for (const { bound } of samples) out.u64(bound ?? NO_BOUND);
  }
  return out.finish();
}
