import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tandem } from './support/run.ts';

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
