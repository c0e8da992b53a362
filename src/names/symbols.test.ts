import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../base/byte-writer.ts';
import { parseKallsyms } from './symbols.ts';

const KALLSYMS =
  'ffffffff81000000 T _text\n' +
  'ffffffff81000040 t later\n' +
  'ffffffff81000020 T earlier\n' +
  '0000000000001000 A per_cpu\n' +
  'ffffffffc0000000 t in_module\t[some_module]\n' +
  'ffffffffc0000100 t end\t[some_module]\n';
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

describe('symbols', () => {
  const table = parseKallsyms(utf8(KALLSYMS));

  test('come by address, with their modules; absolute ones are left out', () => {
    const all = [...table].map(({ name, module, hi, lo }) => [text(name.bytes), text(module), hi, lo]);
    expect(all).toEqual([
      ['_text', undefined, 0xffff_ffff, 0x8100_0000],
      ['earlier', undefined, 0xffff_ffff, 0x8100_0020],
      ['later', undefined, 0xffff_ffff, 0x8100_0040],
      ['in_module', 'some_module', 0xffff_ffff, 0xc000_0000],
      ['end', 'some_module', 0xffff_ffff, 0xc000_0100],
    ]);
  });

  test('are the same object at every look-up', () => {
    const first = table.find(0xffff_ffff, 0x8100_0021);
    expect(text(first?.name.bytes)).toBe('earlier');
    expect(table.find(0xffff_ffff, 0x8100_003f)).toBe(first);
    expect(table.find(0xffff_ffff, 0x8100_0021)).toBe(first);
    expect(table.find(0xffff_ffff, 0x8100_0021)).toBe([...table][1]);
  });

  test.each([
    ['that ascend', true],
    ['in any order', false],
  ])('%s are sorted, later ones of the same address first', (_what, ascend) => {
    const address = fc.oneof(
      fc.bigInt({ min: 0n, max: 9n }),
      fc.bigInt({ min: 0xffff_ffff_ffff_fff0n, max: 0xffff_ffff_ffff_ffffn }),
    );
    fc.assert(
      fc.property(fc.array(address), (addresses) => {
        if (ascend) addresses.sort((a, b) => Number(a - b));
        const lines = addresses.map((one, i) => `${one.toString(16).padStart(16, '0')} t at_${i}\n`);
        const expected = addresses
          .map((one, i) => ({ one, i }))
          .sort((a, b) => Number(a.one - b.one) || b.i - a.i)
          .map(({ one, i }) => [`at_${i}`, one]);
        const found = [...parseKallsyms(utf8(lines.join('')))].map(({ name, hi, lo }) => [
          text(name.bytes),
          (BigInt(hi) << 32n) | BigInt(lo),
        ]);
        expect(found).toEqual(expected);
      }),
    );
  });

  test('are found by their whole name', () => {
    expect(table.addressOf('later')).toBe(0xffff_ffff_8100_0040n);
    expect(table.addressOf('in_module')).toBe(0xffff_ffff_c000_0000n);
    for (const other of ['late', 'laters', '', 'per_cpu']) expect(table.addressOf(other)).toBeUndefined();
  });

  test('stay apart however many addresses are looked up', () => {
    const lines = Array.from(
      { length: 50_000 },
      (_, i) => `${(0x1_0000_0000 * (i % 3) + 16 * i).toString(16)} T f${i}\n`,
    );
    const many = parseKallsyms(utf8(lines.join('')));
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 50_000; i += 7) {
        const found = many.find(i % 3, 16 * i);
        if (text(found?.name.bytes) !== `f${i}`) throw new Error(`f${i} is found as ${text(found?.name.bytes)}`);
      }
    }
  });

  test('may be missing altogether', () => {
    const none = parseKallsyms(new Uint8Array());
    expect([none.size, none.find(0, 0), none.addressOf('x')]).toEqual([0, undefined, undefined]);
  });
});
