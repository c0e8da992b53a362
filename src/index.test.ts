import { describe, expect, it } from 'vitest';
import { bundledCapture, readTrace } from '../test/support/captures.ts';
import {
  blobSource,
  loadReportFile,
  memorySource,
  openTimeline,
  openTrace,
  portableCodecs,
  type ReportSettings,
  reportInput,
  reportSettings,
  type TraceFile,
  writeReport,
} from './index.ts';

const capture = bundledCapture('kvm-auto-1vcpu');

function open(name: string): Promise<TraceFile> {
  return openTrace(memorySource(name, readTrace(capture, name)), portableCodecs);
}

async function reportText(settings: Partial<ReportSettings>, names = capture.files): Promise<string> {
  const inputs = [];
  for (const name of names) inputs.push(reportInput(await loadReportFile(await open(name), name, '3.4')));
  const pieces: Buffer[] = [];
  const sink = {
    async write(bytes: Uint8Array) {
      pieces.push(Buffer.from(bytes));
      return true;
    },
  };
  await writeReport(inputs, reportSettings(settings), sink);
  return Buffer.concat(pieces).toString('latin1');
}

const stored = (version: string, options: string[]): string => {
  const same = (text: (typeof capture.texts)[number]) =>
    text.command === 'report' &&
    text.version === version &&
    text.files.length === 2 &&
    text.options.join() === options.join();
  const text = capture.texts.find(same);
  if (text === undefined) throw new Error('this capture has no such text');
  return text.read().toString('latin1');
};

describe('the library without Node', () => {
  it('prints a host and its guest as trace-cmd does', async () => {
    expect((await reportText({ compat: true })) === stored('3.4', [])).toBe(true);
  });

  it('opens a Blob', async () => {
    const name = capture.files[0] as string;
    const trace = await openTrace(blobSource(name, new Blob([readTrace(capture, name)])), portableCodecs);
    expect(trace.cpuCount).toBe(2);
  });

  it('delivers the events of all files on one clock', async () => {
    const files = await Promise.all(capture.files.map(open));
    const timeline = openTimeline(files);
    const seen = new Map<TraceFile, number>();
    let last = 0n;
    await timeline.fill();
    while (!timeline.ended) {
      for (let entry = timeline.next(); entry; entry = timeline.next()) {
        const time = (BigInt(entry.hi) << 32n) | BigInt(entry.lo);
        expect(time >= last).toBe(true);
        last = time;
        seen.set(entry.input.file, (seen.get(entry.input.file) ?? 0) + 1);
      }
      await timeline.fill();
    }
    const lines = stored('3.4', []).split('\n').length - 1 - files.length;
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(lines);
  });

  it('writes JSON that says what the line says', async () => {
    const name = capture.files[1] as string;
    const lines = (await reportText({}, [name])).trimEnd().split('\n').slice(1);
    const events = (await reportText({ json: true }, [name]))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.length).toBe(lines.length);
    for (const [i, event] of events.entries()) {
      const { comm, pid, cpu, time, event: eventName, text, file } = event;
      const microseconds = (BigInt(time) + 500n) / 1000n;
      const seconds = `${microseconds / 1_000_000n}.${String(microseconds % 1_000_000n).padStart(6, '0')}`;
      const line = lines[i] as string;
      expect(line).toContain(`${comm}-${pid} `);
      expect(line).toContain(`[${String(cpu).padStart(3, '0')}]`);
      expect(line).toContain(` ${seconds}: ${eventName}: `);
      expect(line.endsWith(text)).toBe(true);
      expect(file).toBe(name);
    }
    const wakeup = events.find(({ event }) => event === 'sched_switch');
    expect(wakeup.fields.next_comm).toMatch(/\S/);
    expect(wakeup.text).toContain(`==> ${wakeup.fields.next_comm}:${wakeup.fields.next_pid} `);
  });

  it('shows the events of a range of times, ends included', async () => {
    const lines = (await reportText({})).split('\n');
    const timeOf = (line: string) => / ([0-9]+\.[0-9]{6}): /.exec(line)?.[1];
    const [from, to] = [timeOf(lines[500] as string) as string, timeOf(lines[900] as string) as string];
    const wanted = lines.filter((line) => {
      const time = timeOf(line);
      return time === undefined || (Number(time) >= Number(from) && Number(time) <= Number(to));
    });
    expect(await reportText({ from, to })).toBe(wanted.join('\n'));
  });
});
