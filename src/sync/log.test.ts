import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TandemError } from '../base/errors.ts';
import { decodeLog, encodeLogHeader, encodeMeasurement, type LoggedMeasurement } from './log.ts';
import type { Probes } from './types.ts';

const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const i64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const anyProbes: fc.Arbitrary<Probes> = fc
  .tuple(
    fc.array(fc.tuple(u64, u64, u64, u64), { minLength: 1, maxLength: 5 }),
    fc.array(fc.tuple(u64, u64), { maxLength: 3 }),
  )
  .map(([rows, runs]) => {
    const ends = (at: 0 | 1) => BigUint64Array.from(runs, (run) => run[at]);
    const column = (at: 0 | 1 | 2 | 3) => BigUint64Array.from(rows, (row) => row[at]);
    return {
      count: rows.length,
      guestSend: column(0),
      hostReceive: column(1),
      hostSend: column(2),
      guestReceive: column(3),
      ...(runs.length > 0 && { runs: { entries: ends(0), exits: ends(1) } }),
    };
  });
const anyMeasurement: fc.Arbitrary<LoggedMeasurement> = fc.record({
  cpu: fc.nat(4095),
  sample: fc.record({
    time: u64,
    offset: i64,
    scaling: u64,
    fraction: fc.nat(63),
    bound: fc.option(u64, { nil: undefined }),
  }),
  probes: fc.option(anyProbes, { nil: undefined }),
});
const header = { guest: 'vm 1', protocol: 'ptp4', guestClock: 'tai', hostClock: 'mono', cpuCount: 8 };

describe('the log of raw probes', () => {
  test('comes back as it was written, exactly', () => {
    fc.assert(
      fc.property(fc.array(anyMeasurement, { maxLength: 6 }), (measurements) => {
        const text = encodeLogHeader(header) + measurements.map(encodeMeasurement).join('');
        expect(decodeLog(text, 'log')).toEqual({ header, measurements });
      }),
    );
  });

  test('that was cut has what came before the cut', () => {
    fc.assert(
      fc.property(fc.array(anyMeasurement, { minLength: 1, maxLength: 4 }), fc.nat(), (measurements, cut) => {
        const start = encodeLogHeader(header);
        const rest = measurements.map(encodeMeasurement).join('');
        const { measurements: read } = decodeLog(start + rest.slice(0, cut % rest.length), 'log');
        const whole = read.slice(0, -1);
        expect(whole).toEqual(measurements.slice(0, whole.length));
      }),
    );
  });

  test('what is none is told by file and line', () => {
    expect(() => decodeLog('something else\n', 'x.log')).toThrow(TandemError);
    expect(() => decodeLog(`${encodeLogHeader(header)}sample\t1\t2\n`, 'x.log')).toThrow(/^x.log: line 7/);
    expect(() => decodeLog(`${encodeLogHeader(header)}probe\t1\t2\t3\t4\n`, 'x.log')).toThrow(/line 7/);
    expect(() => decodeLog(`${encodeLogHeader(header)}run\t1\t2\n`, 'x.log')).toThrow(/line 7/);
  });
});
