import { withRoom } from './growing.ts';

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

const MARK_BITS = 8;
/** Places that are further apart are found by marks: nearer ones are found as fast without. */
const FAR = 512;
/** How far from a guess among the times between two marks the search begins to widen. */
const GUESS_STRIDE = 8;

/**
 * Every 256th time of an ascending column, close together. Where thousands of times share a pixel, nearly all of a search
 * for the next one is among them, in a CPU's own cache, instead of all over memory.
 */
export class Marks {
  #marks = new Float64Array(0);
  #count = 0;

  /** Takes in what a column of `length` times got new. `growth` is that of `withRoom`. */
  extend(times: Float64Array, length: number, growth?: number): void {
    const count = (length + (1 << MARK_BITS) - 1) >> MARK_BITS;
    this.#marks = withRoom(this.#marks, count, growth);
    for (let mark = this.#count; mark < count; mark++) this.#marks[mark] = times[mark << MARK_BITS]!;
    this.#count = count;
  }

  /** As the function of that name, of the column that was taken in. */
  countUntilFrom(times: Float64Array, length: number, time: number, from: number, stride: number): number {
    if (stride < FAR || from >= length || times[from]! > time) return countUntilFrom(times, length, time, from, stride);
    const marks = this.#marks;
    const mark = countUntilFrom(marks, this.#count, time, from >> MARK_BITS, stride >> MARK_BITS) - 1;
    const first = mark << MARK_BITS;
    const end = Math.min(length, first + (1 << MARK_BITS));
    // As if times came evenly from this mark to the next one: the guess is near, what is around it is in few lines.
    const next = mark + 1 < this.#count ? marks[mark + 1]! : times[length - 1]!;
    const share = (time - marks[mark]!) / (next - marks[mark]! || 1);
    const guess = Math.max(from, first + Math.min(end - first - 1, Math.floor(share * (end - first))));
    if (times[guess]! <= time) return countUntilFrom(times, end, time, guess, GUESS_STRIDE);
    let low = guess;
    for (let step = GUESS_STRIDE; low > from && times[low]! > time; step *= 2) low = Math.max(from, low - step);
    return halve(times, low, guess, time);
  }
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
