import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { descriptorSink } from './stdout.ts';

/** A child whose standard input is a non-blocking descriptor of this process. */
function reader(command: string) {
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { fd } = (child.stdin as unknown as { _handle: { fd: number } })._handle;
  let received = '';
  child.stdout.on('data', (data) => {
    received += data;
  });
  const done = once(child, 'close').then(() => received);
  return { child, fd, done };
}

describe('descriptorSink', () => {
  it('waits for a slow reader of a non-blocking pipe and loses nothing', async () => {
    const { child, fd, done } = reader('sleep 0.2; sha256sum');
    const sink = descriptorSink(fd, 'pipe');
    const chunk = new Uint8Array(1 << 20).map((_, i) => i * 7);
    for (let i = 0; i < 8; i++) expect(await sink.write(chunk)).toBe(true);
    child.stdin.end();
    const sum = createHash('sha256')
      .update(Buffer.concat(new Array(8).fill(chunk)))
      .digest('hex');
    expect(await done).toBe(`${sum}  -\n`);
  });

  it('says so quietly when the reader has gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sink-'));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const child = spawn('head', ['-c', '10', fifo], { stdio: ['ignore', 'ignore', 'inherit'] });
    const file = openSync(fifo, 'w');
    try {
      const sink = descriptorSink(file, 'pipe');
      const chunk = new Uint8Array(1 << 20).fill(65);
      let open = true;
      for (let i = 0; open && i < 100; i++) open = await sink.write(chunk);
      expect(open).toBe(false);
      expect(await sink.write(chunk)).toBe(false);
    } finally {
      closeSync(file);
      child.kill();
      rmSync(folder, { recursive: true });
    }
  });

  it('writes a file in order, and names what it could not write', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sink-'));
    try {
      const path = join(folder, 'out');
      const file = openSync(path, 'w');
      const sink = descriptorSink(file, path);
      await sink.write(Buffer.from('one\n'));
      await sink.write(Buffer.from('two\n'));
      closeSync(file);
      expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
      await expect(descriptorSink(openSync('/dev/full', 'w'), 'full').write(Buffer.from('x'))).rejects.toThrow(
        /^full: can't be written \(ENOSPC/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
