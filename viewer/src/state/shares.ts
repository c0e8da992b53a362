import { Marks } from './ascending.ts';
import { withRoom } from './growing.ts';

const BLOCK_BITS = 3;
const BLOCK = 1 << BLOCK_BITS;

/**
 * How long each class of slices lasted, up to any time: exact shares of a pixel at any zoom, at the same price. Slices
 * follow each other without gaps; each has a class below `classes`. Sums are kept for every 8th slice.
 */
export class Shares {
  starts = new Float64Array(0);
  kinds = new Uint8Array(0);
  length = 0;
  /** Where the last slice ends, as far as it is known. */
  end = 0;
  readonly classes: number;
  readonly #marks = new Marks();
  #sums = new Float64Array(0);

  constructor(classes: number) {
    this.classes = classes;
  }

  /** Adds slices; `classOf` tells the class of the one at a place of `starts`, `growth` is that of `withRoom`. */
  append(starts: Float64Array, classOf: (place: number) => number, growth?: number): void {
    const before = this.length;
    const length = before + starts.length;
    this.starts = withRoom(this.starts, length, growth);
    this.kinds = withRoom(this.kinds, length, growth);
    this.#sums = withRoom(this.#sums, ((length >> BLOCK_BITS) + 1) * this.classes, growth);
    this.starts.set(starts, before);
    for (let place = 0; place < starts.length; place++) this.kinds[before + place] = classOf(place);
    this.length = length;
    this.#marks.extend(this.starts, length, growth);
    this.#sum(before, length);
  }

  /** How many slices begin at or before `time`, knowing that `from` do; `stride`: a guess how many more. */
  countUntilFrom(time: number, from: number, stride: number): number {
    return this.#marks.countUntilFrom(this.starts, this.length, time, from, stride);
  }

  /** Where a slice ends. */
  endOf(at: number): number {
    return at + 1 < this.length ? this.starts[at + 1]! : this.end;
  }

  /** Sets `sums` to how long each class lasted from the first slice until `time`, which is in slice `at`. */
  until(at: number, time: number, sums: Float64Array): void {
    const { classes, starts, kinds } = this;
    const block = at >> BLOCK_BITS;
    for (let kind = 0; kind < classes; kind++) sums[kind] = this.#sums[block * classes + kind]!;
    for (let slice = block << BLOCK_BITS; slice < at; slice++) {
      sums[kinds[slice]!]! += starts[slice + 1]! - starts[slice]!;
    }
    if (at < this.length) sums[kinds[at]!]! += Math.min(time, this.endOf(at)) - starts[at]!;
  }

  /** Sums at the beginnings of blocks that became complete. */
  #sum(before: number, length: number): void {
    const { classes, starts, kinds } = this;
    const sums = this.#sums;
    for (let slice = Math.max(1, before); slice < length; slice++) {
      const block = slice >> BLOCK_BITS;
      const ended = (slice - 1) >> BLOCK_BITS;
      if (block !== ended) {
        for (let kind = 0; kind < classes; kind++) sums[block * classes + kind] = sums[ended * classes + kind]!;
        for (let inner = ended * BLOCK; inner < slice; inner++) {
          sums[block * classes + kinds[inner]!]! += starts[inner + 1]! - starts[inner]!;
        }
      }
    }
  }
}
