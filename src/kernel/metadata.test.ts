import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { readKallsyms, readPrintkFormats } from './metadata.ts';
import type { TraceInstance } from './tracefs.ts';

const path = join(temporaryFolder(), 'printk_formats');
const top = { has: () => true, file: () => path } as unknown as TraceInstance;

test.each([0, 10, 1 << 16, (1 << 16) + 1, 300_000, 5])('a file of %i bytes is read to its end', (length) => {
  const content = Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff);
  writeFileSync(path, content);
  expect(readPrintkFormats(top)).toEqual(content);
});

test('what was read stays as it was', () => {
  writeFileSync(path, 'first');
  const first = readPrintkFormats(top);
  writeFileSync(path, 'other');
  readPrintkFormats(top);
  expect(new TextDecoder().decode(first)).toBe('first');
});

test('symbols are those of the kernel', () => {
  expect(Buffer.compare(readKallsyms(), readFileSync('/proc/kallsyms'))).toBe(0);
});

test('a file that is not there is named', () => {
  const gone = { has: () => true, file: () => '/no/such/file' } as unknown as TraceInstance;
  expect(() => readPrintkFormats(gone)).toThrow('/no/such/file: can not be read');
});
