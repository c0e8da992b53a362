import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import type { U64 } from '../../../base/u64.ts';

const NONE = utf8('  ');
const OVER_A_SECOND = utf8('$ ');
const OVER_A_MILLISECOND = utf8('# ');
const OVER_100_US = utf8('! ');
const OVER_10_US = utf8('+ ');
const UNIT = utf8(' us ');
const SEPARATOR = utf8('|  ');
const WIDTH = 7;

/** The mark of a long call, two columns. `duration` is in ns; all ones is none. */
export function writeOverhead(out: ByteWriter, duration: U64): void {
  out.bytes(overhead(duration.hi, duration.lo));
}

function overhead(hi: number, lo: number): Uint8Array {
  if (hi === 0xffff_ffff && lo === 0xffff_ffff) return NONE;
  if (hi > 0 || lo > 1_000_000_000) return OVER_A_SECOND;
  if (lo > 1_000_000) return OVER_A_MILLISECOND;
  if (lo > 100_000) return OVER_100_US;
  return lo > 10_000 ? OVER_10_US : NONE;
}

/** `15.500 us   |  `: whole microseconds, with three digits of the rest while that fits. */
export function writeDuration(out: ByteWriter, duration: U64): void {
  const start = out.length;
  let rest: number;
  if (duration.isSafe()) {
    const ns = duration.toNumber();
    const us = Math.floor(ns / 1000);
    rest = ns - us * 1000;
    out.decimal(us);
  } else {
    // A return before its call: nearly 2^64.
    const ns = duration.toBigInt();
    rest = Number(ns % 1000n);
    out.text(String(ns / 1000n));
  }
  if (out.length - start < WIDTH) {
    out.byte(0x2e);
    out.zeroDecimal(rest, 3);
  }
  const width = out.length - start;
  out.bytes(UNIT);
  out.blanks(WIDTH - width);
  out.bytes(SEPARATOR);
}
