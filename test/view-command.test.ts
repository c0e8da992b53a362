import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { bundledCapture, unpack } from './support/captures.ts';
import { tandem } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';

/* The command line of view. Its server is tested beside src/view, its page in view.test.ts. */

const temporary = temporaryFolder();
const capture = bundledCapture('kvm-v7-none-both');
let folder = '';
beforeAll(() => {
  folder = unpack(capture, temporary);
});

type Serving = ChildProcessByStdio<null, Readable, Readable>;

async function started(...args: string[]): Promise<{ readonly url: string; readonly child: Serving }> {
  const command = [resolve('dist/cli/main.js'), 'view', '--no-open', ...args];
  const child = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: first.toString().trim(), child };
}

test('serves the page, the named files and those of their guests, until it is interrupted', async () => {
  const [host, ...guests] = capture.files as [string, ...string[]];
  const { url, child } = await started(host);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
  expect(await (await fetch(url)).text()).toMatch(/^<!doctype html>/);
  const { files } = (await (await fetch(`${url}files.json`)).json()) as { files: { name: string; url: string }[] };
  expect(files.map(({ name }) => name)).toEqual([host, ...guests]);
  for (const { name, url: path } of files) {
    const bytes = Buffer.from(await (await fetch(new URL(path, url))).arrayBuffer());
    expect(bytes.equals(readFileSync(join(folder, name)))).toBe(true);
  }
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('the port is the one that is asked for', async () => {
  const first = await started(capture.files[0] as string);
  const { port } = new URL(first.url);
  const taken = await tandem(['view', '--no-open', '--port', port, capture.files[0] as string], { cwd: folder });
  expect(taken.status).toBe(2);
  expect(taken.stderr).toMatch(new RegExp(`^tandem: --port ${port}: .*\\(EADDRINUSE\\).*\\n$`));
  first.child.kill('SIGTERM');
  await once(first.child, 'exit');
  const second = await started('--port', port, capture.files[0] as string);
  expect(new URL(second.url).port).toBe(port);
  second.child.kill('SIGINT');
  await once(second.child, 'exit');
});

test('an export is the page, the files and their list', async () => {
  const { status, stdout, stderr } = await tandem(['view', '--export', 'site', capture.files[0] as string], {
    cwd: folder,
  });
  expect([status, stdout.toString(), stderr]).toEqual([0, '', '']);
  expect(readFileSync(join(folder, 'site/index.html')).equals(readFileSync('dist/viewer/index.html'))).toBe(true);
  for (const name of capture.files) expect(existsSync(join(folder, 'site/trace', name))).toBe(true);
});

test.each([
  ['a file that is not there', ['none.dat'], 2, /none\.dat: does not exist/],
  ['a file that is no trace', ['none.txt'], 1, /none\.txt: /],
  ['a port that is none', ['--port', '70000', 'none.txt'], 255, /--port 70000: is no port/],
])('%s is an error of one line', async (_, args, expected, message) => {
  writeFileSync(join(folder, 'none.txt'), 'no trace');
  const { status, stderr } = await tandem(['view', '--no-open', ...args], { cwd: folder });
  expect(status).toBe(expected);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
