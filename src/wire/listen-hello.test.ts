import { expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { connected, stockServer } from '../../test/support/wire/stock-server.ts';
import { MessageReader, serialize } from './frame.ts';
import { LISTEN_HELLO, matchHello } from './listen-hello.ts';
import type { Message } from './messages.ts';

const folder = temporaryFolder();

test('matches a line in any pieces', () => {
  const [first] = LISTEN_HELLO as [(typeof LISTEN_HELLO)[number]];
  const match = (text: string): string => matchHello(first, new TextEncoder().encode(text));
  expect(['', 'trace', 'tracecmd', 'tracecmdV3', 'tracer', 'x'].map(match)).toEqual([
    ...['partial', 'partial', 'complete', 'complete', 'different', 'different'],
  ]);
});

test('a stock listen server says its lines, and answers TINIT with ports', async ({ skip }) => {
  const reason = missing('trace-cmd');
  if (reason) skip(reason);
  const server = await stockServer('listen', ['-d', folder]);
  try {
    const socket = await connected(server.port);
    const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (const line of LISTEN_HELLO) {
      if (line.from === 'client') socket.write(line.bytes);
      else {
        let arrived = Buffer.alloc(0);
        while (matchHello(line, arrived) === 'partial') arrived = Buffer.concat([arrived, (await pieces.next()).value]);
        expect([matchHello(line, arrived), arrived.length]).toEqual(['complete', line.bytes.length]);
      }
    }
    socket.write(serialize({ command: 'TINIT', cpus: 2, pageSize: 4096, options: ['tcp'] }));
    const answers: Message[] = [];
    const reader = new MessageReader('listen server');
    while (answers.length === 0) reader.read((await pieces.next()).value, (message) => answers.push(message));
    expect(answers).toEqual([{ command: 'RINIT', ports: [expect.any(Number), expect.any(Number)] }]);
    socket.destroy();
  } finally {
    server.stop();
  }
});
