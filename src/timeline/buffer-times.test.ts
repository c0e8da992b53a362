import { describe, expect, test } from 'vitest';
import { bufferTimes, type TimeSettings } from './buffer-times.ts';

const timeShift = { peerTraceId: 1n, flags: 0, cpus: [] };
const tscToNanoseconds = { multiplier: 5, shift: 1, offset: 0n };
const settings: TimeSettings = { mode: 'exact', rawTimes: false, ignoreDate: false, offset: 3n };
const asStock: TimeSettings = { ...settings, mode: 'stock' };

function fileWith(clock: string) {
  const top = { name: '', clock } as never;
  return { timeShift, tscToNanoseconds, dateOffset: 1000n, tsOffset: 20n, buffers: [top] };
}

/** Which of the file's rules an instance with a clock gets. */
function rulesOf(topClock: string, clock: string, how: TimeSettings): string {
  const rules = bufferTimes(fileWith(topClock), { name: 'one', clock }, how);
  return `${rules.timeShift ? 'shift' : ''} ${rules.tscToNanoseconds ? 'tsc' : ''}`.trim();
}

describe('rules of a buffer', () => {
  test('the top buffer has all of them', () => {
    const all = { timeShift, tscToNanoseconds, offset: 1023n };
    expect(bufferTimes(fileWith('x86-tsc'), { name: '', clock: 'x86-tsc' }, settings)).toMatchObject(all);
    expect(bufferTimes(fileWith(''), { name: '', clock: '' }, asStock)).toMatchObject(all);
  });

  test('instances on the same clock have them, too; as stock they are not on the clock of the host', () => {
    expect(rulesOf('tsc2nsec', 'tsc2nsec', settings)).toBe('shift tsc');
    expect(rulesOf('x86-tsc', '', settings)).toBe('shift tsc');
    expect(rulesOf('x86-tsc', 'mono', settings)).toBe('');
    expect(rulesOf('mono', 'x86-tsc', settings)).toBe('tsc');
    for (const clock of ['tsc2nsec', 'mono', '']) expect(rulesOf('tsc2nsec', clock, asStock)).toBe('tsc');
  });

  test('raw times and dates that do not count', () => {
    const top = { name: '', clock: '' };
    const raw = bufferTimes(fileWith(''), top, { ...settings, rawTimes: true });
    expect(raw).toEqual({ mode: 'exact', offset: 0n });
    expect(bufferTimes(fileWith(''), top, { ...settings, ignoreDate: true }).offset).toBe(23n);
  });
});
