import { LIMITS } from '../types.ts';

/** Counts distances by size. */
export class DistanceCounts {
  readonly counts = new Array<number>(LIMITS.length + 1).fill(0);
  total = 0;
  worst = 0;

  add(distance: number): void {
    let at = 0;
    while (at < LIMITS.length && distance >= (LIMITS[at] as number)) at++;
    this.counts[at]!++;
    this.total++;
    if (distance > this.worst) this.worst = distance;
  }
}
