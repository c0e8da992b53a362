/*
 * The messages of `ptp4`. Numbers are big endian, as the header in front of them.
 *
 *     PROBE    guest to host   u32 turn             0, 1, 2, ..: before each one the guest stamps
 *     ECHO     host to guest   u32 the same turn    the host has stamped the probe, and wants another one
 *     END      host to guest   u32 the same turn    the host has enough: so many probes have been echoed
 *     STAMPS   guest to host   u32 n, n x u64       the guest's stamps, one more than probes; 0 where one is missing
 */

export const PTP4_NAME = 'ptp4';
export const PTP4_PROBE = 1;
export const PTP4_ECHO = 2;
export const PTP4_END = 3;
export const PTP4_STAMPS = 4;

/** Most probes of one measurement: STAMPS fits into a message. */
export const PTP4_PROBE_LIMIT = 500;
export const PTP4_COUNT_SIZE = 4;

/** Writes the payload of PROBE, ECHO, or END; returns its length. */
export function writePtp4Count(view: DataView, offset: number, count: number): number {
  view.setUint32(offset, count);
  return PTP4_COUNT_SIZE;
}

export function readPtp4Count(view: DataView, offset: number): number {
  return view.getUint32(offset);
}

/** Writes the payload of STAMPS; returns its length. */
export function writePtp4Stamps(view: DataView, offset: number, stamps: BigUint64Array): number {
  view.setUint32(offset, stamps.length);
  for (let i = 0; i < stamps.length; i++) view.setBigUint64(offset + 4 + 8 * i, stamps[i] as bigint);
  return 4 + 8 * stamps.length;
}

/** The stamps of a payload of STAMPS; undefined where it is not as long as it says. */
export function readPtp4Stamps(view: DataView, offset: number, length: number): BigUint64Array | undefined {
  const count = length < 4 ? -1 : view.getUint32(offset);
  if (4 + 8 * count !== length) return undefined;
  return BigUint64Array.from({ length: count }, (_, i) => view.getBigUint64(offset + 4 + 8 * i));
}
