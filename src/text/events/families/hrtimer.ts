import { ConstantText } from '../../../base/constant-text.ts';
import { U64 } from '../../../base/u64.ts';
import type { FamilyFactory, TextContext } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { hex, unsigned } from '../pieces.ts';

const DISTANCE = new ConstantText('/0x');
/** trace-cmd puts the function's text together in a buffer of 128 bytes. */
const LONGEST = 127;
const address = new U64();

/** Old kernels call the field `timer`. */
function addTimer(text: InfoBuilder): void {
  text.add('hrtimer=');
  if (text.number('timer')) text.print('0x', 'timer', hex);
  else text.print('0x', 'hrtimer', hex);
}

/** ` function=NAME/0x…`: behind the slash how far it is from the address to the function's start, so mostly 0. */
function addFunction(text: InfoBuilder, context: TextContext): void {
  const field = text.number('function');
  if (field === undefined) return;
  const { symbols } = context.env;
  text.add(' function=', (out, record) => {
    field.read(record, address);
    const start = out.length;
    const symbol = symbols.find(address.hi, address.lo);
    if (symbol === undefined) {
      out.byte(0x30);
      out.byte(0x78);
      out.hex64(address.hi, address.lo, 8);
      return;
    }
    out.constant(symbol.name);
    const lo = symbol.lo - address.lo;
    out.constant(DISTANCE);
    out.hex64((symbol.hi - address.hi - (lo < 0 ? 1 : 0)) >>> 0, lo >>> 0);
    if (out.length - start > LONGEST) out.truncate(start + LONGEST);
  });
}

export const hrtimerStart: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  addTimer(text);
  addFunction(text, context);
  text.add(' expires=').print('', 'expires', unsigned);
  text.add(' softexpires=').print('', 'softexpires', unsigned);
  return text.writer();
};

export const hrtimerExpireEntry: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  addTimer(text);
  text.add(' now=').print('', 'now', unsigned);
  addFunction(text, context);
  return text.writer();
};
