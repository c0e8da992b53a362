import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/support/clock-simulator.ts';
import {
  guestTools,
  hostTools,
  quickening,
  ScriptedLink,
  type SyncMessage,
  stamper,
} from '../../../test/support/sync-peer.ts';
import { TandemError } from '../../base/errors.ts';
import {
  PTP_END,
  PTP_OFFSET,
  PTP_PROBE,
  PTP_PROBES,
  PTP_START,
  writePtpProbe,
  writePtpProbes,
} from '../../wire/time-sync/ptp.ts';
import type { GuestSide, HostSide, Measurement, RunWatch, VcpuRuns } from '../types.ts';
import { kvmEvents } from './kvm-events.ts';
import { ptp } from './ptp.ts';
import { ptp4 } from './ptp4.ts';
import {
  PTP4_ECHO,
  PTP4_END,
  PTP4_PROBE,
  PTP4_STAMPS,
  type Ptp4Stamps,
  writePtp4Stamps,
  writePtp4Turn,
} from './ptp4-messages.ts';

/** Host's clock minus guest's. */
const OFFSET = -123_456_789n;

/** One time for both ends, ns; what each of them does takes some. */
class World {
  time = 1_000_000;
  readonly #random: Random;
  readonly #least: number;

  constructor(seed: number, least: number) {
    this.#random = new Random(seed);
    this.#least = least;
  }

  /** A message is on its way. */
  travel(): void {
    this.time += this.#least + this.#random.exponential(this.#least);
  }

  host = (): bigint => {
    this.time += 300;
    return BigInt(Math.round(this.time));
  };
  guest = (): bigint => this.host() - OFFSET;
  now = (): number => this.time / 1e6;
}

function payload(write: (view: DataView) => number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8192));
  return new Uint8Array(view.buffer.slice(0, write(view)));
}

const both = (stamps: BigUint64Array): Ptp4Stamps => ({ sent: stamps, received: stamps });

/**
 * A guest that answers ptp4 with what the bytes of the protocol ask for. `lost` says which stamps are missing; what it
 * says in a series that is `late` comes in the next one.
 */
function ptp4Host(
  world: World,
  lost: (stamp: number) => boolean = () => false,
  late: (series: number) => boolean = () => false,
): HostSide & { sent: SyncMessage[] } {
  let stamps: bigint[] = [];
  let series = 0;
  const waiting: SyncMessage[] = [];
  const probe = (): void => {
    const turn = stamps.length;
    stamps.push(lost(turn) ? 0n : world.guest());
    waiting.push({ id: PTP4_PROBE, payload: payload((view) => writePtp4Turn(view, 0, series, turn)) });
  };
  const link = new ScriptedLink(
    () => {
      world.travel();
      const next = late(series) ? undefined : waiting.shift();
      if (!next) throw new TandemError('TIMEOUT', 'the peer', 'says nothing');
      return next;
    },
    ({ id }) => {
      world.travel();
      if (id === PTP4_ECHO) probe();
      else
        waiting.push({
          id: PTP4_STAMPS,
          payload: payload((view) => writePtp4Stamps(view, 0, series, both(BigUint64Array.from(stamps)))),
        });
    },
  );
  const begin = (): void => {
    stamps = [];
    series++;
    probe();
  };
  const side = ptp4.host(hostTools(link, stamper(world.host), world.now, begin));
  return { measure: (cpu) => side.measure(cpu), sent: link.sent };
}

const expectTruth = ({ sample: { offset, bound } }: Measurement): void => {
  expect(bound).toBeDefined();
  expect(Math.abs(Number(offset - OFFSET))).toBeLessThanOrEqual(Number(bound));
};

