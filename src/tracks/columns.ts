import type { CallColumns, EventColumns, InterruptColumns, StateColumns, TaskColumns } from './types.ts';

const FIRST_CAPACITY = 256;

type NumberArray = Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

function grown<Values extends NumberArray>(values: Values, length: number): Values {
  const Type = values.constructor as new (length: number) => Values;
  const larger = new Type(length);
  larger.set(values);
  return larger;
}

/** Events of a lane that nobody has taken yet: what is taken is not kept. */
export class EventBuffer {
  #times = new Float64Array(FIRST_CAPACITY);
  #ids = new Uint16Array(FIRST_CAPACITY);
  #pids = new Int32Array(FIRST_CAPACITY);
  #length = 0;

  push(time: number, id: number, pid: number): void {
    const at = this.#length;
    if (at === this.#times.length) this.#grow(2 * at);
    this.#times[at] = time;
    this.#ids[at] = id;
    this.#pids[at] = pid;
    this.#length = at + 1;
  }

  #grow(length: number): void {
    this.#times = grown(this.#times, length);
    this.#ids = grown(this.#ids, length);
    this.#pids = grown(this.#pids, length);
  }

  /** Copies of what is new, in memory of their own; undefined when nothing is. */
  take(): EventColumns | undefined {
    const length = this.#length;
    if (length === 0) return undefined;
    this.#length = 0;
    return {
      times: this.#times.slice(0, length),
      ids: this.#ids.slice(0, length),
      pids: this.#pids.slice(0, length),
    };
  }
}

/** Rows that are kept, and of which those that will not change any more can be taken, each once. */
abstract class KeptRows<Columns> {
  length = 0;
  #taken = 0;

  /** How many rows from the first on are final. */
  protected get final(): number {
    return this.length;
  }

  /** Rows `from` to `to`, not copied. */
  protected abstract part(from: number, to: number): Columns;

  protected abstract copy(part: Columns): Columns;

  /** Copies of what is new, in memory of their own; undefined when nothing is. */
  take(): Columns | undefined {
    const from = this.#taken;
    const to = this.final;
    if (from === to) return undefined;
    this.#taken = to;
    return this.copy(this.part(from, to));
  }

  /** All final rows so far, in memory of their own. */
  copyAll(): Columns {
    return this.copy(this.all);
  }

  /** All final rows so far, not copied: valid until the next one is added. */
  get all(): Columns {
    return this.part(0, this.final);
  }
}

/** What ran on a CPU. */
export class TaskRows extends KeptRows<TaskColumns> {
  #starts = new Float64Array(FIRST_CAPACITY);
  #pids = new Int32Array(FIRST_CAPACITY);

  push(start: number, pid: number): void {
    const at = this.length;
    if (at === this.#starts.length) {
      this.#starts = grown(this.#starts, 2 * at);
      this.#pids = grown(this.#pids, 2 * at);
    }
    this.#starts[at] = start;
    this.#pids[at] = pid;
    this.length = at + 1;
  }

