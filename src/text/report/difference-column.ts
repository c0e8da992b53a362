import { ByteWriter } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';

const WIDTH = 8;
const TWO_32 = 0x1_0000_0000;
/** Below this upper half a time plus its rounding is an exact number. */
const EXACT_HI = 0x1f_ffff;
const BLANK = 0x20;
const OPEN = 0x28;
const PLUS = 0x2b;
const CLOSE = 0x29;

/**
 * `" %-8s"` of `(+N)`: the time since the line before, whichever file that one came from; empty for the first line.
 * One for a whole report.
 */
export class DifferenceColumn {
  readonly #time = new U64();
  readonly #last = new U64();
  readonly #text = new ByteWriter(32);

  /** `inMicroseconds`: both times are taken rounded to microseconds. As signed numbers: `(+-12)`. */
  write(out: ByteWriter, hi: number, lo: number, inMicroseconds: boolean): void {
    const time = this.#time;
    const last = this.#last;
    time.set(hi, lo);
    if (inMicroseconds) toMicroseconds(time);
    const text = this.#text;
    text.clear();
    text.byte(BLANK);
    // A time of 0 counts as none, as in trace-cmd.
    if (last.hi !== 0 || last.lo !== 0) {
      const borrow = time.lo < last.lo ? 1 : 0;
      last.set(time.hi - last.hi - borrow, time.lo - last.lo);
      text.byte(OPEN);
      text.byte(PLUS);
      text.decimalI64(last);
      text.byte(CLOSE);
    }
    last.set(time.hi, time.lo);
    text.blanks(WIDTH + 1 - text.length);
    out.bytes(text.view());
  }
}

/** (time + 500) / 1000, wrapping as unsigned 64-bit numbers do. */
function toMicroseconds(time: U64): void {
  if (time.hi < EXACT_HI) time.setNumber(Math.floor((time.hi * TWO_32 + time.lo + 500) / 1000));
  else time.setBigInt(BigInt.asUintN(64, time.toBigInt() + 500n) / 1000n);
}
