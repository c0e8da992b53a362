import { utf8 } from '../../src/base/byte-writer.ts';
import { formatText } from './build-events.ts';
import { ByteBuilder } from './byte-builder.ts';
import type { PrintScenario } from './print-texts.ts';
import type { Random } from './random-records.ts';

/** Fields of every kind that a print format may use: declaration, offset, size. The order is that of the record. */
const FIELDS: readonly (readonly [declaration: string, name: string, size: number, signed?: 1])[] = [
  ['u64 a', 'a', 8],
  ['u64 b', 'b', 8],
  ['long l', 'l', 8, 1],
  ['unsigned long ul', 'ul', 8],
  ['s64 sbig', 'sbig', 8, 1],
  ['const char * pstr', 'pstr', 8],
  ['void * func', 'func', 8],
  ['void * zero', 'zero', 8],
  ['u64 arr64[2]', 'arr64', 16],
  ['unsigned long larr[]', 'larr', 16],
  ['int e', 'e', 4, 1],
  ['u32 d', 'd', 4],
  ['u32 i', 'i', 4],
  ['u32 addr4', 'addr4', 4],
  ['__data_loc char[] str', 'str', 4],
  ['__data_loc char[] empty', 'empty', 4],
  ['__data_loc u8[] dyn', 'dyn', 4],
  ['__data_loc u32[] dyn32', 'dyn32', 4],
  ['__data_loc unsigned long[] mask', 'mask', 4],
  ['__data_loc cpumask_t[] cpus', 'cpus', 4],
  ['__rel_loc char[] rstr', 'rstr', 4],
  ['__rel_loc u8[] rdyn', 'rdyn', 4],
  ['__data_loc __u8[] dsa', 'dsa', 4],
  ['__data_loc char[] bad', 'bad', 4],
  ['u16 h', 'h', 2],
  ['s16 sh', 'sh', 2, 1],
  ['u16 arr[4]', 'arr', 8],
  ['u8 sa[28]', 'sa', 28],
  ['u8 c', 'c', 1],
  ['s8 f', 'f', 1, 1],
  ['char name[16]', 'name', 16],
  ['u8 mac[6]', 'mac', 6],
  ['u8 ip4[4]', 'ip4', 4],
  ['__u8 ip6[16]', 'ip6', 16],
  ['u8 uuid[16]', 'uuid', 16],
];
const COMMON_SIZE = 8;
const OFFSETS = new Map<string, number>();
let end = COMMON_SIZE;
for (const [, name, size] of FIELDS) {
  OFFSETS.set(name, end);
  end += size;
}
const SIZE = Math.ceil(end / 4) * 4;
const offset = (name: string): number => OFFSETS.get(name) as number;

export const MIXED_KALLSYMS =
  'ffffffff81000000 T start_it\nffffffff81000100 t middle\t[mod]\nffffffff81000200 T end_it\n';
export const MIXED_PRINTK = '0xffffffff82000000 : "hello %d\\n"\n';

/** How many kinds of records there are: values small and large, texts empty and long, addresses of all families. */
export const MIXED_VARIANTS = 6;

/** A format that declares the fields its print format names, at the offsets that all of these formats share. */
function mixedFormat(id: number, printFormat: string): string {
  const words = new Set(printFormat.match(/\w+/g));
  const used = FIELDS.filter(([, name]) => words.has(name) || (name === 'e' && words.size === 0));
  const lines = used.map(
    ([declaration, name, size, signed]) =>
      `${declaration};\toffset:${offset(name)};\tsize:${size};\tsigned:${signed ?? 0};`,
  );
  return formatText(`format${id}`, id, lines, printFormat);
}

