import { least, type Mapping, STAMP_LIMIT } from './piecewise.ts';

/** What can be searched: a function that keeps one direction within each stretch. */
export interface Searchable {
  at(stamp: bigint): bigint;
  readonly stretches: readonly bigint[];
}

/** `outer` of `inner`, plus a constant. `outer` must rise throughout. */
export function composed(inner: Searchable, outer: Pick<Mapping, 'at'>, constant: bigint): Searchable {
  return { at: (stamp) => outer.at(inner.at(stamp)) + constant, stretches: inner.stretches };
}

/** First and last stamp of each stretch that is not empty. */
function ranges({ stretches }: Searchable): [bigint, bigint][] {
  return stretches.flatMap((start, i): [bigint, bigint][] => {
    const end = least(stretches[i + 1] ?? STAMP_LIMIT, STAMP_LIMIT);
    return start < end ? [[start, end - 1n]] : [];
  });
}

/** Whether a later stamp never has a smaller value. */
export function isRising(mapping: Searchable): boolean {
  let before: bigint | undefined;
  return ranges(mapping).every(([first, last]) => {
    const start = mapping.at(first);
    const end = mapping.at(last);
    const rises = start <= end && (before === undefined || before <= start);
    before = end;
    return rises;
  });
}

/** The first stamp whose value is `value` or more. */
export function firstAtOrAfter(mapping: Searchable, value: bigint): bigint | undefined {
  for (const [first, last] of ranges(mapping)) {
    if (mapping.at(first) >= value) return first;
    if (mapping.at(last) >= value) return bisect(first, last, (stamp) => mapping.at(stamp) >= value);
  }
  return undefined;
}

/** The last stamp whose value is `value` or less. */
export function lastAtOrBefore(mapping: Searchable, value: bigint): bigint | undefined {
  for (const [first, last] of ranges(mapping).reverse()) {
    if (mapping.at(last) <= value) return last;
    if (mapping.at(first) <= value) return bisect(first, last, (stamp) => mapping.at(stamp) > value) - 1n;
  }
  return undefined;
}

/** The first stamp in first..last that holds, where it does not hold for `first` but does for `last`. */
function bisect(first: bigint, last: bigint, holds: (stamp: bigint) => boolean): bigint {
  let low = first;
  let high = last;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
