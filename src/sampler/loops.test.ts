import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TandemError } from '../base/errors.ts';
import { allowedCpus, socketPair } from '../kernel/sampling-calls.ts';
import { closeSocket, sendNow } from '../kernel/sockets.ts';
import type { Measurement } from '../sync/types.ts';
import { ProtocolTag, writeTimeSyncHeader } from '../wire/time-sync/header.ts';
import { BlockingLink } from './blocking-link.ts';
import { answerMeasurements } from './guest-loop.ts';
import { measureRounds } from './host-loop.ts';
import { SamplingThread } from './sampling-thread.ts';
import { StopSignal } from './stop-signal.ts';
import type { SamplerMessage } from './types.ts';

let [near, far] = [-1, -1];
let link: BlockingLink;
let peer: BlockingLink;
let said: SamplerMessage[];
let onRound: () => void;
const say = (message: SamplerMessage): void => {
  said.push(message);
  if (message.type === 'round') onRound();
};
beforeEach(() => {
  [near, far] = socketPair();
  link = new BlockingLink(near, 'ptp', 'the peer', 20);
  peer = new BlockingLink(far, 'ptp', 'test', 20);
  said = [];
  onRound = () => {};
});
afterEach(() => {
  for (const fd of [near, far]) closeSocket(fd);
});

describe('the host', () => {
  const measurement = (cpu: number): Measurement => ({
    cpu,
    sample: { time: 1n, offset: 2n, scaling: 1n, fraction: 0, bound: 3n },
    limits: undefined,
    probes: undefined,
  });
  const run = (
    measure: (cpu: number, stop: StopSignal) => Measurement,
    intervalMs = 0,
    stop = new StopSignal(),
  ): void =>
    measureRounds({
      link,
      side: { measure: (cpu) => measure(cpu, stop) },
      cpuCount: 2,
      intervalMs,
      wantsProbes: false,
      stop,
      say,
    });
  /** How many measurements each round had, and the problems of all. */
  const rounds = (): number[] => said.flatMap((message) => (message.type === 'round' ? [message.measured] : []));
  const problems = (): string[] => said.flatMap((message) => (message.type === 'round' ? message.problems : []));

  test('measures at the start and at the end without an interval, then ends the session', () => {
    run((cpu, stop) => {
      stop.set();
      return measurement(cpu);
    });
    expect(rounds()).toEqual([2, 2]);
    expect(said.map((message) => (message.type === 'measured' ? message.measurement.cpu : message.type))).toEqual([
      ...[0, 1, 'round'],
      ...[0, 1, 'round'],
    ]);
    expect(peer.receiveControl()).toBe(2);
  });

  test('measures again after each interval, and once more after the stop', () => {
    let count = 0;
    const start = performance.now();
    run((cpu, stop) => {
      count++;
      if (count === 6) stop.set();
      return measurement(cpu);
    }, 30);
    expect(rounds()).toEqual([2, 2, 2, 2]);
    expect(performance.now() - start).toBeGreaterThan(55);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('stopped before it began measures once', () => {
    const stop = new StopSignal();
    stop.set();
    run(measurement, 0, stop);
    expect(rounds()).toEqual([2]);
  });

  test('goes on after a measurement that failed', () => {
    let count = 0;
    run((cpu, stop) => {
      stop.set();
      count++;
      if (count === 1) throw new TandemError('PEER', 'the peer', 'said something odd');
      return measurement(cpu);
    });
    expect(rounds()).toEqual([1, 2]);
    expect(problems()).toEqual(['CPU 0 of the guest was not measured: the peer: said something odd']);
  });

  test('waits once per round only for a peer that keeps silent, and skips what it says late', () => {
    const ids: number[] = [];
    let calls = 0;
    run((cpu, stop) => {
      stop.set();
      calls++;
      if (calls > 1) peer.send(cpu, 0);
      onRound = () => peer.send(9, 0);
      ids.push(link.receive());
      link.payload();
      return measurement(cpu);
    });
    expect(calls).toBe(3);
    expect(ids).toEqual([0, 1]);
    expect(rounds()).toEqual([0, 2]);
    expect(problems()).toEqual([
      expect.stringMatching(/CPU 0 of the guest was not measured: .*said nothing for 20 ms/),
    ]);
  });

  test('ends with the reason when the peer leaves', () => {
    expect(() =>
      run(() => {
        closeSocket(far);
        [, far] = socketPair();
        link.receive();
        throw new Error('received');
      }),
    ).toThrowError('the peer: closed the time sync connection');
    expect(rounds()).toEqual([0]);
  });

  test('does not hide a bug', () => {
    expect(() =>
      run(() => {
        throw new TypeError('a bug');
      }),
    ).toThrowError(new TypeError('a bug'));
  });
});

describe('the guest', () => {
  const probe = (cpu: number): void => {
    peer.output.setUint16(0, cpu, true);
    peer.sendControl(1, 2);
  };
  const stop = (): void => peer.sendControl(2, 0);
  const cpus = allowedCpus();
  const run = (answer: (cpu: number) => void): void =>
    answerMeasurements({ link, side: { answer }, thread: new SamplingThread(), say });

  test('answers on the CPU that was asked for, and runs anywhere afterwards', () => {
    const answers: [number, number[]][] = [];
    for (const cpu of cpus) probe(cpu);
    stop();
    run((cpu) => answers.push([cpu, allowedCpus()]));
    expect(answers).toEqual(cpus.map((cpu) => [cpu, [cpu]]));
    expect(allowedCpus()).toEqual(cpus);
    expect(said).toEqual([]);
  });

  test('answers for a CPU that it can not run on, and says so once', () => {
    for (let time = 0; time < 3; time++) probe(8000);
    stop();
    let answers = 0;
    run(() => answers++);
    expect(answers).toBe(3);
    expect(said).toEqual([
      {
        type: 'problem',
        problem: 'CPU 8000 was measured from another CPU: CPU 8000: sched_setaffinity failed (EINVAL)',
      },
    ]);
  });

  test('goes on after a measurement that failed', () => {
    probe(0);
    peer.send(1, 0);
    peer.send(7, 0);
    probe(0);
    probe(0);
    stop();
    let answers = 0;
    run(() => {
      answers++;
      if (answers > 1) return;
      link.receive();
      throw new TandemError('PEER', 'the peer', 'said something odd');
    });
    expect(answers).toBe(3);
    expect(said).toEqual([{ type: 'problem', problem: 'CPU 0 was not measured: the peer: said something odd' }]);
  });

  test('understands a host that gave up a measurement and begins the next one', () => {
    probe(0);
    probe(0);
    stop();
    let answers = 0;
    run(() => {
      answers++;
      if (answers === 1) link.receive();
    });
    expect(answers).toBe(2);
  });

  test('refuses control messages that nobody knows', () => {
    peer.sendControl(7, 0);
    expect(() => run(() => {})).toThrowError('the peer: sent control message 7 of 0 bytes');
  });

  test('refuses a measurement of no CPU', () => {
    const bytes = new Uint8Array(33);
    writeTimeSyncHeader(new DataView(bytes.buffer), 0, new ProtocolTag('none'), 1, 1);
    sendNow(far, bytes, 'test');
    expect(() => run(() => {})).toThrowError('the peer: sent control message 1 of 1 bytes');
  });
});
