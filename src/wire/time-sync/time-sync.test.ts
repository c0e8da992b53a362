import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBuilder } from '../../../test/support/byte-builder.ts';
import { type CapturedSession, capturedSession, streamOf } from '../../../test/support/wire/sessions.ts';
import { serialize } from '../frame.ts';
import {
  ProtocolTag,
  readTimeSyncHeader,
  TIME_SYNC_HEADER_SIZE,
  TimeSyncHeader,
  writeTimeSyncHeader,
} from './header.ts';
import * as kvm from './kvm.ts';
import * as none from './none.ts';
import * as ptp from './ptp.ts';

const TAGS = [new ProtocolTag(none.CONTROL_NAME), new ProtocolTag(ptp.PTP_NAME), new ProtocolTag(kvm.KVM_NAME)];
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A message of a capture: its protocol's name, its id, and where its payload lies in `view`. */
interface Sighting {
  readonly name: string;
  readonly id: number;
  readonly payload: number;
  readonly length: number;
  readonly view: DataView;
}

function sightings(stream: Uint8Array): Sighting[] {
  const view = viewOf(stream);
  const header = new TimeSyncHeader();
  const found: Sighting[] = [];
  for (let offset = 0; offset < stream.length; ) {
    for (let available = 0; available < TIME_SYNC_HEADER_SIZE; available++) {
      if (readTimeSyncHeader(view, offset, available, header, 'peer')) expect.fail(`complete with ${available} bytes`);
    }
    expect(readTimeSyncHeader(view, offset, stream.length - offset, header, 'peer')).toBe(true);
    expect(header.surplus).toBe(0);
    const tag = TAGS.find((one) => header.isOf(one))!;
    expect(header.describe()).toBe(tag.name);
    const payload = offset + TIME_SYNC_HEADER_SIZE;
    const again = new DataView(new ArrayBuffer(TIME_SYNC_HEADER_SIZE));
    expect(writeTimeSyncHeader(again, 0, tag, header.id, header.payloadLength)).toBe(32 + header.payloadLength);
    expect(Buffer.compare(new Uint8Array(again.buffer), stream.subarray(offset, payload))).toBe(0);
    found.push({ name: tag.name, id: header.id, payload, length: header.payloadLength, view });
    offset = payload + header.payloadLength;
  }
  return found;
}

/** Writes a payload anew at an odd place, and compares it with the `length` first bytes of the captured one. */
function expectSamePayload(
  { view, payload, length }: Sighting,
  write: (view: DataView, offset: number) => number,
): void {
  const again = new DataView(new ArrayBuffer(length + 5));
  expect(write(again, 5)).toBe(length);
  const captured = new Uint8Array(view.buffer, view.byteOffset + payload, length);
  expect(Buffer.compare(new Uint8Array(again.buffer, 5), captured)).toBe(0);
}

/** CPUs in the order in which the host asked for them; the last message is STOP. */
function askedCpus(session: CapturedSession): number[] {
  const control = sightings(streamOf(session.sync, 'client')).filter(({ name }) => name === 'none');
  const stop = control.pop()!;
  expect([stop.id, stop.length]).toEqual([none.CONTROL_STOP, 0]);
  return control.map((sighting) => {
    const cpu = none.readControlProbe(sighting.view, sighting.payload, sighting.length);
    expectSamePayload(sighting, (view, offset) => none.writeControlProbe(view, offset, cpu));
    return cpu;
  });
}

// What `trace-cmd dump --options` says of the guests' files of these sessions: time, offset, scaling, fraction.
const STORED = {
  ptp: [
    [172759858757n, 3891794645479n],
    [173899378708n, 3891794592125n],
    [177133921747n, 3891794548921n],
    [178282145034n, 3891794502438n],
  ],
  kvm: [
    [2545162580330n, 1630096855321n, 1n, 0n],
    [2545415021225n, 1630096855321n, 1n, 0n],
    [2554578367912n, 1630096855321n, 1n, 0n],
    [2554834753490n, 1630096855321n, 1n, 0n],
  ],
};

