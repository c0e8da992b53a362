/*
 * The messages of `ptp4`. Numbers are big endian, as the header in front of them. All begin with the series: which
 * measurement of the session they belong to, counted by both ends from 1 on.
 *
 *     PROBE    guest to host   u32 series, u32 turn            turn 0, 1, 2, ..: before each one the guest stamps
 *     ECHO     host to guest   u32 series, u32 the same turn   the host has stamped the probe, and wants another one
 *     END      host to guest   u32 series, u32 the same turn   the host has enough: so many probes have been echoed
 *     STAMPS   guest to host   u32 series, u32 n, n x u64      the guest's stamps, one more than probes; 0: missing
 *                              n x u64                         when what was received before each one arrived; 0: missing
 */

export const PTP4_NAME = 'ptp4';
export const PTP4_PROBE = 1;
export const PTP4_ECHO = 2;
export const PTP4_END = 3;
export const PTP4_STAMPS = 4;

/** Most probes of one measurement: STAMPS fits into a message. */
export const PTP4_PROBE_LIMIT = 500;
/** Bytes of PROBE, ECHO, and END; STAMPS has a number there, too. */
export const PTP4_TURN_SIZE = 8;

/** Writes the payload of PROBE, ECHO, or END; returns its length. */
export function writePtp4Turn(view: DataView, offset: number, series: number, turn: number): number {
  view.setUint32(offset, series);
  view.setUint32(offset + 4, turn);
  return PTP4_TURN_SIZE;
}

export function readPtp4Series(view: DataView, offset: number): number {
  return view.getUint32(offset);
}

export function readPtp4Turn(view: DataView, offset: number): number {
  return view.getUint32(offset + 4);
}

/** What one end knows of each of its turns. */
export interface Ptp4Stamps {
  /** Before it sent; 0 where it is missing. */
  readonly sent: BigUint64Array;
  /** When the message before that had arrived. */
  readonly received: BigUint64Array;
}

/** Writes the payload of STAMPS; returns its length. */
export function writePtp4Stamps(view: DataView, offset: number, series: number, stamps: Ptp4Stamps): number {
  const { sent, received } = stamps;
  const begin = offset + writePtp4Turn(view, offset, series, sent.length);
  const middle = begin + 8 * sent.length;
  for (let i = 0; i < sent.length; i++) {
    view.setBigUint64(begin + 8 * i, sent[i] as bigint);
    view.setBigUint64(middle + 8 * i, received[i] as bigint);
  }
  return PTP4_TURN_SIZE + 16 * sent.length;
}

/** The stamps of a payload of STAMPS; undefined where it is not as long as it says. */
export function readPtp4Stamps(view: DataView, offset: number, length: number): Ptp4Stamps | undefined {
  const count = length < PTP4_TURN_SIZE ? -1 : readPtp4Turn(view, offset);
  if (PTP4_TURN_SIZE + 16 * count !== length) return undefined;
  const read = (begin: number): BigUint64Array =>
    BigUint64Array.from({ length: count }, (_, i) => view.getBigUint64(begin + 8 * i));
  const begin = offset + PTP4_TURN_SIZE;
  return { sent: read(begin), received: read(begin + 8 * count) };
}
