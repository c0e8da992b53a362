/** A moment as two clocks of one machine show it. */
export interface Moment {
  readonly tsc: bigint;
  readonly clock: bigint;
}

const PASSES = 3;
/** A moment counts when it lies as near to the line as so many typical ones, or this near, ns. */
const TYPICAL = 3;
const NEAR = 1000;

/** Of a line through moments, the clock at `tsc`, less `base`. Moments that an interrupt tore apart don't count. */
export function fittedLine(moments: readonly Moment[], tsc: bigint, base: bigint): number {
  let points = moments.map((one) => ({ x: Number(one.tsc - tsc), y: Number(one.clock - base) }));
  for (let pass = 1; ; pass++) {
    const meanX = mean(points.map(({ x }) => x));
    const meanY = mean(points.map(({ y }) => y));
    const slope =
      points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) /
      points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
    if (pass === PASSES) return meanY - slope * meanX;
    const distance = ({ x, y }: { x: number; y: number }): number => Math.abs(y - meanY - slope * (x - meanX));
    const typical = points.map(distance).sort((a, b) => a - b)[points.length >> 1]!;
    points = points.filter((point) => distance(point) <= Math.max(TYPICAL * typical, NEAR));
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