  get lastStart(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : (this.#starts[this.length - 1] as number);
  }

  protected override part(from: number, to: number): TaskColumns {
    return { starts: this.#starts.subarray(from, to), pids: this.#pids.subarray(from, to) };
  }

  protected override copy({ starts, pids }: TaskColumns): TaskColumns {
    return { starts: starts.slice(), pids: pids.slice() };
  }
}

/** What a thread did. */
export class StateRows extends KeptRows<StateColumns> {
  #starts = new Float64Array(FIRST_CAPACITY);
  #states = new Uint8Array(FIRST_CAPACITY);
  #details = new Int32Array(FIRST_CAPACITY);
  #cpus = new Int16Array(FIRST_CAPACITY);

  push(start: number, state: number, detail: number, cpu: number): void {
    const at = this.length;
    if (at === this.#starts.length) this.#grow(2 * at);
    this.#starts[at] = start;
    this.#states[at] = state;
    this.#details[at] = detail;
    this.#cpus[at] = cpu;
    this.length = at + 1;
  }

  #grow(length: number): void {
    this.#starts = grown(this.#starts, length);
    this.#states = grown(this.#states, length);
    this.#details = grown(this.#details, length);
    this.#cpus = grown(this.#cpus, length);
  }

  get lastStart(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : (this.#starts[this.length - 1] as number);
  }

  protected override part(from: number, to: number): StateColumns {
    return {
      starts: this.#starts.subarray(from, to),
      states: this.#states.subarray(from, to),
      details: this.#details.subarray(from, to),
      cpus: this.#cpus.subarray(from, to),
    };
  }

  protected override copy({ starts, states, details, cpus }: StateColumns): StateColumns {
    return { starts: starts.slice(), states: states.slice(), details: details.slice(), cpus: cpus.slice() };
  }
}

/** Deepest nesting that is followed; what is deeper is left out. */
const MOST_OPEN = 256;

/**
 * Slices within slices, in the order of their starts. A row is final when neither it nor any before it is open: what
 * is open at a time lies on a stack, the outermost first. Columns besides the times are their owners'.
 */
abstract class NestedRows<Columns> extends KeptRows<Columns> {
  protected starts = new Float64Array(FIRST_CAPACITY);
  protected ends = new Float64Array(FIRST_CAPACITY);
  readonly #open = new Int32Array(MOST_OPEN);
  /** How many are open. */
  openCount = 0;

  protected override get final(): number {
    return this.openCount === 0 ? this.length : (this.#open[0] as number);
  }

  /** When the outermost open one began; Infinity: none is open. */
  get openSince(): number {
    return this.openCount === 0 ? Number.POSITIVE_INFINITY : (this.starts[this.openRow(0)] as number);
  }

  /** The row of an open slice, 0 being the outermost. */
  protected openRow(place: number): number {
    return this.#open[place] as number;
  }

  /** Opens a slice within those that are open. Its row; -1 when there are too many of them. */
  protected open(start: number): number {
    if (this.openCount === MOST_OPEN) return -1;
    const row = this.length;
    if (row === this.starts.length) this.grow(2 * row);
    this.starts[row] = start;
    this.ends[row] = start;
    this.#open[this.openCount++] = row;
    this.length = row + 1;
    return row;
  }

  protected grow(length: number): void {
    this.starts = grown(this.starts, length);
    this.ends = grown(this.ends, length);
  }

  /** Closes an open slice and all within it. */
  closeFrom(place: number, end: number): void {
    for (let at = place; at < this.openCount; at++) {
      const row = this.#open[at] as number;
      this.ends[row] = Math.max(end, this.starts[row] as number);
    }
    this.openCount = Math.min(this.openCount, place);
  }
}

/** Interrupts of a CPU. */
export class InterruptRows extends NestedRows<InterruptColumns> {
  #names = new Uint16Array(FIRST_CAPACITY);

  enter(start: number, name: number): void {
    const row = this.open(start);
    if (row >= 0) this.#names[row] = name;
  }

  openName(place: number): number {
    return this.#names[this.openRow(place)] as number;
  }

  protected override grow(length: number): void {
    super.grow(length);
    this.#names = grown(this.#names, length);
  }

  protected override part(from: number, to: number): InterruptColumns {
    const { starts, ends } = this;
    return {
      starts: starts.subarray(from, to),
      ends: ends.subarray(from, to),
      names: this.#names.subarray(from, to),
    };
  }

  protected override copy({ starts, ends, names }: InterruptColumns): InterruptColumns {
    return { starts: starts.slice(), ends: ends.slice(), names: names.slice() };
  }
}

/** Calls on a CPU. */
export class CallRows extends NestedRows<CallColumns> {
  #depths = new Uint8Array(FIRST_CAPACITY);
  #functions = new Uint32Array(FIRST_CAPACITY);

  call(start: number, depth: number, name: number): void {
    const row = this.open(start);
    if (row < 0) return;
    this.#depths[row] = Math.min(depth, 255);
    this.#functions[row] = name;
  }

  openDepth(place: number): number {
    return this.#depths[this.openRow(place)] as number;
  }

  openFunction(place: number): number {
    return this.#functions[this.openRow(place)] as number;
  }

  protected override grow(length: number): void {
    super.grow(length);
    this.#depths = grown(this.#depths, length);
    this.#functions = grown(this.#functions, length);
  }

  protected override part(from: number, to: number): CallColumns {
    const { starts, ends } = this;
    return {
      starts: starts.subarray(from, to),
      ends: ends.subarray(from, to),
      depths: this.#depths.subarray(from, to),
      functions: this.#functions.subarray(from, to),
    };
  }

  protected override copy({ starts, ends, depths, functions }: CallColumns): CallColumns {
    return { starts: starts.slice(), ends: ends.slice(), depths: depths.slice(), functions: functions.slice() };
  }
}
