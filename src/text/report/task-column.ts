import { ByteWriter } from '../../base/byte-writer.ts';
import { ConstantText } from '../../base/constant-text.ts';
import type { CommTable } from '../../names/comms.ts';

const COMM_WIDTH = 16;
const LATENCY_COMM_WIDTH = 8;
const PID_WIDTH = 5;
const DASH = 0x2d;
const BLANK = 0x20;

/**
 * The task of a line, `%16s-%-5d `, or `%8.8s-%-5d ` in latency format. Kept ready per pid: a name that is known
 * never changes. For pids without a name that holds only until names are added.
 */
export class TaskColumn {
  readonly #comms: CommTable;
  readonly #latency: boolean;
  readonly #named = new Map<number, ConstantText>();
  readonly #unnamed = new Map<number, ConstantText>();
  #namesSeen = 0;
  readonly #scratch = new ByteWriter(64);

  constructor(comms: CommTable, latency: boolean) {
    this.#comms = comms;
    this.#latency = latency;
  }

  write(out: ByteWriter, pid: number): void {
    out.constant(this.of(pid));
  }

  /** The column of a task as it is now. */
  of(pid: number): ConstantText {
    return this.#named.get(pid) ?? this.#find(pid);
  }

  /** Whether the column of a task stays as it is. */
  isNamed(pid: number): boolean {
    return pid === 0 || this.#comms.has(pid);
  }

  #find(pid: number): ConstantText {
    if (this.#namesSeen !== this.#comms.size) {
      this.#namesSeen = this.#comms.size;
      this.#unnamed.clear();
    }
    const cache = this.isNamed(pid) ? this.#named : this.#unnamed;
    let column = cache.get(pid);
    if (column === undefined) {
      column = this.#format(pid);
      cache.set(pid, column);
    }
    return column;
  }

  #format(pid: number): ConstantText {
    const out = this.#scratch;
    const comm = this.#comms.get(pid);
    const length = this.#latency ? Math.min(comm.length, LATENCY_COMM_WIDTH) : comm.length;
    out.clear();
    out.blanks((this.#latency ? LATENCY_COMM_WIDTH : COMM_WIDTH) - length);
    out.slice(comm, 0, length);
    out.byte(DASH);
    const pidAt = out.length;
    out.decimal(pid);
    out.blanks(PID_WIDTH - (out.length - pidAt));
    out.byte(BLANK);
    return new ConstantText(out.view());
  }
}
