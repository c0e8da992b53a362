import { Option } from 'commander';
import { expect, test } from 'vitest';
import { takesNext, withOptionalValues } from './getopt.ts';

const options = ['-t', '-F <filter>', '-V, --verbose [level]', '-i, --input <file>'].map((text) => new Option(text));
const written = (line: string): string => withOptionalValues(options, line.split(' '), 'info').join(' ');

test.each([
  ['-V a.dat', '-Vinfo a.dat'],
  ['--verbose a.dat', '--verbose=info a.dat'],
  ['-V2 --verbose=3', '-V2 --verbose=3'],
  ['-tV a.dat', '-tVinfo a.dat'],
  ['-F -V -V', '-F -V -Vinfo'],
  ['-FV a.dat', '-FV a.dat'],
  ['--input -V a', '--input -V a'],
  ['-tF -V', '-tF -V'],
  ['-V -- -V', '-Vinfo -- -V'],
  ['-xV', '-xVinfo'],
])('%s is %s', (line, expected) => expect(written(line)).toBe(expected));

test.each([
  ['-F', true],
  ['-tF', true],
  ['-Fx', false],
  ['--input', true],
  ['--input=x', false],
  ['-V', false],
  ['-t', false],
  ['x', false],
])('whether the word behind %s is its value: %s', (arg, expected) => expect(takesNext(options, arg)).toBe(expected));