describe('ptp, as captured', () => {
  const session = capturedSession('tcp-ptp');
  const [fromHost, fromGuest] = [
    sightings(streamOf(session.sync, 'client')),
    sightings(streamOf(session.sync, 'server')),
  ];

  test('asks each CPU in two rounds, with 339 probes each', () => {
    expect(askedCpus(session)).toEqual([0, 1, 0, 1]);
    const starts = fromGuest.filter(({ id }) => id === ptp.PTP_START);
    expect(starts.map(({ view, payload }) => ptp.readPtpSeries(view, payload))).toEqual([1, 2, 3, 4]);
    for (const start of starts) {
      const flags = ptp.readPtpFlags(start.view, start.payload);
      expect(flags).toBe(ptp.PTP_FASTEST_RESPONSE | ptp.PTP_USE_MARKERS);
      const series = ptp.readPtpSeries(start.view, start.payload);
      expectSamePayload(start, (view, offset) => ptp.writePtpStart(view, offset, series, flags));
    }
    const probes = fromGuest.filter(({ id }) => id === ptp.PTP_PROBE);
    const counts = probes.map((sighting) => {
      const count = ptp.readPtpProbe(sighting.view, sighting.payload);
      expectSamePayload(sighting, (view, offset) => ptp.writePtpProbe(view, offset, count));
      return count;
    });
    const once = Array.from({ length: ptp.PTP_PROBE_LIMIT }, (_, index) => index + 1);
    expect(counts).toEqual([...once, ...once, ...once, ...once]);
    expect(fromGuest.filter(({ id }) => id === ptp.PTP_END).map(({ length }) => length)).toEqual([0, 0, 0, 0]);
  });

  test("ends in the samples that the guest's file has", () => {
    const offsets = fromGuest.filter(({ id }) => id === ptp.PTP_OFFSET);
    const samples = offsets.map(({ view, payload }) => [
      ptp.readPtpTime(view, payload),
      ptp.readPtpOffset(view, payload),
    ]);
    expect(samples).toEqual(STORED.ptp);
    for (const [index, sighting] of offsets.entries()) {
      const [time, clockOffset] = STORED.ptp[index] as [bigint, bigint];
      expectSamePayload(sighting, (view, offset) => ptp.writePtpOffset(view, offset, time, clockOffset));
    }
  });

  test('lists stamps that surround the sample', () => {
    const lists = fromHost.filter(({ name, id }) => name === 'ptp' && id === ptp.PTP_PROBES);
    expect(lists).toHaveLength(4);
    for (const [index, list] of lists.entries()) {
      const stamps = new BigUint64Array(400).fill(1n);
      expect(ptp.readPtpProbes(list.view, list.payload, list.length, stamps, 'peer')).toBe(339);
      expect(stamps.subarray(0, 339)).toEqual(stamps.slice(0, 339).sort());
      expect(stamps.subarray(339).every((stamp) => stamp === 0n)).toBe(true);
      const [time, offset] = STORED.ptp[index] as [bigint, bigint];
      // The sample's host time is the stamp of one of the probes.
      expect(stamps).toContain(time + offset);
      const cut = { ...list, length: 8 + 339 * 12 };
      expectSamePayload(cut, (view, at) => ptp.writePtpProbes(view, at, index + 1, stamps, 339));
    }
  });
});

describe('kvm, as captured', () => {
  const session = capturedSession('vsock-kvm');

  test("ends in the samples that the guest's file has", () => {
    expect(askedCpus(session)).toEqual([0, 1, 0, 1]);
    const answers = sightings(streamOf(session.sync, 'client')).filter(({ name }) => name === 'kvm');
    const requests = sightings(streamOf(session.sync, 'server'));
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([kvm.KVM_RESPONSE]));
    expect(new Set(requests.map(({ id }) => id))).toEqual(new Set([kvm.KVM_REQUEST]));
    for (const [index, [time, clockOffset, scaling, fraction]] of (STORED.kvm as bigint[][]).entries()) {
      const { view, payload } = answers[index]!;
      expect(kvm.readKvmTime(view, payload)).toBe(time);
      expect(kvm.readKvmOffset(view, payload)).toBe(clockOffset);
      expect(kvm.readKvmScaling(view, payload)).toBe(scaling);
      expect(kvm.readKvmFraction(view, payload)).toBe(fraction);
      expectSamePayload(answers[index]!, (again, at) =>
        kvm.writeKvmResponse(again, at, time!, clockOffset!, scaling!, fraction!),
      );
      expectSamePayload(requests[index]!, (again, at) => kvm.writeKvmRequest(again, at, time!));
    }
  });
});

