import { beforeAll, describe, expect, test } from 'vitest';
import { allCaptures, capturesBeside, type StoredText, unpack } from '../support/captures.ts';
import { tandem } from '../support/run.ts';
import { expectSameText } from '../support/same-text.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const temporary = temporaryFolder();

/** The whole command line, as a person would type it in the capture's folder. */
function commandLine({ command, version, options, files }: StoredText): string[] {
  const named = command === 'dump' ? ['-i', files[0] as string] : files.flatMap((file) => ['-i', file]);
  return [command, '--compat', version, ...options, ...named];
}

describe.each(allCaptures())('capture $name', (capture) => {
  let folder = '';
  beforeAll(() => {
    folder = unpack(capture, temporary);
  });

  test.concurrent.each(capture.texts.map((text) => ({ line: commandLine(text).join(' '), text })))(
    '$line',
    async ({ line, text }) => {
      const { status, stdout, stderr } = await tandem(commandLine(text), { cwd: folder });
      expect(status, stderr).toBe(0);
      expectSameText(stdout, text.read(), line);
    },
  );
});

test('the captures beside the checkout are there', (context) => {
  context.skip(!capturesBeside(), 'no ../shared/captures beside the checkout: only the bundled captures were compared');
});
