import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { run, tandem } from './support/run.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(
  ([, language, text]) => ({
    language,
    text: text as string,
  }),
);
const commands = blocks.flatMap(({ text }) => [...text.matchAll(/npx tandem (.+)/g)].map(([, args]) => args as string));
const unable = missing('root', 'tracefs');

test('the command can be run as it was built: npx makes it executable only where it finds it for the first time', () => {
  accessSync('dist/cli/main.js', constants.X_OK);
});

/** A line without what differs from run to run: numbers, names of temporary files, columns of blanks. */
const shape = (line: string): string =>
  line
    .replace(/\S*\/tandem-demo-\w+/g, 'FOLDER')
    .replace(/-?\d+(\.\d+)?/g, '0')
    .replace(/ +/g, ' ');

const EVENT = /^ *host(-guest)?\.dat: .* \[\d{3}\] .* \d+\.\d{9}: sched_\w+: +\S/;

test.skipIf(unable !== undefined)(
  'the first command of the README prints what is shown there, and leaves nothing',
  async () => {
    expect(commands[0]).toBe('demo');
    const listing = blocks
      .find(({ language }) => language === '')
      ?.text.trimEnd()
      .split('\n') as string[];
    const { status, stdout, stderr } = await withTracefs(async () => {
      const before = tracefsState();
      const result = await tandem(['demo']);
      expect(tracefsState()).toEqual(before);
      expect(journals()).toEqual([]);
      return result;
    });
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.toString('utf8').trimEnd().split('\n');
    expect(lines.filter((line) => EVENT.test(line)).length).toBeGreaterThan(
      listing.filter((line) => EVENT.test(line)).length - 1,
    );
    const shapes = lines.map(shape);
    for (const line of listing) if (!EVENT.test(line) && line !== '...') expect(shapes).toContain(shape(line));
  },
);

/** Somebody else than root, who may not be let into this folder. */
const NOBODY = ['--reuid=65534', '--clear-groups', process.execPath];
const isLetIn =
  missing('root') !== undefined || spawnSync('setpriv', [...NOBODY, 'dist/cli/main.js', '--version']).status === 0;

test.skipIf(!isLetIn)('without root the demo shows the bundled recording', async () => {
  const args = ['dist/cli/main.js', 'demo'];
  const { status, stdout, stderr } =
    missing('root') === undefined ? await run('setpriv', [...NOBODY, ...args]) : await run(process.execPath, args);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.toString()).toContain('recording needs root');
  expect(stdout.toString()).toMatch(/host-l2b\.dat: .*sched_switch: .*\n(.*\n)* +host\.dat: .*kvm_exit:/);
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
