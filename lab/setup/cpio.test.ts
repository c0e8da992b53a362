import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { type ArchiveEntry, cpioArchive } from './cpio.ts';

const CPIO = [['cpio'], ['busybox', 'cpio']].find(([name, ...args]) => {
  const { error } = spawnSync(name as string, [...args, '--help']);
  return error === undefined;
});
const folder = temporaryFolder();

const ENTRIES: readonly ArchiveEntry[] = [
  { path: 'bin', kind: 'folder' },
  { path: 'bin/tool', kind: 'file', content: '#!/bin/sh\n', executable: true },
  { path: 'bin/link', kind: 'link', content: 'tool' },
  // Names and contents of every length modulo 4.
  ...Array.from({ length: 9 }, (_, length) => ({
    ...{ path: `bin/${'n'.repeat(length + 1)}`, kind: 'file' as const },
    content: Buffer.alloc(length, 0xe0 + length),
  })),
];

describe('an archive', () => {
  test.skipIf(CPIO === undefined)('is unpacked by cpio to what was put in', () => {
    const into = join(folder, 'unpacked');
    mkdirSync(into);
    const [name, ...args] = CPIO as [string, ...string[]];
    const { status, stderr } = spawnSync(name, [...args, '-i', '-d'], { cwd: into, input: cpioArchive(ENTRIES) });
    expect(status, String(stderr)).toBe(0);
    for (const { path, kind, content, executable } of ENTRIES) {
      const found = lstatSync(join(into, path));
      if (kind === 'folder') expect(found.isDirectory()).toBe(true);
      else if (kind === 'link') expect(readlinkSync(join(into, path))).toBe(content);
      else {
        expect(readFileSync(join(into, path))).toEqual(Buffer.from(content ?? ''));
        expect(found.mode & 0o777).toBe(executable ? 0o755 : 0o644);
      }
    }
  });

  test('has its members at multiples of four bytes', () => {
    const bytes = cpioArchive(ENTRIES);
    const starts = [...bytes.toString('latin1').matchAll(/070701/g)].map(({ index }) => index);
    expect(starts).toHaveLength(ENTRIES.length + 1);
    expect(starts.filter((start) => start % 4 !== 0)).toEqual([]);
  });
});
