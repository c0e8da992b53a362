import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { type Log, loggedHost } from '../../test/support/wire/ends.ts';
import { connected, type StockServer, stockServer } from '../../test/support/wire/stock-server.ts';

/*
 * A host's session with a real trace-cmd agent, as far as one gets without tracing: to the agent's answer, and to its
 * parsing of arguments.
 */

const request = { useFifos: false, traceId: 1n, args: ['--no-such-option'], syncProtocols: undefined };

/** Connects a session to a socket; resolves when it is over. */
async function talk(socket: Socket): Promise<Log> {
  const { host, log } = loggedHost({ request });
  const bytesOf = (): void => {
    for (const bytes of log.sent.splice(0)) socket.write(bytes);
  };
  socket.on('data', (bytes) => {
    host.receive(bytes);
    bytesOf();
  });
  const over = new Promise((done) => {
    socket.on('error', (error) => host.closed(error.message));
    socket.on('close', () => done(host.closed()));
  });
  host.start();
  bytesOf();
  await over;
  return log;
}

describe.skipIf(missing('root', 'trace-cmd 3.1'))('a stock agent', { timeout: 60_000 }, () => {
  let agent: StockServer;
  beforeEach(async () => {
    agent = await stockServer('agent', ['-N', '127.0.0.1']);
  });
  afterEach(() => agent.stop());

  test('that does not understand the arguments answers, and dies', async () => {
    const log = await talk(await connected(agent.port));
    expect(log.events).toEqual([expect.stringMatching(/^response \d+(,\d+)* :0$/), 'failed PEER']);
    expect(log.error).toMatch('rejected the arguments (--no-such-option): it closed the connection before any trace');
  });

  test('with a session hangs up on others', async () => {
    const first = await connected(agent.port);
    const log = await talk(await connected(agent.port));
    expect(log.error).toMatch(/instead of answering the request.*; it is busy with another session/);
    first.destroy();
  });
});