describe('ptp4', () => {
  test('finds the offset within its bound, which is about the fastest way', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1000, max: 100_000 }), (seed, least) => {
        const measurement = ptp4Host(new World(seed, least)).measure(1);
        expectTruth(measurement);
        expect(measurement.cpu).toBe(1);
        expect(Number(measurement.sample.bound)).toBeLessThan(least * 1.5 + 1000);
        expect(measurement.probes?.count).toBeGreaterThanOrEqual(40);
      }),
      { numRuns: 50 },
    );
  });

  test('does without missing stamps', () => {
    const measurement = ptp4Host(new World(3, 5000), (stamp) => stamp % 3 === 0).measure(0);
    expectTruth(measurement);
    expect(() => ptp4Host(new World(3, 5000), () => true).measure(0)).toThrow(/no stamps for any of/);
  });

  test('drops what comes late of a measurement that was given up', () => {
    const host = ptp4Host(
      new World(3, 5000),
      () => false,
      (series) => series < 3,
    );
    for (const cpu of [0, 1]) expect(() => host.measure(cpu)).toThrow(/says nothing/);
    expectTruth(host.measure(0));
    expectTruth(host.measure(1));
  });

  test('makes fewer probes where each takes long', () => {
    const { measure } = ptp4Host(new World(1, 20_000_000));
    const { probes } = measure(0);
    expect(probes?.count).toBeLessThan(40);
    expect(probes?.count).toBeGreaterThanOrEqual(8);
  });

  test('the guest echoes turns, and sends one stamp more than probes', () => {
    let series = 1;
    let turn = 0;
    const late = [
      { id: PTP4_ECHO, payload: payload((view) => writePtp4Turn(view, 0, 1, 6)) },
      { id: PTP4_END, payload: payload((view) => writePtp4Turn(view, 0, 1, 7)) },
    ];
    const link = new ScriptedLink(() => {
      const left = series === 2 && late.shift();
      if (left) return left;
      const id = turn === 5 ? PTP4_END : PTP4_ECHO;
      return { id, payload: payload((view) => writePtp4Turn(view, 0, series, turn++)) };
    });
    let clock = 100n;
    const side = ptp4.guest(
      guestTools(
        link,
        stamper(() => clock++),
        () => 0,
      ),
    );
    const expected = (): SyncMessage[] => [
      ...[0, 1, 2, 3, 4, 5].map((k) => ({
        id: PTP4_PROBE,
        payload: payload((view) => writePtp4Turn(view, 0, series, k)),
      })),
      {
        id: PTP4_STAMPS,
        payload: payload((view) =>
          writePtp4Stamps(view, 0, series, both(BigUint64Array.from([0n, 1n, 2n, 3n, 4n, 5n], (k) => clock - 7n + k))),
        ),
      },
    ];
    side.answer(0);
    expect(link.sent.splice(0)).toEqual(expected());
    series = 2;
    turn = 0;
    side.answer(1);
    expect(link.sent).toEqual(expected());
  });
});

describe('kvm-events', () => {
  /** A guest that makes `alone` stamps besides, and a host that saw `runs`. */
  function measured(alone: number, runs: VcpuRuns | undefined) {
    const calls: string[] = [];
    let [clock, turn] = [100n, 0];
    const link = new ScriptedLink(() => {
      const isOver = turn === 65;
      const sent = BigUint64Array.from({ length: 65 + alone }, (_, i) => 1000n + BigInt(i));
      const stamps = { sent, received: sent.map((stamp) => stamp - 1n) };
      return isOver
        ? { id: PTP4_STAMPS, payload: payload((view) => writePtp4Stamps(view, 0, 1, stamps)) }
        : { id: PTP4_PROBE, payload: payload((view) => writePtp4Turn(view, 0, 1, turn++)) };
    });
    const runWatch: RunWatch = {
      begin: (cpu) => calls.push(`begin ${cpu}`),
      end: () => calls.push('end'),
      runs: () => {
        calls.push('runs');
        return runs;
      },
    };
    const tools = hostTools(
      link,
      stamper(() => clock++),
      quickening(),
    );
    return { measure: () => kvmEvents.host({ ...tools, runWatch }).measure(3), calls };
  }
  const runs = { entries: BigUint64Array.of(0n, 50n), exits: BigUint64Array.of(40n, 0n) };

  test('the host watches the vCPU as long as probes are on their way, and keeps what it saw', () => {
    const { measure, calls } = measured(384, runs);
    const { probes } = measure();
    expect(calls).toEqual(['begin 3', 'end', 'runs']);
    expect(probes?.runs).toBe(runs);
    expect(probes?.count).toBe(449);
    // The last one that ended a turn, and those that the guest made alone, belong to no message.
    expect([63, 64, 448].map((k) => probes?.guestSend[k])).toEqual([1063n, 1064n, 1448n]);
    expect([63, 64, 448].map((k) => probes?.guestReceive[k])).toEqual([1063n, 0n, 0n]);
    expect([63, 64, 448].map((k) => probes?.hostReceive[k])).toEqual([163n, 0n, 0n]);
  });

  test('the host does without runs', () => {
    const { probes } = measured(384, undefined).measure();
    expect(probes).not.toHaveProperty('runs');
    expect(probes?.count).toBe(64);
    expect(measured(0, undefined).measure().probes?.count).toBe(64);
  });

  test('the host watches no more after a measurement that failed', () => {
    const { measure, calls } = measured(385, runs);
    expect(measure).toThrow(/a list of stamps that is not of 64 probes/);
    expect(calls).toEqual(['begin 3', 'end']);
  });

  test('the guest sends what it stamped next to exits behind the stamps of messages', () => {
    let turn = 0;
    const link = new ScriptedLink(() => {
      const id = turn === 2 ? PTP4_END : PTP4_ECHO;
      return { id, payload: payload((view) => writePtp4Turn(view, 0, 1, turn++)) };
    });
    const markers = stamper((slot) => BigInt(slot + 1));
    const stampExits = (most: number) => {
      // Markers are used for these as well.
      markers.begin(1);
      return BigUint64Array.from({ length: most }, (_, i) => BigInt(5 + i));
    };
    kvmEvents.guest({ ...guestTools(link, markers, quickening()), stampExits }).answer(0);
    const all = BigUint64Array.from({ length: 4 + 383 }, (_, i) => BigInt(i + 1));
    expect(link.sent.at(-1)).toEqual({
      id: PTP4_STAMPS,
      payload: payload((view) => writePtp4Stamps(view, 0, 1, { sent: all, received: all })),
    });
  });
});

