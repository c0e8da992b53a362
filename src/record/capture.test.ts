import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeDescriptor, makeFifo, pipe } from '../kernel/libc.ts';
import { Capture, sharesOf } from './capture.ts';
import { captureUntilStopped } from './capture-loop.ts';
import type { CaptureThreads } from './capture-threads.ts';
import type { CaptureTask } from './capture-types.ts';

/* Real FIFOs in place of the kernel's trace_pipe_raw: as many as no machine at hand has CPUs. */
const SUB_BUFFER = 4096;
const MANY_CPUS = 256;

describe.runIf(process.platform === 'linux')('one thread for many CPUs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-capture-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const taskOf = (cpu: number): CaptureTask => ({
    ...{ buffer: '', cpu, subBufferSize: SUB_BUFFER },
    rawPath: join(folder, `raw${cpu}`),
    outputPath: join(folder, `out${cpu}`),
  });
  const options = { sleepMicroseconds: 0, poll: false, maximumBytes: 0, realTimePriority: 0 };
  const subBuffer = (cpu: number, index: number): Buffer => Buffer.alloc(SUB_BUFFER, (7 * cpu + index) % 251);

  /** The writing ends: while they are open the reading ones are at no end. */
  function openAll(tasks: readonly CaptureTask[]): number[] {
    return tasks.map(({ rawPath }) => {
      makeFifo(rawPath, 0o600);
      return openSync(rawPath, 'r+');
    });
  }

  /** What each of these CPUs has written is in its file. */
  const expectCaptured = (cpus: readonly number[], count: number): void => {
    for (const cpu of cpus) {
      const expected = Buffer.concat(Array.from({ length: count }, (_, index) => subBuffer(cpu, index)));
      expect(readFileSync(join(folder, `out${cpu}`)).equals(expected), `CPU ${cpu}`).toBe(true);
    }
  };

  test('the data of 256 CPUs ends up in 256 files, in order', () => {
    const tasks = Array.from({ length: MANY_CPUS }, (_, cpu) => taskOf(cpu));
    const writers = openAll(tasks);
    const COUNT = 5;
    for (const share of sharesOf(tasks)) {
      const captured = new Float64Array(share.length);
      captureUntilStopped({ tasks: share, options, captured }, (stopFd) => {
        for (const { cpu } of share) {
          for (let index = 0; index < COUNT; index++) writeSync(writers[cpu] as number, subBuffer(cpu, index));
        }
        closeSync(stopFd);
      });
      expect([...captured]).toEqual(share.map(() => COUNT * SUB_BUFFER));
    }
    for (const fd of writers) closeSync(fd);
    expectCaptured(
      tasks.map(({ cpu }) => cpu),
      COUNT,
    );
  });

  test('one file that can not be written ends the thread with a clear line; the others keep what they have', () => {
    const tasks = [taskOf(0), { ...taskOf(1), outputPath: '/dev/full' }];
    const writers = openAll(tasks);
    const run = () =>
      captureUntilStopped({ tasks, options, captured: new Float64Array(2) }, (stopFd) => {
        for (const [cpu, fd] of writers.entries()) writeSync(fd, subBuffer(cpu, 0));
        closeSync(stopFd);
      });
    expect(run).toThrowError(/^\/dev\/full: splice failed/);
    for (const fd of writers) closeSync(fd);
    expectCaptured([0], 1);
  });

  test('a buffer that can not be opened is named', () => {
    const run = () => captureUntilStopped({ tasks: [taskOf(3)], options, captured: new Float64Array(1) }, () => {});
    expect(run).toThrowError(/CPU 3: .*raw3 can not be opened \(ENOENT\)/);
  });
});

describe('a thread that crashes', () => {
  const task: CaptureTask = { buffer: '', cpu: 0, rawPath: '', outputPath: '/nosuch/file', subBufferSize: SUB_BUFFER };
  const job = { sleepMicroseconds: 0, poll: false, maximumBytes: 0, realTimePriority: 0 };
  const threads = (code: string): CaptureThreads =>
    ({ take: () => new Worker(code, { eval: true }) }) as unknown as CaptureThreads;
  const boom = "setTimeout(() => { throw new Error('boom'); }, 10)";

  test('before all is open it fails the start', async () => {
    await expect(Capture.start(threads(boom), [task], job)).rejects.toThrowError('a capture thread crashed: boom');
  });

  test('later it is told at once, and again at the end', async () => {
    const { readFd, writeFd } = pipe(4096);
    const ready = `require('node:worker_threads').parentPort.postMessage({ type: 'ready', stopFd: ${writeFd}, giveUpFd: -1 });`;
    const capture = await Capture.start(threads(ready + boom), [task], job);
    expect(await capture.failure()).toBe('a capture thread crashed: boom');
    expect(await capture.stop()).toEqual({ cpus: [{ task, bytes: 0 }], problems: ['a capture thread crashed: boom'] });
    closeDescriptor(readFd);
  });
});

describe('who serves which CPU', () => {
  const tasks = (cpus: number, buffers: number): CaptureTask[] =>
    Array.from({ length: buffers }, (_, index) => `buffer${index}`).flatMap((buffer) =>
      Array.from({ length: cpus }, (_, cpu) => ({ buffer, cpu, rawPath: '', outputPath: '', subBufferSize: 4096 })),
    );

  test.each([
    [1, 1, 1],
    [2, 3, 1],
    [8, 1, 1],
    [9, 1, 2],
    [256, 1, 2],
    [256, 4, 2],
  ])('%i CPUs of %i buffers: %i threads, evenly, nobody twice', (cpus, buffers, threads) => {
    const all = tasks(cpus, buffers);
    const shares = sharesOf(all);
    expect(shares).toHaveLength(threads);
    expect(new Set(shares.flat())).toEqual(new Set(all));
    expect(shares.flat()).toHaveLength(all.length);
    const lengths = shares.map(({ length }) => length);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
  });
});
