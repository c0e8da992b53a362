import { describe, expect, test } from 'vitest';
import { allCaptures } from '../../test/support/captures.ts';
import { fillTracks, openCapture } from '../../test/support/tracks.ts';
import { guestStories } from './stories.ts';
import type { CallColumns, InterruptColumns, StateColumns, TaskColumns, Track } from './types.ts';
import { UNKNOWN_PID, VCPU_STATE } from './types.ts';

/** A line of what trace-cmd prints. */
interface Line {
  readonly pid: number;
  readonly cpu: number;
  readonly event: string;
  readonly info: string;
}

const LINE = /^\s*.+?-(\d+)\s+\[(\d+)\]\s.*?\d:\s+(\S+):\s*(.*)$/;

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const match = LINE.exec(line);
    if (match === null) return [];
    const [, pid, cpu, event, info] = match as unknown as [string, string, string, string, string];
    return [{ pid: Number(pid), cpu: Number(cpu), event, info }];
  });
}

/** What trace-cmd prints of each file of a capture by itself, where that is kept. */
const captures = allCaptures().map(({ name, files, texts }) => ({
  name,
  texts: files.map((file) =>
    texts.find(
      (text) =>
        text.command === 'report' &&
        text.version === '3.4' &&
        text.options.length === 0 &&
        text.files.length === 1 &&
        text.files[0] === file,
    ),
  ),
}));

describe.each(captures)('$name', ({ name, texts }) => {
  test('has the tasks, interrupts, calls and entries that trace-cmd prints', async () => {
    const files = await openCapture(name);
    const { builder, columns } = await fillTracks(files);
    const { layout } = builder.plan;
    const of = <Columns>(wanted: Track): Columns =>
      columns[
        layout.tracks.findIndex(
          ({ kind, machine, cpu }) => kind === wanted.kind && machine === wanted.machine && cpu === wanted.cpu,
        )
      ] as Columns;
    for (const [machine, { file, cpuCount }] of layout.machines.entries()) {
      const text = texts[file];
      if (text === undefined) continue;
      const lines = linesOf(text.read().toString());
      for (let cpu = 0; cpu < cpuCount; cpu++) {
        const own = lines.filter((line) => line.cpu === cpu);
        if (own.length === 0) continue;
        checkTasks(own, of({ kind: 'tasks', machine, cpu }));
        checkInterrupts(own, of({ kind: 'interrupts', machine, cpu }), builder.names.interrupts);
        checkCalls(own, of({ kind: 'calls', machine, cpu }), builder.names.functions);
      }
      for (const track of layout.tracks) {
        if (track.kind !== 'vcpu' || track.host !== machine) continue;
        const entries = lines.filter(({ pid, event }) => pid === track.pid && event === 'kvm_entry');
        const { states } = columns[layout.tracks.indexOf(track)] as StateColumns;
        expect(states.filter((state) => state === VCPU_STATE.inGuest).length).toBe(entries.length);
      }
      checkExits(
        lines,
        layout.tracks.flatMap((track) => (track.kind === 'vcpu' && track.host === machine ? [track.pid] : [])),
        guestStories(builder).filter((story) => layout.machines[story.machine]!.host === machine),
      );
    }
  });
});

const without = (pids: readonly number[], pid: number): number[] => pids.filter((one) => one !== pid);

function checkTasks(lines: readonly Line[], columns: TaskColumns | undefined): void {
  const switches = lines.filter(({ event }) => event === 'sched_switch');
  if (switches.length === 0) {
    expect(columns?.pids.length ?? 0).toBe(0);
    return;
  }
  const pids = switches.map(({ info }) => Number(/==> .*:(\d+) \[/.exec(info)![1]));
  const first = Number(/^.*?:(\d+) \[/.exec(switches[0]!.info)![1]);
  const running = [first, ...pids].filter((pid, i, all) => pid !== all[i - 1]);
  const known = without([...columns!.pids], UNKNOWN_PID);
  // The first event of all may be the switch.
  expect(known.at(0) === first ? known : [first, ...known]).toEqual(running);
}

const SOFT = /^vec=\d+ \[action=(\w+)\]/;
const HARD = /^irq=(\d+) (?:name|handler)=(\S+)/;

function checkInterrupts(
  lines: readonly Line[],
  columns: InterruptColumns | undefined,
  names: readonly string[],
): void {
  const expected = lines.flatMap(({ event, info }) => {
    if (event === 'softirq_entry') return [`softirq ${SOFT.exec(info)![1]}`];
    if (event !== 'irq_handler_entry') return [];
    const [, irq, name] = HARD.exec(info)!;
    return [`irq/${irq} ${name}`];
  });
  expect(Array.from(columns?.names ?? [], (name) => names[name])).toEqual(expected);
}

const CALL = /\|(\s*)(\w[\w.]*)\(\)/;

function checkCalls(lines: readonly Line[], columns: CallColumns | undefined, names: readonly string[]): void {
  const calls = lines.flatMap(({ event, info }) => {
    const match = event === 'funcgraph_entry' ? CALL.exec(info) : null;
    return match === null ? [] : [`${match[1]!.length / 2 - 1} ${match[2]}`];
  });
  // Calls that go on after a task comes back are slices of their own, between those that trace-cmd prints.
  let found = 0;
  for (const [i, name] of (columns?.functions ?? new Uint32Array(0)).entries()) {
    if (calls[found] === `${columns!.depths[i]} ${names[name]}`) found++;
  }
  expect(found).toBe(calls.length);
}

function checkExits(lines: readonly Line[], pids: readonly number[], stories: ReturnType<typeof guestStories>): void {
  const expected = new Map<string, number>();
  for (const { pid, event, info } of lines) {
    if (event !== 'kvm_exit' || !pids.includes(pid)) continue;
    const reason = /^reason (\S+)/.exec(info)![1]!;
    expected.set(reason, (expected.get(reason) ?? 0) + 1);
  }
  const counted = new Map<string, number>();
  for (const { exits } of stories)
    for (const { reason, count } of exits) counted.set(reason, (counted.get(reason) ?? 0) + count);
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
}
