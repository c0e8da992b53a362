type Numbers = Float64Array | Uint32Array | Int32Array | Uint16Array | Int16Array | Uint8Array;

const FIRST_LENGTH = 64;
/** Adding chunks stays cheap. */
const LEAST_GROWTH = 1.5;
/** Early guesses are bold. */
const MOST_GROWTH = 8;

/**
 * The array with room for `length` members; what it held stays.
 *
 * @param growth how many times as long it is going to be, as far as can be told. Room that is never used costs nothing,
 *   memory that is touched for the first time costs more than what is copied there
 */
export function withRoom<T extends Numbers>(numbers: T, length: number, growth = LEAST_GROWTH): T {
  if (length <= numbers.length) return numbers;
  const Columns = numbers.constructor as new (length: number) => T;
  const factor = Math.min(MOST_GROWTH, Math.max(LEAST_GROWTH, growth));
  const larger = new Columns(Math.ceil(Math.max(FIRST_LENGTH, length * factor)));
  larger.set(numbers);
  return larger;
}
