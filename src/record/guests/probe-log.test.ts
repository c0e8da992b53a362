import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeLog, type LoggedMeasurement } from '../../sync/log.ts';
import { ProbeLog } from './probe-log.ts';

const header = { guest: 'vm', protocol: 'ptp4', guestClock: 'tai', hostClock: 'mono', cpuCount: 1 };
const stamps = (...values: bigint[]): BigUint64Array => BigUint64Array.from(values);
const measured = (time: bigint): LoggedMeasurement => ({
  cpu: 0,
  sample: { time, offset: -5n, scaling: 1n, fraction: 0, bound: 7n },
  probes: {
    count: 2,
    ...{ guestSend: stamps(time, time + 9n), guestReceive: stamps(time + 4n, 0n) },
    ...{ hostReceive: stamps(2n, 12n), hostSend: stamps(3n, 13n) },
  },
});

let folder: string;
let warnings: string[];
const warn = (problem: string): void => void warnings.push(problem);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the log of a session', () => {
  test('has what was measured as soon as it was', () => {
    const path = join(folder, 'vm.dat.tsync');
    const log = new ProbeLog(path, header, warn);
    const measurements: LoggedMeasurement[] = [];
    for (const time of [100n, 2n ** 63n]) {
      measurements.push(measured(time));
      log.add(measured(time));
      expect(decodeLog(readFileSync(path, 'utf8'), path)).toEqual({ header, measurements });
    }
    log.close();
    expect(warnings).toEqual([]);
  });

  test.each([
    ['/dev/full', /^its probes are not stored from here on: \/dev\/full: can not be written.*ENOSPC/],
    [
      '/nowhere/vm.dat.tsync',
      /^its probes are not stored from here on: \/nowhere\/vm.dat.tsync: can not be written.*ENOENT/,
    ],
  ])('that can not be written is told of once: %s', (path, words) => {
    const log = new ProbeLog(path, header, warn);
    log.add(measured(1n));
    log.add(measured(2n));
    log.close();
    expect(warnings).toEqual([expect.stringMatching(words)]);
  });
});
