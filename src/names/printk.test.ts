import { expect, test } from 'vitest';
import { utf8 } from '../base/byte-writer.ts';
import { parsePrintkFormats } from './printk.ts';

test('formats are found by address, without quotes and the newline at their end', () => {
  const formats = parsePrintkFormats(
    utf8(
      '0xffffffff82000010 : "second %d\\n"\n' +
        '0xffffffff82000000 : "first: \\"%s\\" \\n and more"\n' +
        '\n' +
        'no address\n' +
        '0x20 : "\\n"\n' +
        '0x30 : unquoted\\n\n' +
        '0x40 : "cut',
    ),
  );
  const text = (hi: number, lo: number): string | undefined => {
    const found = formats.find(hi, lo);
    return found && new TextDecoder().decode(found);
  };
  expect(text(0xffff_ffff, 0x8200_0010)).toBe('second %d');
  expect(text(0xffff_ffff, 0x8200_0000)).toBe('first: \\"%s\\" \\n and more');
  expect([text(0, 0x20), text(0, 0x30), text(0, 0x40), text(0, 0x50)]).toEqual(['', 'unquoted\\n', 'cut', undefined]);
  expect([...formats].map(({ lo }) => lo)).toEqual([0x20, 0x30, 0x40, 0x8200_0000, 0x8200_0010]);
  expect(formats.find(0, 0x40)).toBe(formats.find(0, 0x40));
});
