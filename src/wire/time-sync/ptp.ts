import { wrong } from '../text.ts';

/*
 * The messages of `ptp`. The guest (server) leads, and asks; the host (client) echoes START and PROBE unchanged. All
 * numbers are big endian.
 *
 *     START   both          u32 series, u32 flags         a new measurement; series counts up from 1
 *     PROBE   both          u32 count                     1, 2, .. 339
 *     END     guest, host   nothing                       the guest has enough
 *     PROBES  host, guest   u32 series, u32 count, entries { i64 stamp, u32 probe }
 *     OFFSET  guest, host   i64 time, i64 offset          the result: guest clock, and what to add to it
 *
 * In PROBES, the stamp at which probe k arrived is entry k - 1. Stock hosts always send 678 entries (their unused
 * second half is not cleared, nor in network order), of which the first `count` are valid; we send `count` only.
 */

export const PTP_NAME = 'ptp';
export const PTP_START = 1;
export const PTP_PROBE = 2;
export const PTP_PROBES = 3;
export const PTP_OFFSET = 4;
export const PTP_END = 5;

/** Flag of START: the sample is the probe with the shortest round trip. Else a histogram decides. */
export const PTP_FASTEST_RESPONSE = 1;
/** Flag of START: stamps are of markers in the trace. Else they are CLOCK_MONOTONIC_RAW. */
export const PTP_USE_MARKERS = 2;

/** Most probes of one measurement: as many as fit into PROBES twice. */
export const PTP_PROBE_LIMIT = 339;
const ENTRY_LIMIT = 2 * PTP_PROBE_LIMIT;

export const PTP_START_SIZE = 8;
export const PTP_PROBE_SIZE = 4;
export const PTP_OFFSET_SIZE = 16;
const PROBES_HEADER_SIZE = 8;
const ENTRY_SIZE = 12;

/** Writes START's payload; returns its length. */
export function writePtpStart(view: DataView, offset: number, series: number, flags: number): number {
  view.setUint32(offset, series);
  view.setUint32(offset + 4, flags);
  return PTP_START_SIZE;
}

/** The series of START, and of PROBES. */
export function readPtpSeries(view: DataView, offset: number): number {
  return view.getUint32(offset);
}

export function readPtpFlags(view: DataView, offset: number): number {
  return view.getUint32(offset + 4);
}

/** Writes PROBE's payload; returns its length. `count` begins with 1. */
export function writePtpProbe(view: DataView, offset: number, count: number): number {
  view.setUint32(offset, count);
  return PTP_PROBE_SIZE;
}

export function readPtpProbe(view: DataView, offset: number): number {
  return view.getUint32(offset);
}

/**
 * Writes PROBES with the times at which probes arrived, place k of `stamps` for probe k + 1; 0 where one is missing.
 * Returns its length.
 */
export function writePtpProbes(
  view: DataView,
  offset: number,
  series: number,
  stamps: BigUint64Array,
  count: number,
): number {
  view.setUint32(offset, series);
  view.setUint32(offset + 4, count);
  for (let index = 0; index < count; index++) {
    const entry = offset + PROBES_HEADER_SIZE + index * ENTRY_SIZE;
    const stamp = stamps[index] as bigint;
    view.setBigUint64(entry, stamp);
    view.setUint32(entry + 8, stamp === 0n ? 0 : index + 1);
  }
  return PROBES_HEADER_SIZE + count * ENTRY_SIZE;
}

/**
 * Reads PROBES: the time at which probe k + 1 arrived goes to place k of `stamps`, 0 where one is missing. Returns
 * how many places the message filled: its count, or the length of `stamps` if that is less.
 *
 * @throws TandemError (`PEER`) for a count that the payload has no room for
 */
export function readPtpProbes(
  view: DataView,
  offset: number,
  length: number,
  stamps: BigUint64Array,
  subject: string,
): number {
  if (length < PROBES_HEADER_SIZE) throw wrong(subject, `sent a list of time stamps of ${length} bytes`);
  const count = view.getUint32(offset + 4);
  if (count > ENTRY_LIMIT || PROBES_HEADER_SIZE + count * ENTRY_SIZE > length) {
    throw wrong(subject, `sent a list of ${count} time stamps in ${length} bytes`);
  }
  const used = Math.min(count, stamps.length);
  for (let index = 0; index < used; index++) {
    const entry = offset + PROBES_HEADER_SIZE + index * ENTRY_SIZE;
    stamps[index] = view.getUint32(entry + 8) === index + 1 ? view.getBigUint64(entry) : 0n;
  }
  stamps.fill(0n, used);
  return used;
}

/** Writes OFFSET's payload; returns its length. */
export function writePtpOffset(view: DataView, offset: number, time: bigint, clockOffset: bigint): number {
  view.setBigInt64(offset, time);
  view.setBigInt64(offset + 8, clockOffset);
  return PTP_OFFSET_SIZE;
}

/** The time of OFFSET's sample, guest clock. */
export function readPtpTime(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset);
}

/** What OFFSET's sample adds to the guest's clock. */
export function readPtpOffset(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset + 8);
}
