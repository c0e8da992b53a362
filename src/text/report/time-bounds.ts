import { TandemError } from '../../base/errors.ts';
import type { HostTime } from '../../time/types.ts';
import type { TimeRange } from '../../timeline/raw-range.ts';
import type { TimeStyle } from './time-column.ts';

const NANOSECOND_DIGITS = 9;
const MICROSECOND_DIGITS = 6;
const HALF_MICROSECOND = 500n;
const LAST_TIME = (1n << 64n) - 1n;

/**
 * The range of `--from` and `--to`, times as the column of that style shows them. Seconds with up to six digits are
 * compared with the rounded column, so that a time copied from a line includes that line.
 * Throws a TandemError (USAGE).
 */
export function timeRange(from: string | undefined, to: string | undefined, style: TimeStyle): TimeRange {
  const start = from === undefined ? undefined : parseTime('--from', from, style);
  const end = to === undefined ? undefined : parseTime('--to', to, style);
  return {
    from: start && clamped(start.time - (start.rounded ? HALF_MICROSECOND : 0n)),
    to: end && clamped(end.time + (end.rounded ? HALF_MICROSECOND - 1n : 0n)),
  };
}

const clamped = (time: bigint): HostTime => (time < 0n ? 0n : time > LAST_TIME ? LAST_TIME : time) as HostTime;

function parseTime(option: string, text: string, style: TimeStyle): { time: bigint; rounded: boolean } {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (match === null || (style === 'integer' && match[2] !== undefined)) {
    const example = style === 'integer' ? 'a whole number, as this clock counts' : 'seconds like 12.345678';
    throw new TandemError('USAGE', `${option} ${text}`, 'is no time', `write ${example}`);
  }
  if (style === 'integer') return { time: BigInt(match[1] as string), rounded: false };
  const fraction = match[2] ?? '';
  const time = BigInt((match[1] as string) + fraction.padEnd(NANOSECOND_DIGITS, '0'));
  return { time, rounded: style === 'microseconds' && fraction.length <= MICROSECOND_DIGITS };
}
