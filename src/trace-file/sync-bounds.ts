import type { TimeShift } from './types.ts';

/**
 * The bounds of TIME_SHIFT's samples, behind the DONE of the options section that has the option (version 7 only):
 * 8 bytes "tandemEB", u32 CPUs; per CPU u32 n and n u64 bounds, in the order of the samples. docs/time-sync-protocols.md
 * says why there.
 */
export const BOUNDS_TAG = Uint8Array.from([...'tandemEB'].map((char) => char.charCodeAt(0)));
/** Stands for a bound that is not known. */
export const NO_BOUND = (1n << 64n) - 1n;

/** The samples with the bounds that `bytes` holds for them; unchanged where it holds none, or those of others. */
export function withBounds(shift: TimeShift, bytes: Uint8Array, littleEndian: boolean): TimeShift {
  const head = BOUNDS_TAG.length + 4;
  const samples = shift.cpus.reduce((sum, list) => sum + list.length, 0);
  if (bytes.length < head + 4 * shift.cpus.length + 8 * samples) return shift;
  if (BOUNDS_TAG.some((byte, at) => bytes[at] !== byte)) return shift;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(BOUNDS_TAG.length, littleEndian) !== shift.cpus.length) return shift;
  let at = head;
  let fits = true;
  const cpus = shift.cpus.map((list) => {
    fits &&= view.getUint32(at, littleEndian) === list.length;
    at += 4;
    return list.map((sample) => {
      const bound = view.getBigUint64(at, littleEndian);
      at += 8;
      return { ...sample, bound: bound === NO_BOUND ? undefined : bound };
    });
  });
  return fits ? { ...shift, cpus } : shift;
}
