import { describe, expect, test } from 'vitest';
import { loggedAgent } from '../../test/support/wire/ends.ts';
import { CAPTURED, capturedSession, streamOf } from '../../test/support/wire/sessions.ts';
import type { AgentResponse } from './agent-session.ts';
import { MessageReader, serialize } from './frame.ts';
import type { Message, MessageOf } from './messages.ts';

const REQUEST: MessageOf<'TRACE_REQ'> = {
  command: 'TRACE_REQ',
  useFifos: false,
  traceId: 0xabcn,
  args: ['-e', 'sched'],
  syncProtocols: ['kvm', 'ptp'],
};
const RESPONSE: AgentResponse = {
  useFifos: false,
  pageSize: 4096,
  traceId: 5n,
  syncProtocol: '',
  syncPort: 0,
  ports: [1500],
};
const CLOSE: Message = { command: 'CLOSE' };

type Driven = ReturnType<typeof loggedAgent>;
type Act = Message | 'respond' | 'metadata' | 'end-metadata' | 'confirm';

function agentAfter(acts: readonly Act[]): Driven {
  const driven = loggedAgent();
  const { agent } = driven;
  agent.start();
  for (const act of acts) {
    if (act === 'respond') agent.respond(RESPONSE);
    else if (act === 'metadata') agent.sendMetadata(new Uint8Array(20_000));
    else if (act === 'end-metadata') agent.endMetadata();
    else if (act === 'confirm') agent.confirmEnd();
    else agent.receive(serialize(act));
  }
  return driven;
}

const RECORDING: readonly Act[] = [REQUEST, 'respond', 'metadata', 'end-metadata'];

function goneAfter(acts: readonly Act[]): string {
  const { agent, log } = agentAfter(acts);
  agent.closed('Connection reset by peer');
  return log.error;
}

describe.each(CAPTURED)('with the recorder of the captured session %s', (name) => {
  const { control } = capturedSession(name);
  const [fromAgent, fromHost] = [streamOf(control, 'server'), streamOf(control, 'client')];
  const sent: Message[] = [];
  new MessageReader('agent').read(fromAgent, (message) => {
    sent.push('bytes' in message ? { ...message, bytes: message.bytes.slice() } : message);
  });

  /** Plays the session with the recorder's first `length` bytes, in one piece. */
  function play(length: number): Driven {
    const driven = loggedAgent({
      request: () => {
        for (const message of sent) {
          if (message.command === 'TRACE_RESP') driven.agent.respond(message);
          else if (message.command === 'SEND_DATA') driven.agent.sendMetadata(message.bytes);
          else if (message.command === 'FIN_DATA') driven.agent.endMetadata();
        }
      },
      closeRequested: () => driven.agent.confirmEnd(),
    });
    driven.agent.start();
    driven.agent.receive(fromHost.subarray(0, length));
    return driven;
  }

  test('says the same as stock trace-cmd did', () => {
    const { agent, log } = play(fromHost.length);
    expect(agent.step).toBe('done');
    const expected = name === 'tcp-ptp' ? fromAgent : [...fromAgent, ...serialize({ command: 'CLOSE_RESP' })];
    expect(Buffer.compare(log.sentBytes(), Uint8Array.from(expected))).toBe(0);
  });

  test('says what is missing wherever the recorder dies', () => {
    for (let length = 0; length <= fromHost.length; length++) {
      const { agent, log } = play(length);
      agent.closed();
      const requested = length >= fromHost.length - 12;
      const problem = requested ? 'went away while recording' : 'closed the connection without a request';
      expect(log.error, `after ${length} bytes`).toMatch(length === fromHost.length ? /^$/ : problem);
    }
  });
});

test('metadata goes out in messages as long as possible', () => {
  const { log } = agentAfter(RECORDING);
  expect(log.sent.map((bytes) => bytes.length)).toEqual([57, 8192, 8192, 12 + 20_000 - 2 * 8180, 12]);
});

