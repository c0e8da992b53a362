import { describe, expect, test } from 'vitest';
import { loggedHost } from '../../test/support/wire/ends.ts';
import { CAPTURED, capturedSession, concat, streamOf } from '../../test/support/wire/sessions.ts';
import { MessageReader, serialize } from './frame.ts';
import type { HostOptions } from './host-session.ts';
import type { Message, MessageOf } from './messages.ts';

const RESPONSE: MessageOf<'TRACE_RESP'> = {
  command: 'TRACE_RESP',
  useFifos: false,
  pageSize: 4096,
  traceId: 5n,
  syncProtocol: 'ptp',
  syncPort: 1502,
  ports: [1500, 1501],
};
const WITHOUT_SYNC = { ...RESPONSE, syncProtocol: '', syncPort: 0 };
const DATA: Message = { command: 'SEND_DATA', bytes: new TextEncoder().encode('metadata') };
const FIN: Message = { command: 'FIN_DATA' };
const CONFIRMED: Message = { command: 'CLOSE_RESP' };
const NOT_SUPP = serialize({ command: 'NOT_SUPP', reason: '' });

type Driven = ReturnType<typeof loggedHost>;

/** A session that got these messages; `close` closes it, `round` ends a round of time sync. */
function hostAfter(messages: readonly (Message | 'close' | 'round')[], options: Partial<HostOptions> = {}): Driven {
  const driven = loggedHost(options);
  driven.host.start();
  for (const message of messages) {
    if (message === 'close') driven.host.close();
    else if (message === 'round') driven.host.roundEnded();
    else driven.host.receive(serialize(message));
  }
  return driven;
}

/** What a session's user is told when the connection ends after these messages. */
function goneAfter(messages: Parameters<typeof hostAfter>[0], reason?: string): string {
  const { host, log } = hostAfter(messages);
  host.closed(reason);
  return log.error;
}

/** The same, when the agent stays silent. */
function silentAfter(messages: Parameters<typeof hostAfter>[0], options: Partial<HostOptions> = {}): string {
  const { host, log } = hostAfter(messages, options);
  host.expired();
  return log.error;
}

describe.each(CAPTURED)('with the agent of the captured session %s', (name) => {
  const { control } = capturedSession(name);
  const [fromAgent, fromHost] = [streamOf(control, 'server'), streamOf(control, 'client')];
  const asked: MessageOf<'TRACE_REQ'>[] = [];
  new MessageReader('host').read(fromHost, (message) => {
    if (message.command === 'TRACE_REQ') asked.push(message);
  });
  const options: Partial<HostOptions> = { portKind: name === 'tcp-ptp' ? 'tcp' : 'vsock', request: asked[0]! };

  /** Plays the session with the agent's first `length` bytes, in one piece. */
  function play(length: number): Driven {
    const driven = loggedHost(options, {
      response: () => driven.host.roundEnded(),
      metadataEnd: () => {
        driven.host.close();
        driven.host.roundEnded();
      },
    });
    driven.host.start();
    driven.host.receive(fromAgent.subarray(0, length));
    return driven;
  }

  test('says the same as stock trace-cmd did, and gets all of the metadata', () => {
    const { host, log } = play(fromAgent.length);
    host.closed();
    expect(host.step).toBe('done');
    expect(Buffer.compare(log.sentBytes(), fromHost)).toBe(0);
    expect(concat(log.metadata).subarray(0, 10)).toEqual(new Uint8Array([0x17, 0x08, 0x44, ...Buffer.from('tracing')]));
    // This vsock agent closed the connection without a word, though all of its data had arrived.
    expect(log.events.slice(1)).toEqual(['metadata end', name === 'tcp-ptp' ? 'ended' : 'ended unconfirmed']);
  });

  test('says what is missing wherever the agent dies', () => {
    const ends: number[] = [];
    const reader = new MessageReader('agent');
    reader.read(fromAgent, (message) => ends.push((ends.at(-1) ?? 0) + serialize(message).length));
    const fin = name === 'tcp-ptp' ? ends.length - 2 : ends.length - 1;
    const expected = (length: number): string => {
      if (length === 0) return 'closed the connection instead of answering the request';
      if (length < ends[0]!) return 'stopped in the middle of an answer';
      if (length < ends[1]!) return 'rejected the arguments';
      return length < ends[fin]! ? 'went away in the middle of the trace metadata' : '';
    };
    for (let length = 0; length <= fromAgent.length; length++) {
      const { host, log } = play(length);
      host.closed();
      if (!log.error.includes(expected(length)) || host.step !== (expected(length) ? 'failed' : 'done')) {
        expect.fail(`after ${length} bytes: ${log.error}, ${host.step}`);
      }
    }
  });
});

