import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run, tandem } from './support/run.ts';

const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(
  ([, language, text]) => ({
    language,
    text: text as string,
  }),
);

test('the command of the README prints its listing', async () => {
  const listing = blocks
    .find(({ language }) => language === '')
    ?.text.trimEnd()
    .split('\n') as string[];
  const command = blocks.map(({ text }) => /npx tandem (.+)/.exec(text)?.[1]).find(Boolean) as string;
  const { status, stdout, stderr } = await tandem(command.split(' '));
  expect(status, stderr).toBe(0);
  const printed = stdout.toString('utf8').split('\n');
  expect(printed.filter((line) => listing.includes(line))).toEqual(listing);
});

test('the program of the README runs, and prints what the command prints', async () => {
  const program = blocks.find(({ language }) => language === 'js')?.text as string;
  // Inside the package, so that it finds itself by its name.
  mkdirSync('.tmp', { recursive: true });
  writeFileSync('.tmp/readme.mjs', program);
  const { status, stdout, stderr } = await run(process.execPath, ['.tmp/readme.mjs']);
  expect(status, stderr).toBe(0);
  const command = ['report', '--from', '1786.183', '--to', '1786.187', '-i', 'examples/host.dat'];
  const lines = (text: Buffer): string[] =>
    text
      .toString('utf8')
      .split('\n')
      .map((line) => line.replace(/^.*?dat: +/, ''));
  expect(lines(stdout)).toEqual(lines((await tandem(command)).stdout));
  expect(lines(stdout).length).toBeGreaterThan(10);
});
