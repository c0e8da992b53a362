import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Journal, readSetting, staleJournals, undoStale } from './journal.ts';
import { findTracefs, openTracefs, type Tracefs, type TraceInstance } from './tracefs.ts';

const canTrace = process.getuid?.() === 0 && findTracefs() !== undefined;

describe.runIf(canTrace)('with an instance of its own in the real tracefs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-journal-'));
  const tracefs = canTrace ? openTracefs() : (undefined as unknown as Tracefs);
  let instance: TraceInstance;

  /** The settings that the tests change, as the kernel shows them. */
  const state = () =>
    ['trace_clock', 'buffer_size_kb', 'tracing_on', 'set_event', 'set_event_pid', 'events/sched/sched_switch/filter']
      .concat('events/sched/sched_switch/trigger', 'options/overwrite', 'buffer_percent')
      .map((file) => `${file}: ${instance.read(file).trim()}`);

  beforeEach(() => {
    instance = tracefs.createInstance(`journal-test-${process.pid}`);
    instance.write('256', 'buffer_size_kb');
  });
  afterEach(() => {
    instance.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const changeEverything = (journal: Journal) => {
    journal.set('choice', instance.file('trace_clock'), 'mono');
    journal.set('size', instance.file('buffer_size_kb'), '1001');
    journal.set('value', instance.file('tracing_on'), '0');
    journal.set('value', instance.file('options/overwrite'), '0');
    journal.set('size', instance.file('buffer_percent'), '10');
    journal.set('list', instance.file('set_event_pid'), '1');
    journal.set('filter', instance.file('events/sched/sched_switch/filter'), 'next_pid > 1');
    journal.add(instance.file('events/sched/sched_switch/trigger'), 'traceoff:3');
    journal.enableEvents(instance.path, ['sched:sched_switch', 'timer:hrtimer_start']);
  };

  test('undo puts back every kind of setting, rounded sizes too', () => {
    const before = state();
    const journal = new Journal(folder);
    changeEverything(journal);
    expect(state()).not.toEqual(before);
    expect(journal.undo()).toEqual([]);
    expect(state()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a whole system is switched on and off, an event that was on before stays on', () => {
    instance.write('1', 'events/sched/sched_waking/enable');
    const before = state();
    const journal = new Journal(folder);
    journal.enableEvents(
      instance.path,
      instance.events('sched').map((name) => `sched:${name}`),
    );
    expect(instance.read('events/sched/enable').trim()).toBe('1');
    expect(journal.undo()).toEqual([]);
    expect(state()).toEqual(before);
  });

  test('what somebody else changed meanwhile is left alone, and said', () => {
    const journal = new Journal(folder);
    journal.set('choice', instance.file('trace_clock'), 'mono');
    instance.write('boot', 'trace_clock');
    expect(journal.undo()).toEqual([expect.stringContaining('somebody else set it to "boot"')]);
    expect(readSetting('choice', instance.file('trace_clock'))).toBe('boot');
  });

  test("an instance is removed again, but never somebody else's", () => {
    const journal = new Journal(folder);
    const mine = journal.createInstance(tracefs, `${instance.name}-mine`);
    expect(() => journal.createInstance(tracefs, instance.name)).toThrowError(/exists already/);
    expect(journal.undo()).toEqual([]);
    expect([existsSync(mine.path), existsSync(instance.path)]).toEqual([false, true]);
  });

  test('the journal of a killed process is found by the next run and undone', async () => {
    const before = state();
    const journal = new Journal(folder);
    changeEverything(journal);
    // A process that has ended: its number is free, so the journal under it is a killed run's.
    const gone = spawn('true');
    await new Promise((done) => gone.on('exit', done));
    const lines = journal.changes.map((change) => `${JSON.stringify(change)}\n`).join('');
    const left = join(folder, `${gone.pid}-1.jsonl`);
    writeFileSync(left, `${lines}{"type":"setti`);
    writeFileSync(`${left}.new`, lines.slice(0, 10)); // killed while it wrote a shorter one

    const stale = staleJournals(folder);
    expect(stale.map(({ pid }) => pid)).toEqual([gone.pid]);
    expect(stale.flatMap(undoStale)).toEqual([]);
    expect(state()).toEqual(before);
    expect(staleJournals(folder)).toEqual([]);
    expect([existsSync(left), existsSync(`${left}.new`)]).toEqual([false, false]);
  });
});

test('settings of an unwritable place fail with what to do, and nothing stays noted', () => {
  const journal = new Journal(mkdtempSync(join(tmpdir(), 'tandem-journal-')));
  expect(() => journal.set('value', '/proc/no-such-file', '1')).toThrowError(/can not be read \(ENOENT\)/);
  expect(journal.undo()).toEqual([]);
});