describe('time limits', () => {
  test('hold for each step but recording and rounds of time sync', () => {
    const { host, log } = hostAfter([]);
    const waits = [log.wait];
    const steps = [host.step];
    const go = (message: Message | (() => void)): void => {
      if (typeof message === 'function') message();
      else host.receive(serialize(message));
      waits.push(log.wait);
      steps.push(host.step);
    };
    go(RESPONSE);
    go(DATA);
    go(() => host.roundEnded());
    go(DATA);
    go(FIN);
    go(() => host.close());
    go(() => host.roundEnded());
    go(CONFIRMED);
    const [first, last] = ['first-round', 'last-round'];
    expect(steps).toEqual([
      ...['response', first, first, 'metadata', 'metadata', 'recording', last, 'close-response', 'done'],
    ]);
    expect(waits).toEqual([60_000, undefined, undefined, 30_000, 30_000, undefined, undefined, 60_000, undefined]);
    host.expired();
    host.closed();
    expect(log.events.at(-1)).toBe('ended');
  });

  test('without time sync begin at once', () => {
    expect(hostAfter([WITHOUT_SYNC]).log.wait).toBe(30_000);
    expect(hostAfter([WITHOUT_SYNC, FIN, 'close']).log.wait).toBe(60_000);
  });

  test('that pass are explained', () => {
    expect(silentAfter([])).toMatch(
      /^agent at .*: accepted the connection, but did not answer the request within 60 s; /,
    );
    expect(silentAfter([RESPONSE, 'round'])).toMatch('accepted, but sent no trace metadata within 30 s; setting up');
    expect(silentAfter([RESPONSE, DATA, 'round'])).toMatch('sent 8 bytes of trace metadata, then nothing for 30 s; ');
    expect(silentAfter([WITHOUT_SYNC, FIN, 'close'])).toMatch('did not confirm the end of the trace within 60 s; ');
    expect(silentAfter([], { limits: { response: 1500 } })).toMatch('within 1.5 s');
    expect(silentAfter([RESPONSE, 'round', FIN])).toBe('');
  });

  test('are not renewed by data without data', () => {
    const { host, log } = hostAfter([WITHOUT_SYNC]);
    log.wait = -1;
    host.receive(serialize({ command: 'SEND_DATA', bytes: new Uint8Array() }));
    expect(log.wait).toBe(-1);
  });
});

