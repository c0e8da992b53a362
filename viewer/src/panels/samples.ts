/** What is left of offsets when the line that fits them best is taken away. */
export function residuals(times: Float64Array, offsets: Float64Array): Float64Array {
  const count = times.length;
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / count;
  const [time, offset] = [mean(times), mean(offsets)];
  let product = 0;
  let square = 0;
  for (let at = 0; at < count; at++) {
    product += (times[at]! - time) * (offsets[at]! - offset);
    square += (times[at]! - time) ** 2;
  }
  const slope = square > 0 ? product / square : 0;
  return offsets.map((value, at) => value - offset - slope * (times[at]! - time));
}

/** How many values lie in each of `bins` equal parts of their range. `edges`: where parts begin. */
export function histogram(values: Float64Array, bins: number): { edges: Float64Array; counts: Float64Array } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const width = Math.max((most - least) / bins, Number.MIN_VALUE);
  const counts = new Float64Array(bins);
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - least) / width))]!++;
  return { edges: Float64Array.from(counts, (_, bin) => least + bin * width), counts };
}
