import { describe, expect, test } from 'vitest';
import { allCaptures, readTrace } from '../../test/support/captures.ts';
import { openBytes } from '../../test/support/stream-events.ts';
import { guestFileCandidates, type PairedFile, pairFiles, pairWithFirst } from './pairing.ts';

const guest = (traceId: bigint, peerTraceId?: bigint): PairedFile => ({
  traceId,
  guests: [],
  timeShift: peerTraceId === undefined ? undefined : { peerTraceId, flags: 0, cpus: [] },
});
const host = (traceId: bigint, ...guests: [traceId: bigint, ...pids: number[]][]): PairedFile => ({
  traceId,
  guests: guests.map(([id, ...pids], i) => ({
    name: `guest${i}`,
    traceId: id,
    vcpus: pids.map((pid, cpu) => ({ cpu, pid })),
  })),
  timeShift: undefined,
});

describe('hosts and guests', () => {
  test('in any order', () => {
    const files = [
      guest(21n, 1n),
      guest(31n, 2n),
      host(2n, [31n, 70, 71]),
      guest(22n),
      host(1n, [21n, 50, 51], [22n, 60]),
    ];
    const pairing = pairFiles(files);
    expect(pairing.hostOf).toEqual([4, 2, undefined, 4, undefined]);
    expect(pairing.guestsOf).toEqual([[], [], [1], [], [0, 3]]);
    expect(pairing.guestCpusOf[4]).toEqual(
      new Map([
        [50, { file: 0, cpu: 0 }],
        [51, { file: 0, cpu: 1 }],
        [60, { file: 3, cpu: 0 }],
      ]),
    );
    expect(pairing.guestCpusOf[2]?.get(71)).toEqual({ file: 1, cpu: 1 });
    expect(pairing.problems).toEqual([]);
  });

  test('by TIME_SHIFT alone, and by GUEST alone', () => {
    expect(pairFiles([host(1n), guest(21n, 1n)]).hostOf).toEqual([undefined, 0]);
    expect(pairFiles([host(1n, [21n]), guest(21n)]).hostOf).toEqual([undefined, 0]);
  });

  test('a guest without its host', () => {
    const pairing = pairFiles([guest(21n, 1n), host(2n)]);
    expect(pairing.hostOf).toEqual([undefined, undefined]);
    expect(pairing.problems).toEqual([{ kind: 'guest-without-host', guest: 0 }]);
  });

  test('the same file twice', () => {
    const pairing = pairFiles([host(1n, [21n, 50]), guest(21n, 1n), host(1n, [21n, 50]), guest(21n, 1n)]);
    expect(pairing.hostOf).toEqual([undefined, 0, undefined, undefined]);
    expect(pairing.guestCpusOf[0]?.get(50)).toEqual({ file: 1, cpu: 0 });
    expect(pairing.problems).toEqual([
      { kind: 'same-recording', file: 2, first: 0 },
      { kind: 'same-recording', file: 3, first: 1 },
    ]);
  });

  test('two hosts that name one guest', () => {
    expect(pairFiles([host(1n, [21n]), host(2n, [21n]), guest(21n)])).toMatchObject({
      hostOf: [undefined, undefined, 0],
      problems: [{ kind: 'several-hosts', guest: 2, hosts: [0, 1] }],
    });
    // The guest knows better.
    expect(pairFiles([host(1n, [21n]), host(2n, [21n]), guest(21n, 2n)])).toMatchObject({
      hostOf: [undefined, undefined, 1],
      problems: [],
    });
  });

  test('of two options about one guest the last counts; unknown threads are nobody', () => {
    const pairing = pairFiles([host(1n, [21n, 50], [21n, 60, 0, -1]), guest(21n)]);
    expect([...pairing.guestCpusOf[0]!]).toEqual([[60, { file: 1, cpu: 0 }]]);
  });

  test('as trace-cmd: only the first file can be a host', () => {
    const files = [guest(21n, 1n), host(1n, [21n, 50])];
    expect(pairWithFirst(files).hostOf).toEqual([undefined, undefined]);
    expect(pairWithFirst(files.toReversed()).guestCpusOf[0]?.get(50)).toEqual({ file: 1, cpu: 0 });
    expect(pairWithFirst([]).hostOf).toEqual([]);
  });

  const together = allCaptures().filter(({ files }) => files.length > 1);
  test.each(together.map((capture) => [capture.name, capture] as const))('of %s', async (_name, capture) => {
    const files = await Promise.all(capture.files.map((name) => openBytes(readTrace(capture, name))));
    const [recorder, ...guests] = files;
    // Without sync nothing tells whose guest a file is but the host's list.
    const pairing = pairFiles([...guests, recorder!]);
    expect(pairing.hostOf).toEqual([...guests.map(() => guests.length), undefined]);
    const candidates = guestFileCandidates(capture.files[0]!, recorder!.guests, capture.files);
    expect(candidates.sort()).toEqual(capture.files.slice(1).sort());
  });
});

describe('candidates for the files of guests', () => {
  test('the names that trace-cmd gives them come first', () => {
    const guests = [{ name: '3' }, { name: 'b.c' }];
    const listing = [
      'trace.dat',
      'trace-z.dat',
      'trace-a.dat',
      'trace-b.c.dat',
      'trace-a',
      'trace.dat.gz',
      'trace-3.dat',
    ];
    expect(guestFileCandidates('trace.dat', guests, listing)).toEqual([
      'trace-b.c.dat',
      'trace-3.dat',
      'trace-a.dat',
      'trace-z.dat',
    ]);
    expect(guestFileCandidates('trace.dat', [], listing)).toEqual([]);
    expect(guestFileCandidates('.trace', guests, ['.trace-a', '-a.trace'])).toEqual(['.trace-a']);
    expect(guestFileCandidates('a.b.dat', guests, ['a.b-3.dat', 'a-3.b.dat'])).toEqual(['a.b-3.dat']);
  });
});
