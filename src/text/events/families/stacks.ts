import { utf8 } from '../../../base/byte-writer.ts';
import { findField } from '../../../format/event-format.ts';
import type { FamilyFactory } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { writeFunction } from './function.ts';

const NEWLINE = 0x0a;
const ARROW = utf8('=> ');
/** A word with these low bits ends the list. */
const END = 0xffff_ffff;

/** The kernel's call stack: a line for each return address up to the end mark or the record's end. */
export const kernelStack: FamilyFactory = (event, context) => {
  const field = findField(event, 'caller');
  const text = new InfoBuilder(event, context);
  if (field === undefined) return text.add('<CANT FIND FIELD caller>').writer();
  const { symbols, littleEndian, longSize } = context.env;
  const withOffset = context.options.isSet('offset');
  const loAt = littleEndian || longSize === 4 ? 0 : 4;
  text.add('<stack trace >\n', (out, record) => {
    for (let at = record.start + field.offset; at + longSize <= record.end; at += longSize) {
      const lo = record.view.getUint32(at + loAt, littleEndian);
      if (lo === END) break;
      const hi = longSize === 8 ? record.view.getUint32(at + 4 - loAt, littleEndian) : 0;
      out.bytes(ARROW);
      const symbol = symbols.find(hi, lo);
      if (symbol) {
        writeFunction(out, symbol, lo, withOffset);
        out.byte(0x20);
        out.byte(0x28);
      }
      out.hex64(hi, lo);
      if (symbol) out.byte(0x29);
      out.byte(NEWLINE);
    }
  });
  return text.writer();
};
