import { utf8 } from '../../../base/byte-writer.ts';
import type { FamilyFactory, InfoWriter, TextContext } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { lowBits, type NumberField } from '../number-field.ts';
import { hex, unsigned } from '../pieces.ts';

const ACCESS = ['---', '--x', 'w--', 'w-x', '-u-', '-ux', 'wu-', 'wux'];

/** Bits of a shadow page's role, as union kvm_mmu_page_role had them when the texts were made: names where set, where not. */
const FLAGS: readonly (readonly [mask: number, set: string, clear: string])[] = [
  [1 << 11, ' invalid', ''],
  [1 << 4, ' pae', ' !pae'],
  [1 << 12, ' nxe', ' !nxe'],
  [1 << 13, ' wp', ' !wp'],
  [1 << 14, ' smep', ''],
  [1 << 15, ' smap', ''],
  [0xff << 24, ' smm', ''],
];

const DIRECT = utf8(' direct');
const ACCESS_TEXTS = ACCESS.map((access) => utf8(` ${access}`));
const FLAG_TEXTS = FLAGS.map(([mask, set, clear]) => ({ mask, set: utf8(set), clear: utf8(clear) }));
const QUADRANT = utf8(' q');

/** `LEVEL qQUADRANT direct ACCESS …`; bit fields of a kernel of the other byte order are not taken apart. */
function role(field: NumberField, context: TextContext): InfoWriter {
  const read = lowBits(field);
  if (!context.env.littleEndian) {
    const WORD = utf8('WORD: ');
    return (out, record) => {
      out.bytes(WORD);
      out.hex(read(record), 8);
    };
  }
  return (out, record) => {
    const word = read(record);
    out.decimal(word & 0xf);
    out.bytes(QUADRANT);
    out.decimal((word >>> 5) & 3);
    if (word & (1 << 7)) out.bytes(DIRECT);
    out.bytes(ACCESS_TEXTS[(word >>> 8) & 7] as Uint8Array);
    for (const { mask, set, clear } of FLAG_TEXTS) out.bytes(word & mask ? set : clear);
  };
}

function addRole(text: InfoBuilder, context: TextContext): InfoBuilder {
  const roleField = text.need('role');
  text.add(role(roleField, context)).print(' root ', 'root_count', unsigned, ' ');
  const unsynced = lowBits(text.need('unsync'));
  const [YES, NO] = [utf8('unsync'), utf8('sync')];
  return text.add((out, record) => out.bytes(unsynced(record) !== 0 ? YES : NO));
}

/** A shadow page that is synced, unsynced or zapped. */
export const shadowPage: FamilyFactory = (event, context) => addRole(new InfoBuilder(event, context), context).writer();

export const shadowPageGet: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const created = lowBits(text.need('created'));
  const [NEW, EXISTING] = [utf8('new '), utf8('existing ')];
  text.add((out, record) => out.bytes(created(record) !== 0 ? NEW : EXISTING));
  text.add('sp gfn ', hex(text.need('gfn')), ' ');
  return addRole(text, context).writer();
};
