import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveLine, type LiveSubject } from './live-line.ts';
import type { Progress, Session } from './session-types.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What stands on a terminal of so many columns after some seconds, with the progress of each second. */
function shown(
  subject: LiveSubject,
  columns: number,
  guests: readonly string[],
  ...seconds: readonly Progress[]
): string {
  let [screen, at] = ['', 0];
  const write = (text: string): boolean => {
    screen = text.replace(/^\r\x1b\[2K/, '');
    return true;
  };
  const session = { progress: () => seconds[at++], guestStates: () => guests } as unknown as Session;
  const line = new LiveLine(session, { write, columns } as unknown as NodeJS.WriteStream, join(tmpdir(), 'trace.dat'));
  line.show(subject);
  vi.advanceTimersByTime(1000 * Math.max(1, seconds.length));
  const last = screen;
  line.stop();
  expect(screen).toBe('');
  return last;
}

const progress = (events: number, lost: number): Progress => ({
  ...{ events, lost },
  bytesByCpu: new Map([0, 1].map((cpu) => [cpu, (cpu + 1) * 2 ** 20])),
});

test('says how fast events come, and what each CPU has', () => {
  expect(shown('recording', 200, [], progress(1000, 0), progress(4000, 7))).toMatch(
    /^2 s, LOST 7 events, 3000 events\/s, MB by CPU: 0: 1\.0 1: 2\.0, \S+ \S+ left on disk$/,
  );
});

test("has room for guests' states on a usual terminal", () => {
  const guests = ['web: recording, 1.2 MB', 'db: lost, 0.3 MB'];
  const line = shown('recording', 80, guests, progress(0, 0));
  expect(line).toMatch(/^1 s, nothing lost, 0 events\/s, 3\.0 MB, web: recording, 1\.2 MB, db: lost, 0\.3 MB/);
  expect(line.length).toBeLessThan(80);
});

test('while nothing is recorded yet it has the states of guests only, if there are any', () => {
  expect(shown('guests', 80, ['web: measuring its clock', 'db: connecting'])).toBe(
    '1 s, web: measuring its clock, db: connecting',
  );
  expect(shown('guests', 80, [])).toBe('');
  expect(shown('nothing', 80, ['web: recording'])).toBe('');
});
