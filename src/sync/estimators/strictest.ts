import type { Limit } from './corridor.ts';
import type { Limits, PlacedLimit } from './limits.ts';

/** Numbers of each limit in `BurstLimits.strictest`. */
export const LIMIT_NUMBERS = 3;

const PARTS = 4;
const KEPT_PER_PART = 4;
/** Where clocks count different units, how much they part is known better later: what is the strictest may change. */
const KEPT_PER_SLOPING_PART = 8;

/** Of each quarter of a burst those limits of either side that say the most, as `BurstLimits.strictest` has them. */
export function strictest({ upper, lower }: Limits, slope: number, sample: Limit): Float64Array {
  const most = slope === 0 ? KEPT_PER_PART : KEPT_PER_SLOPING_PART;
  const kept = [...strictestOf(upper, slope, true, most), ...strictestOf(lower, slope, false, most)];
  return Float64Array.from(
    kept
      .sort((a, b) => a.place - b.place)
      .flatMap(({ isUpper, time, value }) => [Number(isUpper), time - sample.time, value - sample.value]),
  );
}

/** Those among limits that were kept, now that a better slope is known; as values on a line without a slope. */
export function levelled(limits: Float64Array, slope: number): Float64Array {
  const upper: PlacedLimit[] = [];
  const lower: PlacedLimit[] = [];
  for (let at = 0; at < limits.length; at += LIMIT_NUMBERS) {
    const [time, value] = [limits[at + 1] as number, limits[at + 2] as number];
    const list = limits[at] === 1 ? upper : lower;
    list.push({ place: at, time, value: value - slope * time });
  }
  return strictest({ upper, lower }, 0, { time: 0, value: 0 });
}

function strictestOf(
  limits: readonly PlacedLimit[],
  slope: number,
  isUpper: boolean,
  most: number,
): (PlacedLimit & { isUpper: boolean })[] {
  const length = Math.ceil(limits.length / PARTS);
  const side = isUpper ? 1 : -1;
  const level = ({ time, value }: PlacedLimit): number => side * (value - slope * time);
  return Array.from({ length: PARTS }, (_, part) => limits.slice(part * length, (part + 1) * length)).flatMap((part) =>
    part
      .sort((a, b) => level(a) - level(b))
      .slice(0, most)
      .map((limit) => ({ ...limit, isUpper })),
  );
}
