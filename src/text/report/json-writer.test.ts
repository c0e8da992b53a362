import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { writeJsonString } from './json-writer.ts';

function written(bytes: Uint8Array): string {
  const out = new ByteWriter();
  writeJsonString(out, bytes, 0, bytes.length);
  return new TextDecoder('utf-8', { fatal: true }).decode(out.view());
}

describe('writeJsonString', () => {
  it('gives back any text when parsed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(written(utf8(text)))).toBe(text);
      }),
    );
    const ascii = String.fromCharCode(...Array(128).keys());
    expect(JSON.parse(written(utf8(ascii)))).toBe(ascii);
  });

  it('makes a JSON string of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(JSON.parse(written(bytes))).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      }),
    );
  });
});
