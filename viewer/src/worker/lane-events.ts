import type { EventColumns } from '../../../src/tracks/types.ts';

const SEGMENT_BITS = 16;
const SEGMENT = 1 << SEGMENT_BITS;
const FIRST_SEGMENT = 1 << 8;

/** The events of a lane as the worker keeps them, in pieces: they grow without being copied. */
export class LaneEvents {
  length = 0;
  readonly #times: Float64Array[] = [];
  readonly #ids: Uint16Array[] = [];
  readonly #pids: Int32Array[] = [];

  timeAt(event: number): number {
    return this.#times[event >>> SEGMENT_BITS]![event & (SEGMENT - 1)]!;
  }

  idAt(event: number): number {
    return this.#ids[event >>> SEGMENT_BITS]![event & (SEGMENT - 1)]!;
  }

  pidAt(event: number): number {
    return this.#pids[event >>> SEGMENT_BITS]![event & (SEGMENT - 1)]!;
  }

  append({ times, ids, pids }: EventColumns): void {
    for (let from = 0; from < times.length; ) {
      const segment = this.length >>> SEGMENT_BITS;
      const at = this.length & (SEGMENT - 1);
      const count = Math.min(times.length - from, SEGMENT - at);
      this.#times[segment] = withRoom(this.#times[segment] ?? new Float64Array(0), at + count);
      this.#ids[segment] = withRoom(this.#ids[segment] ?? new Uint16Array(0), at + count);
      this.#pids[segment] = withRoom(this.#pids[segment] ?? new Int32Array(0), at + count);
      this.#times[segment].set(times.subarray(from, from + count), at);
      this.#ids[segment].set(ids.subarray(from, from + count), at);
      this.#pids[segment].set(pids.subarray(from, from + count), at);
      from += count;
      this.length += count;
    }
  }
}

function withRoom<Values extends Float64Array | Uint16Array | Int32Array>(values: Values, length: number): Values {
  if (values.length >= length) return values;
  const Type = values.constructor as new (length: number) => Values;
  const larger = new Type(Math.min(SEGMENT, Math.max(FIRST_SEGMENT, length, 2 * values.length)));
  larger.set(values);
  return larger;
}
