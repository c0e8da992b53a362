import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyFiller } from './fill-from-body.ts';

type Start = (controller: {
  enqueue(piece: Uint8Array<ArrayBuffer>): void;
  close(): void;
  error(cause: Error): void;
}) => void;

const streams: [string, (start: Start) => ReadableStream<Uint8Array>][] = [
  ['bytes', (start) => new ReadableStream({ type: 'bytes', start })],
  ['pieces', (start) => new ReadableStream<Uint8Array>({ start })],
];

test.each(streams)('a stream of %s fills memory, and what is too much is left', async (_name, stream) => {
  const filler = new BodyFiller();
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }));
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(200), async (parts, length) => {
      const all = parts.flatMap((part) => [...part]);
      const body = stream((controller) => {
        for (const part of parts) controller.enqueue(part.slice());
        controller.close();
      });
      const target = new Uint8Array(length);
      // A body that is emptied in one piece of memory must not show in the next.
      expect(await filler.fill(target, body)).toBe(Math.min(length, all.length));
      expect([...target]).toEqual([...all, ...new Array<number>(length).fill(0)].slice(0, length));
    }),
  );
});

test.each(streams)('a stream of %s that fails', async (_name, stream) => {
  const body = stream((controller) => {
    controller.enqueue(Uint8Array.of(1, 2));
    controller.error(new Error('gone'));
  });
  await expect(new BodyFiller().fill(new Uint8Array(10), body)).rejects.toThrow('gone');
});
