import { describe, expect, test } from 'vitest';
import { formatText } from '../../test/support/build-events.ts';
import { TandemError } from '../base/errors.ts';
import { EventTable } from '../format/event-table.ts';
import { describeFilter } from './describe.ts';
import { parseFilter } from './event-filter.ts';

const FIELDS = [
  'char comm[16];\toffset:8;\tsize:16;\tsigned:0;',
  'int pid;\toffset:24;\tsize:4;\tsigned:1;',
  'u64 value;\toffset:32;\tsize:8;\tsigned:0;',
];
const formats = [
  { system: 'sched', text: formatText('switch', 10, FIELDS, '"x"') },
  { system: 'sched', text: formatText('wakeup', 12, FIELDS, '"x"') },
  { system: 'irq', text: formatText('entry', 11, ['int irq;\toffset:8;\tsize:4;\tsigned:1;'], '"x"') },
];
const events = EventTable.parse(formats, { longSize: 8 });

/** The tests that a filter comes to, `event: test` each. */
const described = (text: string): string[] =>
  describeFilter(parseFilter(text), events).map((line) => line.slice(2, -1));

/** The expression's test for `switch`. */
const tested = (expression: string): string | undefined => described(`switch:${expression}`)[0]?.slice(8);

function errorOf(text: string): TandemError {
  try {
    described(text);
  } catch (error) {
    if (error instanceof TandemError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe('events', () => {
  test.each([
    ['switch', ['switch']],
    ['SCHED', ['wakeup', 'switch']],
    ['.*', ['wakeup', 'entry', 'switch']],
    ['sched/switch', ['switch']],
    [' sched / s.* ', ['switch']],
    ['irq/switch,switch', undefined],
    ['switch,irq', ['entry', 'switch']],
    ['switch,.*', ['wakeup', 'entry', 'switch', 'switch']],
    ['switc', undefined],
    ['switch\\|entry', ['entry', 'switch']],
  ])('%j', (text, names) => {
    if (names === undefined) expect(errorOf(text).code).toBe('NOT_FOUND');
    else expect(described(text)).toEqual(names.map((name) => `${name}: TRUE`));
  });

  test.each(['', ':pid==1', 'switch,', 'switch,:pid==1', '/', '[:pid==1', ' '])('%j names none', (text) => {
    expect(['USAGE', 'NOT_FOUND']).toContain(errorOf(text).code);
  });
});

describe('expressions', () => {
  test.each([
    ['pid == 1 || pid == 2 && pid == 3', '((pid == 1) || (pid == 2)) && (pid == 3)'],
    ['pid==1&&(pid==2||pid==3)', '(pid == 1) && ((pid == 2) || (pid == 3))'],
    ['!pid == 1 && !(pid == 2 || comm == "x")', '(!(pid == 1)) && (!((pid == 2) || (comm == "x")))'],
    ['!!pid == 1', '!(!(pid == 1))'],
    ['((pid == 1))', 'pid == 1'],
    ['pid == 0x10 || pid == 010 || pid == 12abc', '((pid == 16) || (pid == 8)) || (pid == 12)'],
    ['value == 18446744073709551616', 'value == -1'],
    ['pid & 4 && 8 & pid', '(pid & 4) && (8 & pid)'],
    ['comm =~ "^a.*" || comm != \'bc\'', '(comm =~ "^a.*") || (comm != "bc")'],
    ['comm == "a" "b" "c"', 'comm == "abc"'],
    ['comm == "a\\"b"', 'comm == "a\\"b"'],
    ["pid == 'S'", 'pid == 83'],
    ['COMM == "x" && CPU > 1', '(COMM == "x") && (CPU > 1)'],
    ['pid == -1', 'pid - 1'],
    ['pid == 1 comm == "x"', 'comm == "x"'],
    ['pid == 1 pid', 'pid == 1'],
    ['absent == 1', 'FALSE'],
    ['!absent == 1', 'TRUE'],
    ['absent == 1 || pid == 1 && !absent < "x"', 'pid == 1'],
    ['pid == 1 && pid == 2 || !absent =~ "["', 'TRUE'],
    ['pid == 1 || absent & 2', 'pid == 1'],
  ])('%s', (expression, text) => {
    expect(tested(expression)).toBe(text);
  });

  test('a name that only some events have', () => {
    expect(described('.*:irq == 1 || pid == 2')).toEqual(['wakeup: pid == 2', 'entry: irq == 1', 'switch: pid == 2']);
  });

  test.each([
    ['pid', 11],
    ['', 8],
    ['pid == ', 15],
    ['pid == comm', 15],
    ['pid == 1 &&', 19],
    ['pid == 1 && && pid == 2', 20],
    ['pid && pid == 1', 12],
    ['1 == pid', 10],
    ['(pid == 1', 8],
    ['pid == 1)', 16],
    ['(pid & 1) == 1', 18],
    ['()', 9],
    ['pid =~ 5', 15],
    ['pid < "x"', 12],
    ['comm =~ "["', 16],
    ['CPU == "1"', 12],
    ['pid == 1 && comm == "x', 28],
    ['pid == 1 && pid == -1', 27],
    ['!!pid == 1 && pid == 2', 29],
    ['pid ++ 1', 12],
    ['pid == 1, comm == "x"', 16],
    ['pid # 1', 12],
    ['pid == 1 (pid == 2)', 17],
    ['pid == 1 pid pid', 21],
  ])('%j is refused', (expression, at) => {
    const { code, message } = errorOf(`switch:${expression}`);
    expect(code).toBe('USAGE');
    expect(message).toContain(`filter, character ${at} `);
    expect(message).not.toContain('\n');
  });

  test('an error shows the place, on one line', () => {
    expect(errorOf('switch:pid ==\n prev_pid').message).toBe(
      'filter, character 16 (switch:pid == >>>prev_pid): ' +
        'the right side of a comparison is no number or string; fields need a number',
    );
  });
});

describe('hostile filters', () => {
  test.each([
    ['parentheses', `switch:${'('.repeat(1_000_000)}`],
    ['closed parentheses', `switch:${'('.repeat(100_000)}pid == 1${')'.repeat(100_000)}`],
    ['negations', `switch:${'!'.repeat(1_000_000)}`],
    ['a long unfinished list', `switch:${'pid == 1 || '.repeat(100_000)}`],
    ['a pattern of groups', `switch:comm =~ "${'\\('.repeat(100_000)}"`],
  ])('%s get an error', (_, text) => {
    expect(errorOf(text).message.length).toBeLessThan(400);
  });

  test('a long list is no problem', () => {
    const terms = Array.from({ length: 50_000 }, (_, i) => `${i % 3 ? '||' : '&&'} pid == ${i}`).join(' ');
    expect(tested(`pid == 1 ${terms}`)).toMatch(/^\(+pid == 1\) && /);
  });
});
