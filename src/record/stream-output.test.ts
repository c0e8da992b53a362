import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDescriptor, makeFifo, pipe, setBlocking, splice } from '../kernel/libc.ts';
import { socketPair } from '../kernel/sampling-calls.ts';
import { closeSocket, receive } from '../kernel/sockets.ts';
import { StreamOutput } from './stream-output.ts';

const BLOCK = 4096;
const COUNT = 300;
const blocks = Buffer.concat(Array.from({ length: COUNT }, (_, index) => Buffer.alloc(BLOCK, index % 251)));

/** What a thread reads from a descriptor, slowly, until it has so many bytes. */
function slowReader(fd: number, length: number): Promise<Buffer> {
  const code = `
    const { workerData: { fd, length }, parentPort } = require('node:worker_threads');
    const all = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      done += require('node:fs').readSync(fd, all, done, Math.min(10_000, length - done), null);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
    parentPort.postMessage(all);`;
  const worker = new Worker(code, { eval: true, workerData: { fd, length } });
  return new Promise((resolve, reject) => {
    worker.on('message', (bytes: Uint8Array) => resolve(Buffer.from(bytes)));
    worker.on('error', reject);
  });
}

/** Hands all blocks to an output by the way of a pipe, and one more as bytes. */
function pass(output: StreamOutput): void {
  const between = pipe(1 << 20);
  for (let index = 0; index < COUNT; index += 10) {
    const part = blocks.subarray(BLOCK * index, BLOCK * (index + 10));
    writeSync(between.writeFd, part);
    output.take(between.readFd, part.length);
  }
  output.write(blocks.subarray(0, BLOCK));
  setBlocking(between.readFd, false);
  expect(() => readSync(between.readFd, Buffer.alloc(1)), 'nothing stays in the pipe').toThrowError('EAGAIN');
  closeDescriptor(between.readFd);
  closeDescriptor(between.writeFd);
}

describe.runIf(process.platform === 'linux')('a stream of sub-buffers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-stream-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const giveUp = pipe(BLOCK);
  const expected = Buffer.concat([blocks, blocks.subarray(0, BLOCK)]);

  test('arrives whole and in order at a slow reader of a socket', async () => {
    const [near, far] = socketPair();
    const read = slowReader(far, expected.length);
    pass(new StreamOutput(near, 'socket', giveUp.readFd));
    expect((await read).equals(expected)).toBe(true);
    for (const fd of [near, far]) closeSocket(fd);
  });

  test('lies in a FIFO as a copy: the pages it came from may be gone before it is read', () => {
    const [file, path] = ['pages', 'copied'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(file, blocks.subarray(0, BLOCK));
    makeFifo(path, 0o600);
    const [pages, near, far] = [openSync(file, 'r+'), openSync(path, 'r+'), openSync(path, 'r+')];
    const between = pipe(1 << 16);
    expect(splice(pages, between.writeFd, BLOCK, file)).toBe(BLOCK);
    new StreamOutput(near, path, giveUp.readFd).take(between.readFd, BLOCK);
    writeSync(pages, Buffer.alloc(BLOCK, 0xff), 0, BLOCK, 0);
    const read = Buffer.alloc(BLOCK);
    expect(readSync(far, read)).toBe(BLOCK);
    expect(read.equals(blocks.subarray(0, BLOCK))).toBe(true);
    for (const fd of [pages, near, far]) closeSync(fd);
    closeDescriptor(between.readFd);
    closeDescriptor(between.writeFd);
  });

  test('arrives whole and in order at a slow reader of a FIFO', async () => {
    const path = join(folder, 'fifo');
    makeFifo(path, 0o600);
    const fd = openSync(path, 'r+');
    const read = slowReader(fd, expected.length);
    const output = new StreamOutput(openSync(path, 'w'), path, giveUp.readFd);
    // Both descriptors are of one FIFO, but of two open files: only the writer's does not block.
    pass(output);
    expect((await read).equals(expected)).toBe(true);
    closeSync(fd);
  });

  test('arrives by copying where the kernel does not splice', () => {
    const path = join(folder, 'appended');
    // The kernel refuses to splice to what is only appended to.
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
    pass(new StreamOutput(fd, path, giveUp.readFd));
    expect(readFileSync(path).equals(expected)).toBe(true);
    closeSync(fd);
  });

  test('is thrown away when its reader has gone', () => {
    const [near, far] = socketPair();
    closeSocket(far);
    const output = new StreamOutput(near, 'socket', giveUp.readFd);
    pass(output);
    expect(output.isGone).toBe(true);
    closeSocket(near);
  });

  test('ends when waiting for its reader is given up', async () => {
    const [near, far] = socketPair();
    const stop = pipe(BLOCK);
    const output = new StreamOutput(near, 'socket', stop.readFd);
    const closer = new Worker(
      `require('node:worker_threads'); setTimeout(() => require('node:fs').closeSync(${stop.writeFd}), 50);`,
      { eval: true, trackUnmanagedFds: false },
    );
    await sleep(20);
    const start = performance.now();
    pass(output); // nobody reads: more than the socket holds
    expect(performance.now() - start).toBeLessThan(5000);
    expect(output.isGone).toBe(true);
    await new Promise((resolve) => closer.on('exit', resolve));
    expect(receive(far, new Uint8Array(BLOCK), 'far')).toBe(BLOCK);
    for (const fd of [near, far]) closeSocket(fd);
  });
});
