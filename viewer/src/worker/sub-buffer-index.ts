const FIRST_ROOM = 64;

/** Where the sub-buffers of a lane are, and which event each begins with. Ascending in both. */
export class SubBufferIndex {
  length = 0;
  #positions = new Float64Array(FIRST_ROOM);
  #firsts = new Uint32Array(FIRST_ROOM);
  #his = new Uint32Array(FIRST_ROOM);
  #los = new Uint32Array(FIRST_ROOM);

  /** @param hi, lo the raw stamp of the first event */
  add(position: number, first: number, hi: number, lo: number): void {
    const at = this.length;
    if (at === this.#positions.length) this.#grow(2 * at);
    this.#positions[at] = position;
    this.#firsts[at] = first;
    this.#his[at] = hi;
    this.#los[at] = lo;
    this.length = at + 1;
  }

  /** The sub-buffer that holds an event; -1 if none does. */
  holding(event: number): number {
    return lastUpTo(this.#firsts, this.length, event);
  }

  /** The sub-buffer at a position; -1 if it is not known. */
  at(position: number): number {
    const found = lastUpTo(this.#positions, this.length, position);
    return found >= 0 && this.#positions[found] === position ? found : -1;
  }

  /** The first event of a sub-buffer, and its raw stamp. */
  firstOf(subBuffer: number): number {
    return this.#firsts[subBuffer]!;
  }

  stampOf(subBuffer: number): bigint {
    return (BigInt(this.#his[subBuffer]!) << 32n) | BigInt(this.#los[subBuffer]!);
  }

  #grow(room: number): void {
    const larger = <Values extends Float64Array | Uint32Array>(values: Values): Values => {
      const grown = new (values.constructor as new (length: number) => Values)(room);
      grown.set(values);
      return grown;
    };
    this.#positions = larger(this.#positions);
    this.#firsts = larger(this.#firsts);
    this.#his = larger(this.#his);
    this.#los = larger(this.#los);
  }
}

/** The last place whose value is not above another one; -1 if there is none. */
function lastUpTo(values: Float64Array | Uint32Array, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
