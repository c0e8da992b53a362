/*
 * Finding places in ascending columns. A picture asks for ascending times, so that it steps ahead from where it was
 * (galloping) instead of halving the whole column for every pixel.
 */

/** How many of the first `length` times are at or before `time`. */
export function countUntil(times: Float64Array, length: number, time: number): number {
  return halve(times, 0, length, time);
}

/** How many of the first `length` times are before `time`. */
export function countBefore(times: Float64Array, length: number, time: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * As `countUntil`, knowing that at least `from` are. `stride`: a guess how far ahead the answer lies; the search widens
 * from there.
 */
export function countUntilFrom(
  times: Float64Array,
  length: number,
  time: number,
  from: number,
  stride: number,
): number {
  if (from >= length || times[from]! > time) return from;
  let low = from + 1;
  let step = (stride >> 3) + 1;
  let high = Math.min(length, low + stride);
  if (high > low && times[high - 1]! > time) {
    // It lies before the guess.
    while (high - step > low && times[high - step - 1]! > time) {
      high -= step;
      step *= 2;
    }
    return halve(times, Math.max(low, high - step), high, time);
  }
  low = high;
  high = low + step;
  while (high < length && times[high - 1]! <= time) {
    low = high;
    step *= 2;
    high = low + step;
  }
  return halve(times, low, Math.min(high, length), time);
}

function halve(times: Float64Array, from: number, to: number, time: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
