import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildTrace } from '../../test/support/build-trace.ts';
import { missing } from '../../test/support/capabilities.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import type { TextVersion } from '../format/environment.ts';
import { type FilterOption, planFilters } from './plan.ts';

/** `F1 i F2 v F3 i`: filters by number, `-i` and `-v`. */
const optionsOf = (line: string): FilterOption[] =>
  line
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => (word === 'i' ? 'file' : word === 'v' ? 'exclude' : { filter: word }));

/** The plan as text: per file its filters, exclusions with a minus. */
function planned(line: string, files: number, tasks: string | undefined, version: TextVersion): string[] {
  return planFilters(optionsOf(line), files, tasks, version).map(({ filters }) =>
    [...new Set(filters.map(({ text, excludes }) => (excludes ? `-${text}` : text)))].sort().join(' '),
  );
}

describe('3.4', () => {
  test.each<[string, number, string | undefined, string[]]>([
    ['F1', 1, undefined, ['F1']],
    ['F1', 2, undefined, ['F1', 'F1']],
    ['F1 i', 1, undefined, ['F1']],
    ['i F1', 1, undefined, ['F1']],
    ['i F1 i', 2, undefined, ['F1', '']],
    ['i i F1', 2, undefined, ['', 'F1']],
    ['F1 i F2 i', 2, undefined, ['F1 F2', 'F1 F2']],
    ['F1 i i F2', 2, undefined, ['F1', 'F1 F2']],
    ['i i', 2, 'P', ['P', '']],
    ['F1 i i', 2, 'P', ['F1 P', 'F1 P']],
    ['i F1 i F2', 2, 'P', ['F1 P', 'F2']],
    ['F1 v F2 i F3', 1, undefined, ['-F2 -F3 F1']],
    ['v i', 1, 'P', ['P']],
  ])('%s, %i files, tasks %s', (line, files, tasks, expected) => {
    expect(planned(line, files, tasks, '3.4')).toEqual(expected);
  });

  test('-T repeats what is for all files, and all of it for further buffers of named files', () => {
    const texts = (line: string, files: number) =>
      planFilters(optionsOf(line), files, undefined, '3.4').map(({ filters, repeated }) =>
        [filters, repeated].map((list) => list.map(({ text }) => text).join(' ')),
      );
    expect(texts('F1 i F2', 1)).toEqual([['F1 F2 F1 F2', 'F1 F2']]);
    expect(texts('i F2', 1)).toEqual([['F2', '']]);
    expect(texts('F1 i i F2', 2)).toEqual([
      ['F1 F1', 'F1 F1'],
      ['F1 F2', 'F1 F2'],
    ]);
  });
});

describe.skipIf(missing('trace-cmd 3.1'))('3.1 is what is installed', () => {
  const folder = temporaryFolder();
  const format = formatText('event', 900, [], '"x"');
  // Each file has one event for each of the pids 1 to 4, so that a filter lets one event of each pass.
  const paths = [0, 1].map((file) => {
    const path = join(folder, `${file}.dat`);
    const events = [1, 2, 3, 4].map((pid) => ({
      time: BigInt(1000 * pid + file),
      data: recordBytes(true, { id: 900, pid }),
    }));
    writeFileSync(
      path,
      buildTrace({ systems: [{ name: 'test', formats: [format] }], buffers: [{ cpus: [{ cpu: 0, events }] }] }),
    );
    return path;
  });

  /** Pids that trace-cmd lets pass, per file. */
  function reported(line: string, tasks: string | undefined, files: number): string[] {
    let file = 0;
    const args = line.split(' ').flatMap((word) => {
      if (word === 'i') return ['-i', paths[file++] as string];
      return word === 'v' ? ['-v'] : ['-F', `event:common_pid==${word}`];
    });
    if (tasks) args.push('--pid', tasks);
    const { stdout } = spawnSync('trace-cmd', ['report', ...args], { encoding: 'latin1' });
    const lines = stdout.split('\n').filter((text) => / event: /.test(text));
    return Array.from({ length: files }, (_, index) =>
      lines
        .filter((text) => files === 1 || text.trimStart().startsWith(`${index}.dat:`))
        .map((text) => /-(\d+) /.exec(text)?.[1])
        .join(' '),
    );
  }

  /** Pids that a plan lets pass: 1 to 4 where it wants nothing, less what it excludes. */
  function expected(line: string, tasks: string | undefined, files: number): string[] {
    return planFilters(optionsOf(line), files, tasks, '3.1').map(({ filters }) => {
      const wanted = filters.filter(({ excludes }) => !excludes).map(({ text }) => text);
      const excluded = filters.filter(({ excludes }) => excludes).map(({ text }) => text);
      const passing = ['1', '2', '3', '4'].filter((pid) => wanted.length === 0 || wanted.includes(pid));
      return passing.filter((pid) => !excluded.includes(pid)).join(' ');
    });
  }

  test.each([
    ...[
      '1 i',
      'i 1',
      '1 i 2',
      '1 2 i',
      '1 i i',
      'i 1 i',
      'i i 1',
      '1 i 2 i 3',
      '1 i i 2',
      'i 1 i 2',
      'v 1 i',
      '1 2 v 2 i',
    ],
    ...['v i 1', '1 i v 1 i', 'i i', 'i'],
  ])('%s', (line) => {
    const files = line.split(' ').filter((word) => word === 'i').length;
    for (const tasks of [undefined, '4']) expect(reported(line, tasks, files)).toEqual(expected(line, tasks, files));
  });
});
