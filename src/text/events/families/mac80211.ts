import type { FamilyFactory, InfoWriter } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { lowBits, type NumberField } from '../number-field.ts';
import { int, type Piece } from '../pieces.ts';

const NEXT_LINE = `\n${' '.repeat(65)}`;

/** `%#x`: zero has no prefix. */
const prefixedHex = (field: NumberField): InfoWriter => {
  const low = lowBits(field);
  return (out, record) => {
    const value = low(record);
    if (value !== 0) {
      out.byte(0x30);
      out.byte(0x78);
    }
    out.hex(value);
  };
};

/** A name: an array of characters, or a locator of one. */
function addName(text: InfoBuilder, name: string): void {
  const field = text.field(name);
  if (field === undefined) {
    text.add(`NOTFOUND:${name}`);
    return;
  }
  if (!field.type.startsWith('__data_loc')) {
    text.add((out, record) => void out.cString(record.bytes, record.start + field.offset, field.size));
    return;
  }
  const locator = text.number(name);
  if (locator === undefined) {
    text.add('invalid_data_loc');
    return;
  }
  const low = lowBits(locator);
  text.add((out, record) => {
    const place = low(record);
    const start = record.start + (place & 0xffff);
    out.cString(record.bytes, start, Math.max(0, Math.min(place >>> 16, record.end - start)));
  });
}

/** How a driver is told of a changed basic service set, over three lines. */
export const bssInfoChanged: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const list = (names: readonly string[], style: (field: NumberField) => Piece) => {
    for (const name of names) text.printIfThere(`${name}:`, name, style).add(' ');
  };
  addName(text, 'wiphy_name');
  text.add(' vif:');
  addName(text, 'vif_name');
  text.print('(', 'vif_type', int, ')').add(NEXT_LINE);
  list(['assoc', 'aid', 'cts', 'shortpre', 'shortslot', 'dtimper'], int);
  text.add(NEXT_LINE);
  list(['bcnint'], int);
  list(['assoc_cap', 'basic_rates'], prefixedHex);
  text.printIfThere('enable_beacon:', 'enable_beacon', int);
  text.add(NEXT_LINE);
  text.printIfThere('ht_operation_mode:', 'ht_operation_mode', int);
  return text.writer();
};
