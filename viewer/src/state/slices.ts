import { countUntil } from './ascending.ts';
import { withRoom } from './growing.ts';

/** Slices that do not overlap, with gaps between them. `keys`: what colours and names them. */
export class Slices {
  starts = new Float64Array(0);
  ends = new Float64Array(0);
  keys = new Uint32Array(0);
  /** How long those before this one last together. */
  before = new Float64Array(0);
  length = 0;

  push(start: number, end: number, key: number): void {
    const at = this.length;
    if (at === this.starts.length) {
      this.starts = withRoom(this.starts, at + 1);
      this.ends = withRoom(this.ends, at + 1);
      this.keys = withRoom(this.keys, at + 1);
      this.before = withRoom(this.before, at + 1);
    }
    this.before[at] = at === 0 ? 0 : this.before[at - 1]! + this.ends[at - 1]! - this.starts[at - 1]!;
    this.starts[at] = start;
    this.ends[at] = end;
    this.keys[at] = key;
    this.length = at + 1;
  }

  /** The slice that holds a time; -1 for none. */
  at(time: number): number {
    const place = countUntil(this.starts, this.length, time) - 1;
    return place >= 0 && time < this.ends[place]! ? place : -1;
  }
}

const MOST_LEVELS = 48;

/** Nested slices, ordered by start, by how deep they lie: a row of slices for each level. */
export class Levels {
  readonly levels: Slices[] = [];

  /** `depths` undefined: as they lie within each other. */
  append(starts: Float64Array, ends: Float64Array, keys: Uint16Array | Uint32Array, depths?: Uint8Array): void {
    for (let place = 0; place < starts.length; place++) {
      const start = starts[place]!;
      const depth = depths?.[place] ?? this.#depthAt(start);
      this.#level(Math.min(depth, MOST_LEVELS - 1)).push(start, ends[place]!, keys[place]!);
    }
  }

  #level(depth: number): Slices {
    while (this.levels.length <= depth) this.levels.push(new Slices());
    return this.levels[depth]!;
  }

  #depthAt(start: number): number {
    let depth = 0;
    for (const { ends, length } of this.levels) {
      if (length === 0 || ends[length - 1]! <= start) break;
      depth++;
    }
    return depth;
  }
}
