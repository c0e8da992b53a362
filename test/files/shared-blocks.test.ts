import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CapturedCpu, FileSink } from '../../src/record/file-sink.ts';
import { missing } from '../support/capabilities.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const unable = missing('root', 'btrfs');
const folder = temporaryFolder();
const IMAGE_BYTES = 128 << 20;
const CAPTURED_BYTES = 4 << 20;
const PAGE = 4096;

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Does something with a file system that can share blocks between files. */
async function onBtrfs(work: (mounted: string) => Promise<void>): Promise<void> {
  const [image, mounted] = [join(folder, 'image'), join(folder, 'mounted')];
  writeFileSync(image, '');
  truncateSync(image, IMAGE_BYTES);
  run('mkfs.btrfs', '--quiet', image);
  mkdirSync(mounted);
  run('mount', '-o', 'loop', image, mounted);
  try {
    await work(mounted);
  } finally {
    run('umount', mounted);
  }
}

test('a trace file takes over the blocks of the file of a CPU', async (context) => {
  context.skip(unable !== undefined, unable);
  await onBtrfs(async (mounted) => {
    const [captured, output] = [join(mounted, 'trace.dat.cpu0'), join(mounted, 'trace.dat')];
    const [metadata, data] = [randomBytes(PAGE), randomBytes(CAPTURED_BYTES)];
    writeFileSync(captured, data);
    const sink = new FileSink(output);
    await sink.append(metadata);
    await sink.appendData(new CapturedCpu(0, captured, CAPTURED_BYTES));
    sink.close();
    run('sync', '-f', output);
    expect(readFileSync(output).equals(Buffer.concat([metadata, data]))).toBe(true);
    // Each line: number, first and last block in the file, and on the disk, length, flags.
    const extents = run('filefrag', '-v', output).matchAll(/^ *\d+:(?: +\d+\.\. *\d+:){2} +(\d+):.*\bshared\b/gm);
    const shared = [...extents].reduce((sum, [, blocks]) => sum + Number(blocks), 0);
    expect(shared * PAGE).toBe(CAPTURED_BYTES);
  });
});
