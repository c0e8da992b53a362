import { describe, expect, test } from 'vitest';
import {
  guestTools,
  hostTools,
  quickening,
  replayedLink,
  type SyncMessage,
  stamper,
} from '../../../test/support/sync-peer.ts';
import { type CapturedSession, capturedSession, streamOf } from '../../../test/support/wire/sessions.ts';
import { MessageReader } from '../../wire/frame.ts';
import { readKvmFraction, readKvmOffset, readKvmScaling, readKvmTime } from '../../wire/time-sync/kvm.ts';
import { PTP_OFFSET, PTP_PROBES, readPtpOffset, readPtpProbes, readPtpTime } from '../../wire/time-sync/ptp.ts';
import { kvm } from './kvm.ts';
import { ptp } from './ptp.ts';

/** What both ends of a captured session said of one measurement after the other. */
function measurementsOf({ sync }: CapturedSession): { cpu: number; host: SyncMessage[]; guest: SyncMessage[] }[] {
  const read = (end: 'client' | 'server'): { protocol: string; message: SyncMessage }[] => {
    const messages: { protocol: string; message: SyncMessage }[] = [];
    new MessageReader('peer').read(streamOf(sync, end), (message) => {
      if (message.command !== 'TIME_SYNC') throw new Error(`a ${message.command} amid the time sync`);
      const payload = message.bytes.slice();
      messages.push({ protocol: message.protocol, message: { id: message.id, payload } });
    });
    return messages;
  };
  const guest = read('server').map(({ message }) => message);
  const measurements: { cpu: number; host: SyncMessage[]; guest: SyncMessage[] }[] = [];
  for (const { protocol, message } of read('client')) {
    const last = measurements[measurements.length - 1];
    if (protocol !== 'none') last?.host.push(message);
    else if (message.id === 1) measurements.push({ cpu: message.payload[0] as number, host: [], guest: [] });
  }
  // The guest says as much per measurement as in any other.
  const share = guest.length / measurements.length;
  return measurements.map((measurement, i) => ({ ...measurement, guest: guest.slice(i * share, (i + 1) * share) }));
}

const view = ({ payload }: SyncMessage): DataView =>
  new DataView(payload.buffer, payload.byteOffset, payload.byteLength);

describe('the captured session by ptp', () => {
  const measurements = measurementsOf(capturedSession('tcp-ptp'));
  const stampsOf = (host: readonly SyncMessage[]): BigUint64Array => {
    const probes = host.find(({ id }) => id === PTP_PROBES) as SyncMessage;
    const stamps = new BigUint64Array(339);
    expect(readPtpProbes(view(probes), 0, probes.payload.length, stamps, 'test')).toBe(339);
    return stamps;
  };

  test('has two rounds of two CPUs', () => {
    expect(measurements.map(({ cpu }) => cpu)).toEqual([0, 1, 0, 1]);
  });

  test.each(measurements)('our host says what the stock host said: CPU $cpu', ({ cpu, host, guest }) => {
    const link = replayedLink(guest);
    const stamps = stampsOf(host);
    const asked: number[] = [];
    const markers = stamper((slot) => stamps[slot - 1] ?? (slot === 0 ? stamps[0]! - 1000n : stamps[338]! + 1000n));
    const side = ptp.host(hostTools(link, markers, quickening(), (of) => asked.push(of)));
    const { sample, probes } = side.measure(cpu);
    expect(asked).toEqual([cpu]);
    // Of the list of stamps, ours has no unused rest.
    const expected = host.map(({ id, payload }) => ({
      id,
      payload: id === PTP_PROBES ? payload.subarray(0, 8 + 12 * 339) : payload,
    }));
    expect(link.sent).toEqual(expected);
    const result = guest.find(({ id }) => id === PTP_OFFSET) as SyncMessage;
    expect(sample).toMatchObject({ time: readPtpTime(view(result), 0), offset: readPtpOffset(view(result), 0) });
    expect(probes?.hostReceive).toEqual(stamps);
    // The shortest time from one probe to the one after the next.
    const spans = [...stamps.slice(2)].map((stamp, i) => stamp - (stamps[i] as bigint));
    expect(sample.bound).toBeLessThanOrEqual(spans.reduce((x, y) => (y < x ? y : x)) / 2n + 1n);
    expect(sample.bound).toBeGreaterThan(1000n / 2n);
  });

  test('our guest says what the stock guest said, with its own result', () => {
    const [first] = measurements;
    // The guest's clock is 1 s behind; messages take 20 us there and 24 us back.
    const stamps = stampsOf(first!.host);
    const offset = 1_000_000_000n;
    const markers = stamper((slot) => (stamps[slot >> 1] as bigint) - offset + (slot % 2 === 0 ? -20_000n : 24_000n));
    const link = replayedLink(first!.host);
    ptp.guest(guestTools(link, markers, quickening())).answer(0);
    expect(link.sent.slice(0, -1)).toEqual(first!.guest.slice(0, -1));
    const result = link.sent[link.sent.length - 1] as SyncMessage;
    expect(result).toMatchObject({ id: PTP_OFFSET, payload: { length: 16 } });
    expect(readPtpOffset(view(result), 0) - offset).toBe(-2000n);
    expect(readPtpTime(view(result), 0)).toBeGreaterThan(stamps[0]! - offset);
  });

  test('the next measurement has the next series', () => {
    const [first, second] = measurements;
    const link = replayedLink([...first!.host, ...second!.host]);
    const side = ptp.guest(
      guestTools(
        link,
        stamper(() => 1000n),
        quickening(),
      ),
    );
    side.answer(0);
    side.answer(1);
    const said = [...first!.guest, ...second!.guest].filter(({ id }) => id !== PTP_OFFSET);
    expect(link.sent.filter(({ id }) => id !== PTP_OFFSET)).toEqual(said);
  });
});

describe('the captured session by kvm', () => {
  const measurements = measurementsOf(capturedSession('vsock-kvm'));

  test.each(measurements)('both ends say what the stock ends said: CPU $cpu', ({ cpu, host, guest }) => {
    const response = view(host[0] as SyncMessage);
    const time = readKvmTime(view(guest[0] as SyncMessage), 0);
    const tsc = { offset: -readKvmOffset(response, 0), scaling: 1n << 32n, fraction: 32 };
    expect([readKvmScaling(response, 0), readKvmFraction(response, 0)]).toEqual([1n, 0n]);

    const link = replayedLink(guest);
    const noMarkers = stamper(() => 0n);
    const { sample } = kvm
      .host(
        hostTools(
          link,
          noMarkers,
          quickening(),
          () => {},
          () => tsc,
        ),
      )
      .measure(cpu);
    expect(link.sent).toEqual(host);
    expect(sample).toEqual({ time, offset: -tsc.offset, scaling: 1n, fraction: 0, bound: 0n });

    const guestLink = replayedLink(host);
    kvm
      .guest(
        guestTools(
          guestLink,
          stamper(() => time),
          quickening(),
        ),
      )
      .answer(cpu);
    expect(guestLink.sent).toEqual(guest);
  });
});
