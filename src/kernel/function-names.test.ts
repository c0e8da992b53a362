import { expect, test } from 'vitest';
import { TandemError } from '../base/errors.ts';
import { functionPattern } from './function-names.ts';

const NAMES = ['schedule', '__schedule', 'schedule_timeout', 'sched.part.0', 'vfs_read', 'vfs_write'];

/** What `trace-cmd list -f` of version 3.4 finds among these names; the last four: what it fails to find. */
test.each<[pattern: string, found: string[]]>([
  ['sched', ['schedule', '__schedule', 'schedule_timeout', 'sched.part.0']],
  ['SCHEDULE', ['schedule', '__schedule', 'schedule_timeout']],
  ['', NAMES],
  ['sched*', ['schedule', 'schedule_timeout', 'sched.part.0']],
  ['*schedule', ['schedule', '__schedule']],
  ['sched.*', ['sched.part.0']],
  ['^sched.*', ['schedule', 'schedule_timeout', 'sched.part.0']],
  ['.*_[rw].*e$', ['vfs_write']],
  ['vfs_\\(read\\|write\\)', ['vfs_read', 'vfs_write']],
  ['chedul[e]', []],
  ['sched[u]le', ['schedule']],
  ['a b', []],
  ['^schedule$', ['schedule']],
  ['schedule$', ['schedule', '__schedule']],
  ['^vfs', ['vfs_read', 'vfs_write']],
  ['sche?ule', ['schedule']],
])('-f %s', (pattern, found) => {
  const regex = functionPattern(pattern);
  expect(NAMES.filter((name) => regex.testText(name))).toEqual(found);
});

test('a pattern that is none is refused', () => {
  expect(() => functionPattern('[')).toThrow(TandemError);
});
