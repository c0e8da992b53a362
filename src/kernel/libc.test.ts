import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PollSet, perfEventOpen, pinThread, pipe, readMapping, splice, spliceNow } from './libc.ts';
import { OsError } from './os-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-libc-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('pipes and splice', () => {
  test('bytes go from a pipe into a file without passing through this program', () => {
    const { readFd, writeFd } = pipe(1 << 20);
    const path = join(folder, 'out');
    const out = openSync(path, 'w+');
    expect(spliceNow(readFd, out, 100, path)).toBe(-1);
    writeSync(writeFd, 'sub-buffer');
    expect(splice(readFd, out, 100, path)).toBe(10);
    const back = new Uint8Array(20);
    expect(readSync(out, back, 0, 20, 0)).toBe(10);
    closeSync(writeFd);
    expect(spliceNow(readFd, out, 100, path)).toBe(0);
    closeSync(readFd);
    closeSync(out);
  });

  test('a failed call names itself, its subject and its errno', () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'x');
    const fd = openSync(path, 'r');
    expect(() => splice(fd, fd, 1, path)).toThrowError(new OsError('EBADF', path, 'splice failed'));
    closeSync(fd);
  });

  test('poll tells which of several pipes can be read', () => {
    const [a, b] = [pipe(4096), pipe(4096)];
    const set = new PollSet([a.readFd, b.readFd]);
    expect(set.wait(0)).toBe(0);
    writeSync(b.writeFd, 'x');
    expect([set.wait(1000), set.ready(0), set.ready(1)]).toEqual([1, 0, PollSet.IN]);
    set.ignore(1);
    expect(set.wait(0)).toBe(0);
    for (const fd of [a.readFd, a.writeFd, b.readFd, b.writeFd]) closeSync(fd);
  });
});

describe('the calling thread', () => {
  test('is pinned to a CPU, and refused on one that is not there', () => {
    pinThread([0]);
    expect(() => pinThread([8191])).toThrowError(/CPU 8191: sched_setaffinity failed \(EINVAL\)/);
    pinThread([...Array(64).keys()]);
  });
});

describe('mappings', () => {
  test("a file's first bytes are read through mmap", () => {
    const path = join(folder, 'mapped');
    writeFileSync(
      path,
      Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff),
    );
    const fd = openSync(path, 'r');
    expect([...readMapping(fd, 4096, 6, path)]).toEqual([0, 1, 2, 3, 4, 5]);
    closeSync(fd);
  });

  test('a software perf event opens on CPU 0 where the system allows it', () => {
    const attr = new Uint8Array(128);
    const view = new DataView(attr.buffer);
    view.setUint32(0, 1, true); // PERF_TYPE_SOFTWARE
    view.setUint32(4, attr.length, true);
    view.setUint32(8, 9, true); // PERF_COUNT_SW_DUMMY
    try {
      closeSync(perfEventOpen(attr, 0));
    } catch (error) {
      expect((error as OsError).errno).toMatch(/^E(ACCES|PERM)$/);
    }
  });
});
