import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { badFiles } from '../support/bad-files.ts';
import { type RunResult, tandemWithLittleMemory } from '../support/run.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/*
 * Files that no recorder writes: whatever they claim, the command ends soon, in little memory, and says what is wrong
 * in one line. What can be read of them is printed.
 */
const temporary = temporaryFolder();
const TIMEOUT_MS = 20_000;

/** Neither hung nor crashed: an exit code, no stack of an exception, warnings and the error in one line each. */
function expectOrderly({ status, signal, stderr }: RunResult): void {
  expect(signal, `ended by ${signal}: hung? ${stderr}`).toBeNull();
  expect(stderr).not.toMatch(/\n\s+at .+:\d+/);
  for (const line of stderr.trimEnd().split('\n').filter(Boolean)) expect(line).toMatch(/^(tandem|warning): \S/);
  if (status !== 0) expect(stderr).toMatch(/(^|\n)tandem: .+\n$/);
}

describe.each(badFiles)('bad file: $name', ({ name, bytes, expected }) => {
  const path = join(temporary, `${name}.dat`);

  test('report', async () => {
    writeFileSync(path, bytes());
    const result = await tandemWithLittleMemory(['report', '-i', path], { timeoutMs: TIMEOUT_MS });
    expectOrderly(result);
    expect(result.stdout.length, 'the text is not blown up').toBeLessThan(20e6);
    if (expected === 'any') return;
    expect(result.stderr).toContain(`${name}.dat`);
    if (expected === 'warning') expect(result.status).toBe(0);
    else expect({ ...result, stdout: result.stdout.toString() }).toMatchObject({ status: 1, stdout: '' });
  });

  test('dump', async () => {
    writeFileSync(path, bytes());
    expectOrderly(await tandemWithLittleMemory(['dump', '--all', '-i', path], { timeoutMs: TIMEOUT_MS }));
  });
});

describe('files that are not there or are none', () => {
  test.each([
    ['a file that is not there', 'not-there.dat', 2],
    ['a folder', '.', undefined],
  ])('%s', async (_, path, status) => {
    for (const command of ['report', 'dump']) {
      const result = await tandemWithLittleMemory([command, '-i', path], { cwd: temporary });
      expectOrderly(result);
      expect(result.stderr).toContain(path);
      if (status === undefined) expect(result.status).not.toBe(0);
      else expect(result.status).toBe(status);
    }
  });
});
