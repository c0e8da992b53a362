import { U64 } from '../../../base/u64.ts';
import type { FamilyFactory } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { writeAddress } from './function.ts';

const callSite = new U64();

/** Who asked for memory, if that has a name: `(NAME+0x1a) `, and then the print format. */
export const allocation: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const field = text.number('call_site');
  if (field === undefined) return undefined;
  const { symbols } = context.env;
  text.add((out, record) => {
    field.read(record, callSite);
    const symbol = symbols.find(callSite.hi, callSite.lo);
    if (symbol === undefined) return;
    out.byte(0x28);
    out.constant(symbol.name);
    out.byte(0x2b);
    writeAddress(out, 0, (callSite.lo - symbol.lo) >>> 0);
    out.byte(0x29);
    out.byte(0x20);
  });
  return text.thenPrintFormat().writer();
};
