import { ByteBuilder } from './byte-builder.ts';

/** The bytes of a record: the four common fields, then what `body` writes. */
export function recordBytes(
  littleEndian: boolean,
  common: { readonly id: number; readonly flags?: number; readonly preempt?: number; readonly pid?: number },
  body: (out: ByteBuilder) => void = () => {},
): Uint8Array {
  const out = new ByteBuilder(littleEndian);
  out
    .u16(common.id)
    .u8(common.flags ?? 0)
    .u8(common.preempt ?? 0)
    .u32(common.pid ?? 0);
  body(out);
  return out.take();
}

/** A `format` file with the four common fields. `fields` are lines without the leading tab and `field:`. */
export function formatText(name: string, id: number, fields: readonly string[], printFormat: string): string {
  const common = [
    'unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
    'unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;',
    'unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;',
    'int common_pid;\toffset:4;\tsize:4;\tsigned:1;',
  ];
  const lines = (list: readonly string[]): string => list.map((line) => `\tfield:${line}\n`).join('');
  return `name: ${name}\nID: ${id}\nformat:\n${lines(common)}\n${lines(fields)}\nprint fmt: ${printFormat}\n`;
}
