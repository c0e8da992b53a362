import { describe, expect, test } from 'vitest';
import { readAllowedOptions } from './allowed-options.ts';

const read = (line: string): string =>
  readAllowedOptions(line.split(' ').filter(Boolean))
    .map(({ name, value }) => (value === undefined ? name : `${name} ${value}`))
    .join(', ');

describe('options are taken apart as getopt_long does', () => {
  test.each([
    ['', ''],
    ['-C local -e sched_switch -f prev_pid==0', '-C local, -e sched_switch, -f prev_pid==0'],
    ['-esched -iTv -e -o', '-e sched, -i, -T, -v, -e -o'],
    ['-Tesched', '-T, -e sched'],
    ['--date --max-graph-depth=3 --file-version 6', '--date, --max-graph-depth 3, --file-version 6'],
    ['--compression=none --ts-offset -5', '--compression none, --ts-offset -5'],
    ['-q --quiet --verbose --verbose=5 --debug --nosplice -m 1000 -G -t -e sched', '-e sched'],
    ['-e sched -e', undefined],
    ['--max-graph-depth', undefined],
    ['--date=today', undefined],
  ])('%s', (line, expected) => {
    if (expected === undefined) expect(() => read(line)).toThrowError(/: its value is missing|: it takes no value/);
    else expect(read(line)).toBe(expected);
  });
});

describe('nothing else is allowed', () => {
  test.each([
    ['-e sched -o /etc/passwd', '-o: the recorder names'],
    ['-o/etc/passwd', '-o: '],
    ['-To/etc/passwd', '-o: '],
    ['--output=/etc/passwd', '--output: '],
    ['--temp /root', '--temp: '],
    ['--temp=/root', '--temp: '],
    ['--proc-map', '--proc-map: '],
    ['--user root', '--user: an agent runs no command'],
    ['-F', '-F: an agent runs no command'],
    ['-N 10.0.0.1:1', '-N: '],
    ['-V 3:1', '-V: '],
    ['-A 3', '-A: '],
    ['-B other -e sched', '-B: '],
    ['-k', '-k: an agent leaves nothing switched on'],
    ['--daemonize', '--daemonize: '],
    ['--profile', '--profile: '],
    ['--dat', '--dat: '],
    ['-e sched reboot', 'reboot: an agent runs no commands'],
    ['-e sched -- reboot', '--: an agent runs no commands'],
    ['-', '-: an agent runs no commands'],
    ['-\u001b[2J', '-?: '],
  ])('%s', (line, problem) => {
    expect(() => read(line)).toThrowError(new RegExp(`^${problem.replace(/[?]/g, '\\?')}`));
  });

  test('an empty word is a command, too', () => {
    expect(() => readAllowedOptions([''])).toThrowError('an agent runs no commands');
  });
});
