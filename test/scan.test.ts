import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { nodeCodecs } from '../src/node/codecs.ts';
import { openFile } from '../src/node/file-source.ts';
import type * as scanPool from '../src/node/scan/scan-pool.ts';
import { fileFilters } from '../src/text/report/file-filters.ts';
import { eventIdReader } from '../src/text/report/file-texts.ts';
import { LostEvents } from '../src/text/report/lost-events.ts';
import { loadReportFile } from '../src/text/report/report-file.ts';
import { openCpuStream } from '../src/trace-file/cpu-stream.ts';
import { openTrace } from '../src/trace-file/open.ts';
import { type CpuStream, STREAM_END, STREAM_LOAD } from '../src/trace-file/stream-types.ts';
import { bundledCapture, unpack } from './support/captures.ts';
import { temporaryFolder } from './support/temp-folder.ts';

/** Workers are started from built files. */
const { ScanPool } = (await import(resolve('dist/node/scan/scan-pool.js'))) as typeof scanPool;

const folder = temporaryFolder();

/** Every event that a stream delivers and that is wanted, as text: time, losses, bytes. */
async function eventsOf(stream: CpuStream, wants: (record: CpuStream['record']) => boolean): Promise<string[]> {
  const events: string[] = [];
  for (;;) {
    const state = stream.advance();
    if (state === STREAM_END) return events;
    if (state === STREAM_LOAD) await stream.load();
    else if (wants(stream.record)) {
      const { tsHi, tsLo, missed, bytes, start, end, cpu } = stream.record;
      events.push(`${cpu} ${tsHi}:${tsLo} ${missed} ${Buffer.from(bytes.subarray(start, end)).toString('hex')}`);
    }
  }
}

const everything = () => true;

for (const [capture, text] of [
  ['tcp-ptp-local', 'sched_switch:next_pid == 0'],
  ['local-l0-many', '.*:common_pid != 0'],
  ['tcp-ptp-mono-v6', 'sched_wakeup'],
] as const) {
  test(`threads let the same events of ${capture} through as one thread: ${text}`, async () => {
    const path = join(unpack(bundledCapture(capture), folder), bundledCapture(capture).files.at(-1) as string);
    const trace = await openTrace(await openFile(path), nodeCodecs);
    const file = await loadReportFile(trace, path, '3.4');
    const filters = { filters: [{ text, excludes: false }], repeated: [] };
    const pool = new ScanPool({ files: [{ path, filters }], version: '3.4', everyFile: true });
    const readId = eventIdReader(file.events, trace.header.littleEndian);
    let seen = 0;
    for (const [index, buffer] of trace.buffers.entries()) {
      for (const { cpu, size } of buffer.cpus) {
        const open = () => openCpuStream(trace, buffer, cpu, { windowBytes: 1 << 16, lookahead: false });
        const [filter] = fileFilters([{ file, filters, tsOffset: 0n, ticksPerSecond: undefined }], true);
        const wants = (record: CpuStream['record']) =>
          typeof filter === 'object' && filter.accepts(record, readId(record));
        const scanned = await eventsOf(pool.open(0, index, open(), size, new LostEvents()), everything);
        expect(scanned).toEqual(await eventsOf(open(), wants));
        seen += scanned.length;
      }
    }
    await pool.close();
    await trace.source.close();
    expect(seen).toBeGreaterThan(0);
  });
}

test('a file that is gone for the threads is one clear error', async () => {
  const path = join(
    unpack(bundledCapture('tcp-ptp-local'), folder),
    bundledCapture('tcp-ptp-local').files[0] as string,
  );
  const trace = await openTrace(await openFile(path), nodeCodecs);
  const filters = { filters: [], repeated: [] };
  const gone = join(folder, 'gone.dat');
  const pool = new ScanPool({ files: [{ path: gone, filters }], version: '3.4', everyFile: true });
  const buffer = trace.buffers[0] as (typeof trace.buffers)[number];
  const original = openCpuStream(trace, buffer, 0, { windowBytes: 1 << 16, lookahead: false });
  const stream = pool.open(0, 0, original, 1, new LostEvents());
  await expect(stream.load()).rejects.toThrowError(/gone\.dat: does not exist/);
  await pool.close();
  await trace.source.close();
});
