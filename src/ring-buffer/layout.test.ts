import { describe, expect, test } from 'vitest';
import { headerPageText, layoutOf } from '../../test/support/build-trace.ts';
import { allCaptures, readTrace } from '../../test/support/captures.ts';
import { openBytes } from '../../test/support/stream-events.ts';
import { subBufferLayout } from './layout.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the layout of sub-buffers', () => {
  test.each([4, 8] as const)('comes from header_page, not from the recorder: longs of %i bytes', (longSize) => {
    const layout = layoutOf({ longSize, littleEndian: longSize === 8 });
    const facts = { littleEndian: layout.littleEndian, userLongSize: 12 - longSize, size: 4096 };
    expect(subBufferLayout(encode(headerPageText(layout)), facts, 'file')).toEqual(layout);
  });

  test('a kernel without header_page is taken for one with the recorder’s longs', () => {
    const facts = { littleEndian: true, userLongSize: 4, size: 4096 };
    expect(subBufferLayout(encode(''), facts, 'file')).toMatchObject({ commitSize: 4, dataOffset: 12 });
  });

  test('fits every real file', async () => {
    const [capture] = allCaptures();
    const file = await openBytes(readTrace(capture!, capture!.files[0]!));
    expect(file.buffers[0]?.layout).toEqual({ littleEndian: true, commitSize: 8, dataOffset: 16, size: 4096 });
  });

  test.each([0, 12, 16, 4098, 2 ** 27])('a sub-buffer size of %i is refused', (size) => {
    const facts = { littleEndian: true, userLongSize: 8, size };
    expect(() => subBufferLayout(encode(''), facts, 'x.dat')).toThrow(/^x\.dat: impossible sub-buffer size/);
  });

  test('a commit word of another size is refused', () => {
    const text = headerPageText(layoutOf({})).replace('size:8;\tsigned:1', 'size:2;\tsigned:1');
    expect(() => subBufferLayout(encode(text), { littleEndian: true, userLongSize: 8, size: 4096 }, 'x.dat')).toThrow(
      /commit word of 2 bytes/,
    );
  });
});