describe('an agent that', () => {
  test('closes the connection is explained by the step', () => {
    expect(goneAfter([])).toMatch('closed the connection instead of answering the request; it is busy with another');
    expect(goneAfter([], 'Connection reset by peer')).toMatch('the request (Connection reset by peer); it is busy');
    expect(goneAfter([RESPONSE])).toMatch('rejected the arguments (-e sched_switch): it closed the connection before');
    expect(goneAfter([RESPONSE, 'round'])).toMatch('rejected the arguments');
    expect(goneAfter([RESPONSE, DATA])).toMatch('went away in the middle of the trace metadata, after 8 bytes; ');
    expect(goneAfter([RESPONSE, FIN])).toMatch('went away while recording; its trace ends here');
  });

  test('ends without a word after CLOSE has ended all the same', () => {
    const { host, log } = hostAfter([RESPONSE, FIN, 'close']);
    host.closed();
    expect(log.events.at(-1)).toBe('ended unconfirmed');
  });

  test('confirms before the last round is over has ended', () => {
    expect(hostAfter([RESPONSE, FIN, 'close', CONFIRMED]).log.events.at(-1)).toBe('ended');
  });

  test('refuses is quoted', () => {
    const error = hostAfter([{ command: 'NOT_SUPP', reason: 'option -F is not allowed' }]).log.error;
    expect(error).toBe('agent at 10.0.0.2:823: refused the request: option -F is not allowed');
    expect(hostAfter([RESPONSE, { command: 'NOT_SUPP', reason: '' }]).log.error).toMatch(
      'refused the request (-e sched_switch); see what it printed',
    );
  });

  test('is a listen server is recognised', () => {
    const { host, log } = hostAfter([]);
    host.receive(new TextEncoder().encode('tracecmd'));
    host.expired();
    expect(log.error).toMatch('is a listen server, not an agent');
  });

  test.each([
    ['no CPU', { ports: [] }, 'named no CPU'],
    ['FIFOs', { useFifos: true, ports: [0, 0] }, 'wants FIFOs, which were not offered'],
    ['port 0', { ports: [1500, 0] }, 'named 0 as a port'],
    ['a port of vsock', { ports: [65_536, 1] }, 'named 65536 as a port'],
    ['a port twice', { ports: [1500, 1500] }, 'named a port twice'],
    ['a port twice, for time sync', { syncPort: 1500 }, 'named a port twice'],
    ['time sync without a port', { syncPort: 0 }, 'named 0 as a port'],
    ['time sync that was not offered', { syncProtocol: 'kvm' }, "chose time sync 'kvm', not on offer"],
  ])('names %s is given up', (_, fields, problem) => {
    const { host, log } = hostAfter([{ ...RESPONSE, ...fields }]);
    expect(log.error).toMatch(`agreed to record, but ${problem}`);
    expect(host.step).toBe('failed');
  });

  test('names ports that its transport has is believed', () => {
    const request = { useFifos: true, traceId: 1n, args: [], syncProtocols: undefined };
    const vsock = hostAfter([{ ...WITHOUT_SYNC, ports: [0xffff_ffff] }], { portKind: 'vsock' });
    expect(vsock.log.events).toEqual(['response 4294967295 :0']);
    const fifos = hostAfter([{ ...WITHOUT_SYNC, useFifos: true, ports: [0, 0] }], { request });
    expect(fifos.log.events).toEqual(['response FIFOs :0']);
  });
});

describe('messages that make no sense', () => {
  test('before recording end the session, and the agent is told', () => {
    const answered = hostAfter([DATA]);
    expect(answered.log.error).toMatch('answered the request with SEND_DATA');
    expect(answered.log.sent.at(-1)).toEqual(NOT_SUPP);
    const between = hostAfter([RESPONSE, DATA, CONFIRMED]);
    expect(between.log.error).toMatch('sent, in the middle of the trace metadata, CLOSE_RESP');
    expect(between.log.sent.at(-1)).toEqual(NOT_SUPP);
    const closing = hostAfter([RESPONSE, { command: 'CLOSE' }]);
    expect(closing.log.error).toMatch('ended the session before recording began');
  });

  test('while recording are answered and survived', () => {
    const unknown: Message = { command: 'UNKNOWN', number: 77, fixedSize: 0, bytes: new Uint8Array() };
    const { host, log } = hostAfter([WITHOUT_SYNC, FIN, unknown, CONFIRMED, 'close', DATA]);
    expect(log.events.slice(2)).toEqual([
      'unexpected message number 77',
      'unexpected CLOSE_RESP',
      'unexpected SEND_DATA',
    ]);
    expect(log.sent.filter((sent) => Buffer.compare(sent, NOT_SUPP) === 0)).toHaveLength(3);
    host.receive(serialize(CONFIRMED));
    expect(log.events.at(-1)).toBe('ended');
  });

  test('are not answered if they are NOT_SUPP', () => {
    const { log } = hostAfter([WITHOUT_SYNC, FIN, { command: 'NOT_SUPP', reason: '' }]);
    expect(log.sent).toHaveLength(1);
    expect(log.events.at(-1)).toBe('unexpected NOT_SUPP');
  });

  test('without end are given up', () => {
    const { log } = hostAfter([WITHOUT_SYNC, FIN, ...Array.from({ length: 1000 }, () => DATA)]);
    expect(log.error).toMatch('sent 100 messages that make no sense here');
    expect(log.sent).toHaveLength(101);
  });
});

test('metadata without end is given up before it fills the disk', () => {
  const { host, log } = hostAfter([WITHOUT_SYNC]);
  log.metadata.push = () => 0;
  const full = serialize({ command: 'SEND_DATA', bytes: new Uint8Array(8180) });
  for (let sent = 0; !host.over && sent < 2 ** 30; sent += 8180) host.receive(full);
  expect(log.error).toMatch('sent more than 268435456 bytes of trace metadata');
});
