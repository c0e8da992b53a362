import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from './byte-writer.ts';
import { ConstantText } from './constant-text.ts';
import { U64 } from './u64.ts';

const written = (write: (out: ByteWriter) => void): string => {
  const out = new ByteWriter(4);
  write(out);
  return new TextDecoder().decode(out.view());
};
const u64 = (value: bigint): U64 => {
  const register = new U64();
  register.setBigInt(value);
  return register;
};
/** Values where digit counts, halves and exactness change, besides random ones. */
const anyU64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
  fc.integer({ min: 0, max: 19 }).map((power) => 10n ** BigInt(power)),
  fc.integer({ min: 1, max: 19 }).map((power) => 10n ** BigInt(power) - 1n),
);
const width = fc.integer({ min: 0, max: 24 });

describe('numbers', () => {
  test('decimals of numbers are those of JavaScript', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), width, (value, w) => {
        expect(written((out) => out.decimal(value, w))).toBe(String(value).padStart(w));
      }),
    );
  });

  test('zero-filled decimals keep the sign in front', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), width, (value, w) => {
        const sign = value < 0 ? '-' : '';
        const digits = String(Math.abs(value)).padStart(w - sign.length, '0');
        expect(written((out) => out.zeroDecimal(value, w))).toBe(sign + digits);
      }),
    );
  });

  test('64-bit values are exact, unsigned, signed and hex', () => {
    fc.assert(
      fc.property(anyU64, width, (value, w) => {
        expect(written((out) => out.decimalU64(u64(value), w))).toBe(String(value).padStart(w));
        expect(written((out) => out.decimalI64(u64(value), w))).toBe(String(BigInt.asIntN(64, value)).padStart(w));
        const { hi, lo } = u64(value);
        expect(written((out) => out.hex64(hi, lo, w))).toBe(value.toString(16).padStart(w, '0'));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('texts', () => {
  test('any text comes out as its UTF-8', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const wellFormed = texts.map((text) => text.toWellFormed());
        expect(
          written((out) => {
            for (const text of wellFormed) out.text(text);
          }),
        ).toBe(wellFormed.join(''));
      }),
    );
  });

  test('a C string ends at its NUL, at its size and at the end of the memory', () => {
    const memory = new TextEncoder().encode('abc\0def');
    const read = (start: number, size: number) => written((out) => void out.cString(memory, start, size));
    expect([read(0, 7), read(0, 2), read(4, 100), read(3, 4)]).toEqual(['abc', 'ab', 'def', '']);
  });

  test('long C strings too, wherever their NUL is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(250), fc.nat(199), (memory, size, from) => {
        const start = Math.min(from, memory.length - 1);
        const tail = memory.subarray(start, start + size);
        const nul = tail.indexOf(0);
        const out = new ByteWriter(4);
        const length = out.cString(memory, start, size);
        expect(out.view()).toEqual(nul < 0 ? tail : tail.subarray(0, nul));
        expect(length).toBe(out.length);
      }),
    );
  });

  test('constant texts arrive whole, whatever bytes they have, across growth', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (texts) => {
        const out = new ByteWriter(1);
        for (const bytes of texts) out.constant(new ConstantText(bytes));
        expect([...out.view()]).toEqual(texts.flatMap((bytes) => [...bytes]));
      }),
    );
    const nan = Uint8Array.of(1, 2, 3, 4, 5, 6, 0xf1, 0x7f, 0x20);
    const out = new ByteWriter();
    out.constant(new ConstantText(nan));
    expect(out.view()).toEqual(nan);
  });

  test('slices of every length arrive whole, across growth', () => {
    const source = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
    const out = new ByteWriter(1);
    for (let length = 0; length < 300; length++) out.slice(source, 0, length);
    let at = 0;
    for (let length = 0; length < 300; length++) {
      expect(out.view().subarray(at, at + length)).toEqual(source.subarray(0, length));
      at += length;
    }
    expect(out.length).toBe(at);
  });
});

describe('registers', () => {
  test('numbers and bigints go in and out unchanged', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const register = new U64();
        register.setNumber(value);
        expect(register.toSignedBigInt()).toBe(BigInt(value));
        expect(register.isSafe()).toBe(value >= 0);
      }),
    );
    fc.assert(fc.property(anyU64, (value) => u64(value).toBigInt() === value));
  });
});