test('only a request is waited for with a limit', () => {
  expect(agentAfter([]).log.wait).toBe(10_000);
  expect(agentAfter([REQUEST]).log.wait).toBeUndefined();
  expect(agentAfter(RECORDING).log.wait).toBeUndefined();
  const { agent, log } = agentAfter([]);
  agent.expired();
  expect(log.error).toBe('recorder at 10.0.0.1:4321: connected, but sent no request within 10 s');
});

test('a refusal says why, and nothing else is sent', () => {
  const { agent, log } = agentAfter([REQUEST]);
  agent.refuse('option -F is not allowed');
  agent.sendMetadata(new Uint8Array(10));
  expect(log.sent).toEqual([serialize({ command: 'NOT_SUPP', reason: 'option -F is not allowed' })]);
  expect(agent.step).toBe('done');
  agent.closed();
  expect(log.error).toBe('');
});

test('a request is handed on as it is', () => {
  const fifos = { ...REQUEST, useFifos: true, syncProtocols: undefined };
  expect(agentAfter([REQUEST]).log.events).toEqual(['request abc -e sched; kvm,ptp']);
  expect(agentAfter([fifos]).log.events).toEqual(['request abc -e sched; no sync; FIFOs']);
});

test('anything else than a request is refused', () => {
  const proxy = agentAfter([{ ...REQUEST, command: 'TRACE_PROXY', cpus: 2 }]);
  expect(proxy.log.error).toMatch('sent TRACE_PROXY instead of a request to record; recording as a proxy');
  expect(proxy.log.sent).toEqual([serialize({ command: 'NOT_SUPP', reason: '' })]);
  expect(agentAfter([{ command: 'NOT_SUPP', reason: '' }]).log.sent).toEqual([]);
  const { agent, log } = agentAfter([]);
  agent.receive(new TextEncoder().encode('GET / HTTP/1.1\r\n'));
  expect(log.error).toMatch('beginning with "GET / HTTP/1"');
  expect(log.sent).toEqual([]);
});

test('CLOSE ends a recording, and is refused at any other time', () => {
  expect(agentAfter([...RECORDING, CLOSE]).log.events.at(-1)).toBe('close requested');
  expect(agentAfter([...RECORDING, CLOSE, CLOSE, 'confirm']).log.events.slice(-2)).toEqual([
    'close requested',
    'unexpected CLOSE',
  ]);
  expect(agentAfter([REQUEST, 'respond', CLOSE]).log.error).toMatch('ended the session before recording began');
  expect(agentAfter([CLOSE]).log.error).toMatch('sent CLOSE instead of a request');
});

test('what makes no sense is answered and survived', () => {
  const { agent, log } = agentAfter([...RECORDING, REQUEST, { command: 'NOT_SUPP', reason: '' }, CLOSE, 'confirm']);
  expect(log.events.slice(1)).toEqual(['unexpected TRACE_REQ', 'unexpected NOT_SUPP', 'close requested']);
  expect(log.sent.slice(-2)).toEqual([
    serialize({ command: 'NOT_SUPP', reason: '' }),
    serialize({ command: 'CLOSE_RESP' }),
  ]);
  expect(agent.step).toBe('done');
});

test('a recorder that goes away is explained by the step', () => {
  expect(goneAfter([])).toMatch('closed the connection without a request (Connection reset by peer)');
  expect(goneAfter([REQUEST])).toMatch('went away before recording began (Conn');
  expect(goneAfter([REQUEST, 'respond', 'metadata'])).toMatch('went away before recording began');
  expect(goneAfter(RECORDING)).toMatch('went away while recording (Connection reset by peer); the trace ends here');
  expect(goneAfter([...RECORDING, CLOSE])).toMatch('went away before the end of the trace was confirmed');
  expect(goneAfter([...RECORDING, CLOSE, 'confirm'])).toBe('');
});
