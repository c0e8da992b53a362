type Numbers = Float64Array | Uint32Array | Int32Array | Uint16Array | Int16Array | Uint8Array;

/** The array with room for `length` members; what it held stays. Grows by half, so that adding chunks stays cheap. */
export function withRoom<T extends Numbers>(numbers: T, length: number): T {
  if (length <= numbers.length) return numbers;
  const Columns = numbers.constructor as new (length: number) => T;
  const larger = new Columns(Math.max(length, 64, Math.ceil(numbers.length * 1.5)));
  larger.set(numbers);
  return larger;
}
