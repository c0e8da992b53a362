import { describe, expect, test } from 'vitest';
import { commonScale, readTscScale, scaleIn } from './perf-clock.ts';

/** 2.4 GHz: (ticks * 3495253333) >> 33 is close to ticks / 2.4. */
const SCALE = { multiplier: 3_495_253_333, shift: 33 };

test('the scale lies behind five words of 32 bits, four of 64 and one of 16', () => {
  const page = new Uint8Array(64);
  const fields = new DataView(page.buffer);
  // version, compat_version, lock, index, then offset, time_enabled, time_running, capabilities, pmc_width.
  const timeShift = 4 * 4 + 4 * 8 + 2;
  fields.setUint16(timeShift, SCALE.shift, true);
  fields.setUint32(timeShift + 2, SCALE.multiplier, true);
  expect(scaleIn(page)).toEqual(SCALE);
});

describe('of many CPUs', () => {
  test('it must be the same', () => {
    const scales = [0, 1, 2].map((cpu) => [cpu, SCALE] as const);
    expect(commonScale(new Map(scales))).toEqual(SCALE);
    const odd = new Map([...scales, [3, { ...SCALE, shift: 32 }] as const]);
    expect(() => commonScale(odd)).toThrowError(/CPU 3 ticks at another rate than CPU 0/);
  });

  test('and not missing', () => {
    expect(() => commonScale(new Map())).toThrowError(/no multiplier/);
    expect(() => commonScale(new Map([[0, { multiplier: 0, shift: 0 }]]))).toThrowError(/no multiplier/);
  });

  test.runIf(process.getuid?.() === 0)('this machine has one, or says that it has none', () => {
    let found: ReturnType<typeof readTscScale>;
    try {
      found = readTscScale([0]);
    } catch (error) {
      expect((error as Error).message).toMatch(/^(TSC to nanoseconds|CPU 0): /);
      return;
    }
    expect(found.multiplier).toBeGreaterThan(0);
  });
});
