import { U64 } from '../../../base/u64.ts';
import { TextCache } from '../../../format/print-fmt/program/text-cache.ts';
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
  const callers = new TextCache((out, hi, lo) => {
    const symbol = symbols.find(hi, lo);
    if (symbol === undefined) return;
    out.byte(0x28);
    out.constant(symbol.name);
    out.byte(0x2b);
    writeAddress(out, 0, (lo - symbol.lo) >>> 0);
    out.byte(0x29);
    out.byte(0x20);
  });
  text.add((out, record) => {
    field.read(record, callSite);
    callers.append(out, callSite.hi, callSite.lo);
  });
  return text.thenPrintFormat().writer();
};
