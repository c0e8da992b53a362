import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { allCaptures, readTrace } from '../../test/support/captures.ts';
import { eventsOf, openBytes } from '../../test/support/stream-events.ts';
import { portableCodecs } from '../trace-file/codecs.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { nodeCodecs } from './codecs.ts';

/** Raw times per `buffer/cpu` that trace-cmd printed, in order. */
function printedTimes(text: string): Map<string, bigint[]> {
  const times = new Map<string, bigint[]>();
  for (const line of text.split('\n')) {
    const match = /^(?: *([\w.-]+): )?.*?-\d+ +\[(\d+)\] *(\d+): /.exec(line);
    if (!match) continue;
    const key = `${match[1] ?? ''}/${Number(match[2])}`;
    const list = times.get(key) ?? [];
    times.set(key, list);
    list.push(BigInt(match[3] as string));
  }
  return times;
}

/** Function-graph exits that trace-cmd folded into their entry's line are not printed. */
function withoutUnprinted(all: readonly bigint[], printed: readonly bigint[]): bigint[] {
  let next = 0;
  return all.filter((time) => next < printed.length && time === printed[next] && ++next > 0);
}

/** One hash over the formats and all events' times and bytes. */
async function digest(file: TraceFile): Promise<string> {
  const hash = createHash('sha1');
  for (const { formats } of file.texts.systems) for (const format of formats) hash.update(format);
  for (const buffer of file.buffers) {
    for (const { cpu } of buffer.cpus) {
      for (const { time, data } of await eventsOf(file, buffer, cpu)) hash.update(`${time}`).update(data);
    }
  }
  return hash.digest('hex');
}

describe.each(allCaptures().map((capture) => [capture.name, capture] as const))('%s', (_name, capture) => {
  const texts = capture.texts.filter(({ command, options }) => command === 'report' && options.join() === '--raw-ts');

  test.each(texts.map((text) => [text.files.join(), text] as const))('every event of %s', async (_files, text) => {
    const printed = printedTimes(text.read().toString('latin1'));
    const file = await openBytes(readTrace(capture, text.files[0] as string), nodeCodecs);
    expect(file.warnings).toEqual([]);
    const consumesExits = file.texts.ftraceFormats.length > 0 && capture.name.includes('fgraph');
    for (const buffer of file.buffers) {
      for (const { cpu } of buffer.cpus) {
        const times = (await eventsOf(file, buffer, cpu)).map(({ time }) => time);
        const expected = printed.get(`${buffer.name}/${cpu}`) ?? [];
        expect((consumesExits ? withoutUnprinted(times, expected) : times).join()).toBe(expected.join());
      }
    }
  });

  test('the portable codecs give the same bytes as Node', async () => {
    for (const name of capture.files) {
      const bytes = readTrace(capture, name);
      const portable = await openBytes(bytes, portableCodecs);
      const node = await openBytes(bytes, nodeCodecs);
      expect(await digest(portable)).toBe(await digest(node));
    }
  });
});
