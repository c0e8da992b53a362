import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundledCapture, unpack } from '../support/captures.ts';
import { type RunResult, run, tandem } from '../support/run.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/* The command line of dump: what it takes, what it refuses, how it ends. Its texts are tested beside src/text/dump. */

const temporary = temporaryFolder();
const FILE = 'local-guest-instances.dat';
let folder = '';
beforeAll(() => {
  folder = unpack(bundledCapture('local-guest-instances'), temporary);
});

const dump = (...args: string[]): Promise<RunResult> => tandem(['dump', ...args], { cwd: folder });

test('a summary is what is shown when nothing is asked for', async () => {
  const summary = await dump('--summary', FILE);
  expect(summary.stdout.toString()).toMatch(/^\n Tracing meta data in file local-guest-instances\.dat:\n/);
  for (const args of [[FILE], ['-i', FILE], ['--verbose', FILE], ['--verbose=6', FILE]]) {
    const { status, stdout } = await dump(...args);
    expect(status).toBe(0);
    expect(stdout.equals(summary.stdout)).toBe(true);
  }
});

test('switches behind the file count, but with --compat they do not, as in trace-cmd', async () => {
  const clock = await dump('--clock', FILE);
  expect((await dump(FILE, '--clock')).stdout.equals(clock.stdout)).toBe(true);
  const summary = await dump(FILE);
  expect((await dump('--compat', '3.4', FILE, '--clock')).stdout.equals(summary.stdout)).toBe(true);
});

test('without a file it reads trace.dat', async () => {
  const { status, stderr } = await dump();
  expect(status).toBe(2);
  expect(stderr).toMatch(/^tandem: trace\.dat: .+\n$/);
});

test('--validate alone says one line, and stands behind what else is asked for', async () => {
  const valid = `File ${FILE} is a valid trace-cmd file\n`;
  expect((await dump('-v', FILE)).stdout.toString()).toBe(valid);
  const both = (await dump('--validate', '--systems', FILE)).stdout.toString();
  expect(both).toMatch(/^\t\[Section 18 /);
  expect(both.endsWith(valid)).toBe(true);
});

test('a file that is cut is no valid one: what there is, one line of error, status 1', async () => {
  const cut = join(folder, 'cut.dat');
  writeFileSync(cut, readFileSync(join(folder, FILE)).subarray(0, -5000));
  const { status, stdout, stderr } = await dump('--validate', '--summary', 'cut.dat');
  expect(status).toBe(1);
  expect(stdout.toString()).toContain('[Header page, 205 bytes]');
  expect(stdout.toString()).not.toContain('valid');
  expect(stderr).toMatch(/^tandem: cut\.dat: .+\n$/);
});

const refused = [
  ['-i', FILE, FILE],
  [FILE, FILE],
  ['--verbose=loud', FILE],
  ['--compat', '2.9', FILE],
  ['--no-such-switch', FILE],
];
test.for(refused.map((args) => ({ line: args.join(' '), args })))('$line is refused', async ({ args }) => {
  const { status, stdout, stderr } = await dump(...args);
  expect(status).toBe(255);
  expect(stdout.length).toBe(0);
  expect(stderr).toMatch(/^[^\n]+\n$/);
});

test('a reader that goes away is no error', async () => {
  const command = `"${process.execPath}" "${resolve('dist/cli/main.js')}" dump --all ${FILE}`;
  const { stdout, stderr } = await run('bash', ['-c', `${command} | head -n 2; echo "\${PIPESTATUS[0]}"`], {
    cwd: folder,
  });
  expect(stdout.toString()).toBe(`\n Tracing meta data in file ${FILE}:\n0\n`);
  expect(stderr).toBe('');
});
