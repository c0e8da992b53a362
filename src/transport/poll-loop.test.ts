import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFifo, pipe } from '../kernel/libc.ts';
import { POLLIN, POLLOUT } from '../kernel/sockets.ts';
import { PollLoop } from './poll-loop.ts';

describe('waiting for descriptors', () => {
  const loop = new PollLoop();
  const { readFd, writeFd } = pipe(4096);
  afterAll(() => {
    closeSync(readFd);
    closeSync(writeFd);
  });

  test('tells which can be read or written, and which could not in time', async () => {
    const empty = loop.wait(readFd, POLLIN, 60);
    expect(await loop.wait(writeFd, POLLOUT, 1000)).toBe(POLLOUT);
    expect(await empty).toBe(0);
    writeSync(writeFd, 'x');
    expect(await loop.wait(readFd, POLLIN, 1000)).toBe(POLLIN);
  });

  test('who comes later is served by the call that is under way, each at its own time', async () => {
    const other = pipe(4096);
    const ends: string[] = [];
    const wait = (name: string, timeout: number): Promise<unknown> =>
      loop.wait(other.readFd, POLLIN, timeout).then(() => ends.push(name));
    const first = wait('200 ms', 200);
    await new Promise((done) => setTimeout(done, 20));
    await Promise.all([first, wait('100 ms', 100), wait('0 ms', 0)]);
    expect(ends).toEqual(['0 ms', '100 ms', '200 ms']);
    closeSync(other.readFd);
    closeSync(other.writeFd);
  });

  test('waits longer than one call lasts', async () => {
    const other = pipe(4096);
    setTimeout(() => writeSync(other.writeFd, 'x'), 1300);
    expect(await loop.wait(other.readFd, POLLIN, Infinity)).toBe(POLLIN);
    closeSync(other.readFd);
    closeSync(other.writeFd);
  });

  test('a descriptor that is not open is an answer, not an endless wait', async () => {
    const POLLNVAL = 32;
    expect(await loop.wait(1_000_000, POLLIN, 1000)).toBe(POLLNVAL);
  });

  test('what is cancelled ends with nothing, others go on', async () => {
    const other = pipe(4096);
    const cancelled = [loop.wait(other.readFd, POLLIN, Infinity), loop.wait(other.readFd, POLLIN, Infinity)];
    const kept = loop.wait(other.writeFd, POLLIN, 80);
    await new Promise((done) => setTimeout(done, 10));
    loop.cancel(other.readFd);
    expect(await Promise.all(cancelled)).toEqual([0, 0]);
    closeSync(other.readFd);
    expect(await kept).not.toBe(POLLIN); // the other end is closed now, which is an error of this one
    closeSync(other.writeFd);
  });
});

describe('a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-poll-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const here = fileURLToPath(new URL('./poll-loop.ts', import.meta.url));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules')); // native code is found there
    await build({
      input: here,
      platform: 'node',
      external: ['koffi'],
      output: { file: join(folder, 'poll-loop.mjs') },
    });
  });

  /** Runs a program that has `pollLoop` and `silent`, a descriptor that nothing ever comes from. */
  function run(program: string): { status: number | null; stdout: string } {
    const fifo = join(folder, 'silent');
    makeFifo(fifo, 0o600);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], {
      input: `import { openSync } from 'node:fs';
        import { PollLoop } from ${JSON.stringify(join(folder, 'poll-loop.mjs'))};
        const pollLoop = new PollLoop();
        const silent = openSync(${JSON.stringify(fifo)}, 'r+');
        ${program}`,
      timeout: 20_000,
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return { status, stdout };
  }

  test('ends when nobody waits any more', () => {
    const { status, stdout } = run(`
      console.log(await pollLoop.wait(silent, 1, 30));
      setTimeout(() => pollLoop.cancel(silent), 30);
      console.log(await pollLoop.wait(silent, 1, Infinity));`);
    expect([status, stdout]).toEqual([0, '0\n0\n']);
  });

  test('stays while somebody waits', () => {
    expect(run(`pollLoop.wait(silent, 1, 300).then(() => console.log('waited'));`).stdout).toBe('waited\n');
  });

  test('leaves the pool to others from time to time, even one of a single thread', () => {
    const { stdout } = run(`
      import { stat } from 'node:fs/promises';
      const waited = pollLoop.wait(silent, 1, 3000).then(() => console.log('waited'));
      await new Promise((done) => setTimeout(done, 50));
      await stat('/');
      console.log('answered');`);
    expect(stdout).toBe('answered\nwaited\n');
  });

  test('ends at once when it exits while somebody waits', () => {
    const { status, stdout } = run(`
      void pollLoop.wait(silent, 1, Infinity);
      setTimeout(() => {
        console.log(Date.now());
        process.exit(3);
      }, 50);`);
    expect(status).toBe(3);
    expect(Date.now() - Number(stdout)).toBeLessThan(600);
  });
});
