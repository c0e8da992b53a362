import koffi from 'koffi';

/*
 * CLOCK_TAI is CLOCK_REALTIME and a number of seconds that can be set: a clock that can be made to jump without anybody
 * noticing but who reads it, as the trace clock `tai` does. See adjtimex(2).
 */

const ADJ_TAI = 0x80;
/** struct timex: u32 modes, i64 constant, i32 tai, and others. */
const TIMEX_SIZE = 208;
const CONSTANT_AT = 48;
const TAI_AT = 160;

type Adjust = (timex: Uint8Array) => number;
let adjust: Adjust | undefined;

function adjtimex(fill: (timex: DataView) => void): DataView {
  adjust ??= koffi.load('libc.so.6').func('int adjtimex(_Inout_ uint8_t *timex)') as unknown as Adjust;
  const timex = new Uint8Array(TIMEX_SIZE);
  fill(new DataView(timex.buffer));
  if (adjust(timex) < 0) throw new Error(`adjtimex: errno ${koffi.errno()}`);
  return new DataView(timex.buffer);
}

/** Seconds that CLOCK_TAI is ahead of CLOCK_REALTIME. */
export const taiOffset = (): number => adjtimex(() => {}).getInt32(TAI_AT, true);

export function setTaiOffset(seconds: number): void {
  adjtimex((timex) => {
    timex.setUint32(0, ADJ_TAI, true);
    timex.setBigInt64(CONSTANT_AT, BigInt(seconds), true);
  });
}

/** Why this machine's clock can't be set; undefined where it can. */
export function taiFixed(): string | undefined {
  try {
    setTaiOffset(taiOffset());
    return undefined;
  } catch (error) {
    return `the clock can not be set: ${(error as Error).message}`;
  }
}