describe('ptp with a peer that waits for acknowledgements', () => {
  test('our guest sends the next probe before it takes the echo’s payload', () => {
    const order: string[] = [];
    let time = 0;
    let count = 0;
    const link = new ScriptedLink(() => {
      order.push('receive');
      time += 44;
      const last = link.sent[link.sent.length - 1] as SyncMessage;
      if (last.id === PTP_END) {
        return { id: PTP_PROBES, payload: payload((view) => writePtpProbes(view, 0, 1, new BigUint64Array(0), 0)) };
      }
      if (last.id === PTP_START) return last;
      count++;
      return { id: PTP_PROBE, payload: payload((view) => writePtpProbe(view, 0, count)) };
    });
    const take = link.payload.bind(link);
    link.payload = () => {
      order.push('payload');
      return take();
    };
    const send = link.send.bind(link);
    link.send = (id, length) => {
      order.push('send');
      send(id, length);
    };
    const side: GuestSide = ptp.guest(
      guestTools(
        link,
        stamper(() => 7n),
        () => time,
      ),
    );
    expect(() => side.answer(0)).toThrow(/stamped none of 40 probes/);
    const turns = order.join(' ');
    expect(turns.startsWith('send receive payload send receive payload send receive payload send')).toBe(true);
    expect(turns).toContain('receive send payload receive send payload');
    // What the host throws away tells it that there is no result.
    const result = link.sent[link.sent.length - 1];
    expect(result).toEqual({ id: PTP_OFFSET, payload: new Uint8Array(16) });
  });
});

describe('peers that make no sense', () => {
  const anyMessage = fc.record({ id: fc.nat(7), payload: fc.uint8Array({ maxLength: 40 }) });
  const sides: readonly [string, (link: ScriptedLink) => void][] = [
    [
      'ptp host',
      (link) =>
        void ptp
          .host(
            hostTools(
              link,
              stamper(() => 5n),
              () => 0,
            ),
          )
          .measure(0),
    ],
    [
      'ptp guest',
      (link) =>
        ptp
          .guest(
            guestTools(
              link,
              stamper(() => 5n),
              () => 0,
            ),
          )
          .answer(0),
    ],
    [
      'ptp4 host',
      (link) =>
        void ptp4
          .host(
            hostTools(
              link,
              stamper(() => 5n),
              () => 0,
            ),
          )
          .measure(0),
    ],
    [
      'ptp4 guest',
      (link) =>
        ptp4
          .guest(
            guestTools(
              link,
              stamper(() => 5n),
              () => 0,
            ),
          )
          .answer(0),
    ],
  ];
  test.each(sides)('%s: an error that names the peer, or the link’s own', (_, run) => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 6 }), (messages) => {
        const left = [...messages];
        const link = new ScriptedLink(() => {
          const next = left.shift();
          if (!next) throw new TandemError('TIMEOUT', 'the peer', 'says nothing');
          return next;
        });
        try {
          run(link);
        } catch (error) {
          expect(error).toBeInstanceOf(TandemError);
          expect((error as TandemError).message).toMatch(/^the peer: /);
        }
      }),
      { numRuns: 300 },
    );
  });
});
