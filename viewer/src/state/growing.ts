type Numbers = Float64Array | Uint32Array | Int32Array | Uint16Array | Int16Array | Uint8Array;

/** Guesses from less than this part of a recording are none. */
const LEAST_PART = 0.05;
const RESERVE = 1.05;

/**
 * The array with room for `length` members; what it held stays. Grows by half, so that adding chunks stays cheap, or at
 * once to what it will hold, where that can be told: what of it is not used takes no memory.
 * @param part how much of all has been read that there is to be added, 0 to 1
 */
export function withRoom<T extends Numbers>(numbers: T, length: number, part = 0): T {
  if (length <= numbers.length) return numbers;
  const Columns = numbers.constructor as new (length: number) => T;
  const expected = part < LEAST_PART ? 0 : (length / part) * RESERVE;
  const larger = new Columns(Math.ceil(Math.max(length, 64, expected > length ? expected : numbers.length * 1.5)));
  larger.set(numbers);
  return larger;
}
