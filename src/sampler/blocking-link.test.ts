import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TandemError } from '../base/errors.ts';
import { socketPair } from '../kernel/sampling-calls.ts';
import { closeSocket, receiveNow, sendNow } from '../kernel/sockets.ts';
import { ProtocolTag, writeTimeSyncHeader } from '../wire/time-sync/header.ts';
import { BlockingLink } from './blocking-link.ts';

const TIMEOUT_MS = 50;
let link: BlockingLink;
let [near, far] = [-1, -1];
beforeEach(() => {
  [near, far] = socketPair();
  link = new BlockingLink(near, 'ptp', 'the peer', TIMEOUT_MS);
});
afterEach(() => {
  closeSocket(near);
  if (far !== -1) closeSocket(far);
});

/** A message as the peer would send it; `surplus`: bytes that a newer peer's fixed part has more. */
function message(protocol: string, id: number, payload: readonly number[], surplus = 0): Uint8Array {
  const bytes = new Uint8Array(32 + surplus + payload.length).fill(0xee);
  const view = new DataView(bytes.buffer);
  writeTimeSyncHeader(view, 0, new ProtocolTag(protocol), id, surplus + payload.length);
  view.setUint32(8, 20 + surplus);
  bytes.set(payload, 32 + surplus);
  return bytes;
}
const arrive = (...messages: readonly Uint8Array[]): void => {
  for (const bytes of messages) sendNow(far, bytes, 'test');
};
const payloadOf = (length: number): number[] => Array.from({ length }, (_, at) => link.input.getUint8(at));
const received = (): [number, number[]] => [link.receive(), payloadOf(link.payload())];

describe('messages', () => {
  test('are sent in one write each, of the protocol or of the control', () => {
    link.output.setUint32(0, 0x01020304);
    link.send(7, 4);
    link.send(8, 0);
    link.sendControl(1, 2);
    const bytes = new Uint8Array(1000);
    const length = receiveNow(far, bytes, 'test');
    expect(bytes.subarray(0, length)).toEqual(
      new Uint8Array([...message('ptp', 7, [1, 2, 3, 4]), ...message('ptp', 8, []), ...message('none', 1, [1, 2])]),
    );
  });

  test('are the same however they are cut', () => {
    link = new BlockingLink(near, 'ptp', 'the peer', 1);
    const expected = [
      [2, [1, 2, 3, 4]],
      [5, []],
      [3, Array.from({ length: 500 }, (_, at) => at & 0xff)],
      [9, [42]],
    ] as const;
    const bytes = new Uint8Array(
      expected.flatMap(([id, payload], at) => [...message('ptp', id, payload, at === 3 ? 6 : 0)]),
    );
    for (let cut = 1; cut <= bytes.length; cut += cut < 40 ? 1 : 29) {
      // The rest comes when the first part is used up: never more than a message's part is missing.
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
      let sent = 0;
      const results: unknown[] = [];
      while (results.length < expected.length) {
        if (sent < 2) arrive(parts[sent++] as Uint8Array);
        try {
          for (;;) results.push(received());
        } catch (error) {
          if ((error as TandemError).code !== 'TIMEOUT') throw error;
        }
      }
      expect(results, `cut at ${cut}`).toEqual(expected);
    }
  });

  test('can be answered before their payload is here', () => {
    const whole = message('ptp', 2, [1, 2, 3, 4]);
    arrive(whole.subarray(0, 32));
    expect(link.receive()).toBe(2);
    link.send(2, 0);
    arrive(whole.subarray(32));
    expect(payloadOf(link.payload())).toEqual([1, 2, 3, 4]);
  });

  test('come through to one who stays awake as to one who sleeps', () => {
    link.isAwake = true;
    arrive(message('ptp', 2, [1]), message('ptp', 3, [2]));
    expect([received(), received()]).toEqual([
      [2, [1]],
      [3, [2]],
    ]);
    expect(() => link.receive()).toThrowError(/said nothing for 50 ms/);
  });
});

describe('a peer that', () => {
  const failure = (): TandemError => {
    try {
      received();
    } catch (error) {
      if (error instanceof TandemError) return error;
      throw error;
    }
    throw new Error('a message was received');
  };

  test('keeps silent is waited for as long as agreed, and can go on later', () => {
    const start = performance.now();
    expect(failure()).toMatchObject({ code: 'TIMEOUT', subject: 'the peer' });
    expect(performance.now() - start).toBeGreaterThan(0.9 * TIMEOUT_MS);
    expect(link.state).toBe('silent');
    arrive(message('ptp', 1, []));
    link.skipArrived();
    expect(link.state).toBe('open');
    arrive(message('ptp', 2, []));
    expect(received()).toEqual([2, []]);
  });

  test('has longer until its first word', () => {
    link = new BlockingLink(near, 'ptp', 'the peer', TIMEOUT_MS, 4 * TIMEOUT_MS);
    const start = performance.now();
    expect(failure().message).toMatch(/said nothing for 200 ms/);
    expect(performance.now() - start).toBeGreaterThan(0.9 * 4 * TIMEOUT_MS);
    arrive(message('ptp', 1, []));
    received();
    expect(failure().message).toMatch(/said nothing for 50 ms/);
  });

  test('left is told from one that is silent', () => {
    closeSocket(far);
    far = -1;
    expect(failure()).toMatchObject({ code: 'PEER', message: 'the peer: closed the time sync connection' });
    expect(link.state).toBe('gone');
    expect(link.receiveControl()).toBe(-1);
    expect(() => link.send(1, 0)).toThrowError(/the peer: send failed \(EPIPE\)/);
  });

  test.each([
    ['nothing that makes sense', new Uint8Array(100).fill(0x61)],
    ['a message of another kind', new Uint8Array([0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 0])],
    ['a message without an end', new Uint8Array([0, 0, 0x20, 1, 0, 0, 0, 9, 0, 0, 0, 20])],
    ['a fixed part longer than the message', new Uint8Array([0, 0, 0, 40, 0, 0, 0, 9, 0, 0, 0, 60])],
  ])('says %s is not listened to any more', (_what, bytes) => {
    arrive(bytes);
    expect(failure().code).toBe('PEER');
    expect(link.state).toBe('gone');
  });

  test('begins anew amid a measurement is understood by who waits for that', () => {
    arrive(message('ptp', 1, [1]), message('none', 1, [3, 0]), message('ptp', 1, [2]));
    expect(received()).toEqual([1, [1]]);
    expect(failure().message).toMatch(/sent a message of time sync protocol "none" amid a measurement/);
    expect([link.receiveControl(), payloadOf(link.payload())]).toEqual([1, [3, 0]]);
    expect(received()).toEqual([1, [2]]);
  });

  test('has more to say about what failed is not listened to', () => {
    arrive(message('ptp', 2, [1]), message('ptp', 9, new Array(3000).fill(7)), message('none', 2, []));
    link.receive();
    expect(link.receiveControl()).toBe(2);
    link.payload();
    arrive(message('ptp', 2, [1]), message('ptp', 3, [2]).subarray(0, 32));
    link.skipArrived();
    arrive(message('ptp', 3, [2]).subarray(32), message('ptp', 4, []));
    link.skipArrived();
    arrive(message('ptp', 5, []));
    expect(received()).toEqual([5, []]);
  });
});
