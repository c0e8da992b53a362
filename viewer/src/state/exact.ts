/*
 * Exact times and short lengths as text. A time is a base and a double relative to it; together they may have more
 * digits than a double, so that text is made of integers.
 */

export type Unit = 'ns' | 'ticks';

const NS_DIGITS = 9;
const FRACTION_DIGITS = 3;

/**
 * A time as trace-cmd prints it: seconds with 9 digits for ns, else the number of ticks. What is below a unit (edges of
 * a view, never an event) adds up to 3 digits.
 */
export function exactTime(base: bigint, relative: number, unit: Unit): string {
  const whole = Math.floor(relative);
  const fraction = Math.round((relative - whole) * 10 ** FRACTION_DIGITS);
  const carry = fraction === 10 ** FRACTION_DIGITS ? 1n : 0n;
  const stamp = base + BigInt(whole) + carry;
  const rest = fraction > 0 && carry === 0n ? String(fraction).padStart(FRACTION_DIGITS, '0').replace(/0+$/, '') : '';
  if (unit === 'ticks') return rest === '' ? String(stamp) : `${stamp}.${rest}`;
  return seconds(stamp) + rest;
}

/** ns as seconds with 9 digits. */
export function seconds(stamp: bigint): string {
  const digits = String(stamp < 0n ? -stamp : stamp).padStart(NS_DIGITS + 1, '0');
  const sign = stamp < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -NS_DIGITS)}.${digits.slice(-NS_DIGITS)}`;
}

/** An exact stamp as the protocol has it (ns or ticks), as times are shown. */
export function stampText(stamp: string, unit: Unit): string {
  return unit === 'ns' && /^-?\d+$/.test(stamp) ? seconds(BigInt(stamp)) : stamp;
}

/** The relative time of what `exactTime` made; undefined for other text. */
export function relativeTime(base: bigint, text: string, unit: Unit): number | undefined {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,15}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = ''] = match;
  const digits = unit === 'ns' ? NS_DIGITS : 0;
  const stamp = BigInt(`${whole}${fraction.slice(0, digits).padEnd(digits, '0')}`);
  const rest = fraction.length > digits ? Number(`0.${fraction.slice(digits)}`) : 0;
  const value = Number((sign === '-' ? -stamp : stamp) - base) + rest;
  return Number.isFinite(value) ? value : undefined;
}

const STEPS: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** A length with about 4 digits: `312 µs`, `1.204 ms`. */
export function lengthText(length: number, unit: Unit): string {
  if (unit === 'ticks') return `${countText(Math.round(length))} ticks`;
  const size = Math.abs(length);
  for (const [scale, name] of STEPS) {
    if (size >= scale) return `${short(length / scale)} ${name}`;
  }
  return `${short(length)} ns`;
}

/** Up to 4 digits. */
function short(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  const text = value.toFixed(digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export function percentText(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  return percent < 0.01 ? '< 0.01 %' : `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** With spaces between thousands. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}
