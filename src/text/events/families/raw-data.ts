import { findField } from '../../../format/event-format.ts';
import type { FamilyFactory } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { hex } from '../pieces.ts';

/** What user space wrote into trace_marker_raw: its id, then its bytes with the padding after them. */
export const rawData: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  text.add('# ', hex(text.need('id', '!')));
  const field = findField(event, 'buf');
  if (field === undefined) return text.add('<CANT FIND FIELD buf>').writer();
  // trace-cmd shows eight bytes at every long: with longs of four, each byte but the first four comes twice.
  const step = context.env.longSize;
  text.add((out, record) => {
    for (let group = record.start + field.offset; group < record.end; group += step) {
      const end = Math.min(group + 8, record.end);
      for (let at = group; at < end; at++) {
        out.byte(0x20);
        out.hex(record.bytes[at] as number, 2);
      }
    }
  });
  return text.writer();
};
