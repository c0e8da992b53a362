import type { ByteWriter } from '../../../base/byte-writer.ts';
import { bytesOf } from '../../latin1.ts';
import type { RecordBytes } from '../../record.ts';
import type { NamedValue } from '../parse/ast.ts';
import type { Place } from './place.ts';

/** Writes names of a value of 64 bits. The record is for a place that needs it. */
export type NameWriter = (out: ByteWriter, record: RecordBytes, hi: number, lo: number) => void;

/** A list of names, with values in halves side by side. */
interface NameTable {
  readonly his: Uint32Array;
  readonly los: Uint32Array;
  readonly texts: readonly Uint8Array[];
}

function nameTable(names: readonly NamedValue[]): NameTable {
  const values = names.map(({ value }) => (value.kind === 'number' ? value.value : 0n));
  return {
    his: Uint32Array.from(values, (value) => Number(value >> 32n)),
    los: Uint32Array.from(values, (value) => Number(value & 0xffff_ffffn)),
    texts: names.map(({ name }) => bytesOf(name)),
  };
}

function writeUnnamed(out: ByteWriter, hi: number, lo: number): void {
  out.byte(0x30);
  out.byte(0x78);
  out.hex64(hi, lo);
}

/** The first name whose value is the same, else `0x…`. */
export function symbolicNames(names: readonly NamedValue[], place: Place): NameWriter {
  const { his, los, texts } = nameTable(names);
  return (out, record, hi, lo) => {
    for (let i = 0; i < texts.length; i++) {
      if (los[i] !== lo || his[i] !== hi) continue;
      const text = texts[i] as Uint8Array;
      place(out, record, text, 0, text.length);
      return;
    }
    writeUnnamed(out, hi, lo);
  };
}

/**
 * All names whose bits are set, and the bits that are left as `0x…`. Where no bits are left, the next name with a
 * negative value follows; a name for the value 0 is never used.
 */
export function flagNames(delimiter: string, names: readonly NamedValue[], place: Place): NameWriter {
  const { his, los, texts } = nameTable(
    names.filter((name) => name.value.kind !== 'number' || name.value.value !== 0n),
  );
  const between = bytesOf(delimiter);
  return (out, record, valueHi, valueLo) => {
    let hi = valueHi;
    let lo = valueLo;
    let some = false;
    for (let i = 0; i < texts.length; i++) {
      const flagHi = his[i] as number;
      const flagLo = los[i] as number;
      const text = texts[i] as Uint8Array;
      if ((hi | lo) === 0) {
        if (flagHi < 0x8000_0000) continue;
        place(out, record, text, 0, text.length);
        return;
      }
      if (flagHi >= 0x8000_0000 || (lo & flagLo) >>> 0 !== flagLo || (hi & flagHi) >>> 0 !== flagHi) continue;
      if (some) out.bytes(between);
      some = true;
      place(out, record, text, 0, text.length);
      lo = (lo & ~flagLo) >>> 0;
      hi = (hi & ~flagHi) >>> 0;
    }
    if ((hi | lo) === 0) return;
    if (some) out.bytes(between);
    writeUnnamed(out, hi, lo);
  };
}
