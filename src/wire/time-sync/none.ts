/*
 * The messages by which the host steers the guest's sampler, under the protocol name `none`:
 *
 *     PROBE   host to guest   u16 cpu, in the host's byte order: all hosts are little endian
 *     STOP    host to guest   nothing
 */

export const CONTROL_NAME = 'none';
/** Sample this CPU next. */
export const CONTROL_PROBE = 1;
/** The last round is over. */
export const CONTROL_STOP = 2;
/** Bytes of PROBE's payload. */
export const CONTROL_PROBE_SIZE = 2;

/** Writes PROBE's payload; returns its length. */
export function writeControlProbe(view: DataView, offset: number, cpu: number): number {
  view.setUint16(offset, cpu, true);
  return CONTROL_PROBE_SIZE;
}

/** The CPU that PROBE asks for; -1 if the payload is too short. */
export function readControlProbe(view: DataView, offset: number, length: number): number {
  return length < CONTROL_PROBE_SIZE ? -1 : view.getUint16(offset, true);
}