/** A record with all of the fields. */
export function mixedRecord(id: number, variant: number, random: Random, littleEndian: boolean): Uint8Array {
  const dynamic = new Map<string, Uint8Array>();
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => random.below(256));
  const text = (value: string) => utf8(`${value}\0`);
  const choose = <T>(...choices: readonly T[]): T => choices[variant] as T;
  const sockaddr = (family: number, size: number) => {
    const address = bytes(size);
    address.set(new ByteBuilder(littleEndian).u16(littleEndian ? family : family << 8).take());
    return address;
  };
  dynamic.set('str', text(choose('x', 'hello', 'a\tb', 'some longer text here', '', 'q')));
  dynamic.set('empty', bytes(0));
  dynamic.set('dyn', bytes(choose(0, 1, 6, 17, 4, 5)));
  dynamic.set('dyn32', bytes(choose(0, 4, 8, 12, 4, 20)));
  dynamic.set('mask', bytes(choose(0, 8, 8, 16, 4, 5)));
  const cpus = [
    [],
    [255, 0, 0, 0],
    [1, 128, 240, 255, 255, 1, 0, 128],
    [...bytes(16)],
    [255, 255, 255, 255],
    [0, 7, 9],
  ];
  dynamic.set('cpus', Uint8Array.from(cpus[variant] as number[]));
  dynamic.set('rstr', text('relative'));
  dynamic.set('rdyn', bytes(5));
  dynamic.set('dsa', sockaddr(choose(10, 2, 10, 2, 10, 7), variant === 4 ? 12 : 28));

  const out = new ByteBuilder(littleEndian).u16(id).u16(0).u32(1);
  let at = SIZE;
  for (const [, name, size] of FIELDS) {
    const array = dynamic.get(name);
    if (array !== undefined) {
      at = Math.ceil(at / 4) * 4;
      const place = name.startsWith('r') ? at - offset(name) - 4 : at;
      out.u32(array.length * 0x1_0000 + place);
      at += array.length;
    } else if (name === 'bad') out.u32(choose(0xffff_0010, 0x0004_fff0, 0, 0x0010_0008, 0x0001_0000, 0x7fff_7fff));
    else out.bytes(fixedField(name, size, variant, random, littleEndian));
  }
  out.align(4);
  for (const array of dynamic.values()) out.align(4).bytes(array);
  return out.zeros(16).take();
}

function fixedField(name: string, size: number, variant: number, random: Random, littleEndian: boolean): Uint8Array {
  const number = (value: bigint) => {
    const bytes = new ByteBuilder(true).u64(value).take().subarray(0, size);
    return littleEndian ? bytes : bytes.reverse();
  };
  const symbols = [0n, 0xffff_ffff_8100_0000n, 0xffff_ffff_8100_0150n, 0xffff_ffff_8100_0200n, 0x1234n];
  if (name === 'func') return number(symbols[variant] ?? 0xffff_ffff_8200_0000n);
  if (name === 'pstr') return number(variant % 2 === 1 ? 0xffff_ffff_8200_0000n : random.number(8));
  if (name === 'zero') return number(0n);
  if (name === 'i') return number(BigInt(random.below(5)));
  if (name === 'name') {
    const texts = ['', 'abc', 'fifteen_chars_x', 'a b', 'seventeen_chars_x', 'z'];
    return new ByteBuilder(true)
      .bytes(utf8(texts[variant] as string))
      .zeros(16)
      .take()
      .subarray(0, 16);
  }
  if (size <= 8 && !['mac', 'ip4', 'arr'].includes(name)) return number(variant === 0 ? 0n : random.number(size));
  const bytes = Uint8Array.from({ length: size }, () => (variant === 0 ? 0 : random.below(256)));
  const family = [2, 10, 2, 10, 7, 10][variant] as number;
  if (name === 'sa') bytes.set([family, 0]);
  // Addresses with zeros to leave out, a mapped IPv4 address, and one of ISATAP.
  if (name === 'ip6' && variant % 2 === 1) bytes.fill(0, 2, 12);
  if (name === 'ip6' && variant === 3) bytes.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
  if (name === 'ip6' && variant === 5) bytes.set([0, 0, 0x5e, 0xfe], 8);
  return bytes;
}

/** Every print format with a record of every variant, and the print formats as labels of the records. */
export function mixedScenario(
  printFormats: readonly string[],
  random: Random,
  how: Pick<PrintScenario, 'littleEndian' | 'raw'> = {},
): { scenario: PrintScenario; labels: readonly string[] } {
  const littleEndian = how.littleEndian ?? true;
  const formats = printFormats.map((text, i) => ({ system: 'test', text: mixedFormat(1000 + i, text) }));
  const variants = Array.from({ length: MIXED_VARIANTS }, (_, variant) => variant);
  const records = formats.flatMap((_, i) =>
    variants.map((variant) => mixedRecord(1000 + i, variant, random, littleEndian)),
  );
  const labels = printFormats.flatMap((text) => variants.map((variant) => `${text} (record ${variant})`));
  return { scenario: { ...how, formats, records, kallsyms: MIXED_KALLSYMS, printk: MIXED_PRINTK }, labels };
}