describe('a header', () => {
  const tag = TAGS[1]!;
  const read = (bytes: Uint8Array, header = new TimeSyncHeader()): boolean =>
    readTimeSyncHeader(viewOf(bytes), 0, bytes.length, header, 'agent');

  test('is the one of the message as an object', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(0xffff_ffff), (bytes, id) => {
      const message = serialize({ command: 'TIME_SYNC', protocol: 'ptp', id, bytes });
      const written = new Uint8Array(message.length);
      writeTimeSyncHeader(viewOf(written), 0, tag, id, bytes.length);
      written.set(bytes, TIME_SYNC_HEADER_SIZE);
      expect(written).toEqual(message);
    });
    fc.assert(property);
  });

  test('of a newer peer has a surplus before the payload', () => {
    const bytes = new ByteBuilder(false).u32(50).u32(9).u32(26).text('ptp').zeros(13).u32(2).zeros(18).take();
    const header = new TimeSyncHeader();
    expect(read(bytes, header)).toBe(true);
    expect(header).toMatchObject({ id: 2, surplus: 6, payloadLength: 12 });
  });

  test('of another message is refused as soon as 12 bytes are here', () => {
    const head = (size: number, command: number, fixed: number): Uint8Array =>
      new ByteBuilder(false).u32(size).u32(command).u32(fixed).take();
    for (const bad of [head(12, 5, 0), head(12, 9, 0), head(40, 9, 19), head(40, 9, 29), head(8193, 9, 20)]) {
      expect(() => read(bad)).toThrow('agent: sent something else than a time sync message (size');
    }
    expect(read(head(40, 9, 28))).toBe(false);
  });

  test('knows its protocol by the name up to a NUL', () => {
    const header = new TimeSyncHeader();
    const named = (name: string): TimeSyncHeader => {
      read(
        new ByteBuilder(false)
          .u32(32)
          .u32(9)
          .u32(20)
          .text(name)
          .zeros(16 - name.length)
          .u32(1)
          .take(),
        header,
      );
      return header;
    };
    expect(named('ptp\0left over').isOf(tag)).toBe(true);
    expect(named('ptp2').isOf(tag)).toBe(false);
    expect(named('pt').isOf(tag)).toBe(false);
    expect(named('\x1b[2Jsixteen long').describe()).toBe('?[2Jsixteen?long');
  });
});

describe('payloads that lie', () => {
  const payload = new DataView(new ArrayBuffer(8144));

  test('about their number of stamps are refused', () => {
    const stamps = new BigUint64Array(339);
    const read = (count: number, length: number): number => {
      payload.setUint32(4, count);
      return ptp.readPtpProbes(payload, 0, length, stamps, 'host');
    };
    expect(() => read(2, 31)).toThrow('host: sent a list of 2 time stamps in 31 bytes');
    expect(() => read(679, 8144)).toThrow('679 time stamps');
    expect(() => read(0xffff_ffff, 8144)).toThrow('4294967295 time stamps');
    expect(() => read(0, 7)).toThrow('of 7 bytes');
    expect(read(2, 32)).toBe(2);
    expect(read(678, 8144)).toBe(339);
  });

  test('about their CPU are told from good ones', () => {
    expect(none.readControlProbe(payload, 0, 1)).toBe(-1);
  });

  test("lose the stamps of probes that they don't name", () => {
    const stamps = BigUint64Array.of(7n, 0n, 9n);
    const length = ptp.writePtpProbes(payload, 0, 1, stamps, 3);
    payload.setUint32(8 + 2 * 12 + 8, 2);
    const read = new BigUint64Array(3);
    expect(ptp.readPtpProbes(payload, 0, length, read, 'host')).toBe(3);
    expect(read).toEqual(BigUint64Array.of(7n, 0n, 0n));
  });
});
