import { expect, it } from 'vitest';
import { ReportOutput } from './output.ts';

/** A sink that takes its time, and looks at the bytes only then: a buffer that is reused too early shows. */
function slowSink(taken: string[], closeAfter = Number.POSITIVE_INFINITY) {
  let busy = false;
  return {
    async write(bytes: Uint8Array): Promise<boolean> {
      expect(busy).toBe(false);
      busy = true;
      await new Promise((resolve) => setTimeout(resolve, 1));
      busy = false;
      if (taken.length >= closeAfter) return false;
      taken.push(new TextDecoder().decode(bytes));
      return true;
    },
  };
}

it('hands on everything in order while the next piece is written', async () => {
  const taken: string[] = [];
  const output = new ReportOutput(slowSink(taken));
  let expected = '';
  for (let i = 0; i < 200_000; i++) {
    const line = `line ${i}\n`;
    expected += line;
    output.writer.text(line);
    if (output.isFull) expect(await output.flush()).toBe(true);
  }
  expect(await output.end()).toBe(true);
  expect(taken.length).toBeGreaterThan(3);
  expect(taken.join('') === expected).toBe(true);
});

it('says when nobody reads any more', async () => {
  const taken: string[] = [];
  const output = new ReportOutput(slowSink(taken, 1));
  const results: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    output.writer.text('x');
    results.push(await output.flush());
  }
  expect(results).toEqual([true, true, false, false]);
  expect(await output.end()).toBe(false);
});

it('reports a failed write once it is waited for', async () => {
  const output = new ReportOutput({ write: () => Promise.reject(new Error('disk full')) });
  output.writer.text('x');
  expect(await output.flush()).toBe(true);
  await expect(output.end()).rejects.toThrow('disk full');
});
