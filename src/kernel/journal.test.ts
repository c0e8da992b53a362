import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lockTracefs } from '../../test/support/tracefs-state.ts';
import { type Change, Journal, undoJournal } from './journal.ts';
import { othersAreUndoing, ownJournal, recordingProcesses, type TakenJournal, takeJournals } from './journal-files.ts';
import { readSetting } from './settings.ts';
import { findTracefs, openTracefs, type Tracefs, type TraceInstance } from './tracefs.ts';

const canTrace = process.getuid?.() === 0 && findTracefs() !== undefined;

describe.runIf(canTrace)('with an instance of its own in the real tracefs', () => {
  let folder: string;
  const tracefs = canTrace ? openTracefs() : (undefined as unknown as Tracefs);
  let instance: TraceInstance;

  /** The settings that the tests change, as the kernel shows them. */
  const state = () =>
    ['trace_clock', 'buffer_size_kb', 'tracing_on', 'set_event', 'set_event_pid', 'events/sched/sched_switch/filter']
      .concat('events/sched/sched_switch/trigger', 'options/overwrite', 'buffer_percent', 'tracing_cpumask')
      .map((file) => `${file}: ${instance.read(file).trim()}`);

  let free = async () => {};
  beforeAll(async () => {
    free = await lockTracefs();
  });
  afterAll(() => free());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-journal-'));
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
    journal.set('mask', instance.file('tracing_cpumask'), '1');
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

  test('an instance that somebody reads: what is in it is put back, and it goes when it can', () => {
    const journal = new Journal(folder);
    const mine = journal.createInstance(tracefs, `${instance.name}-read`);
    journal.set('choice', mine.file('trace_clock'), 'mono');
    const reader = openSync(mine.file('trace_pipe'), 'r');
    expect(journal.undo()).toEqual([expect.stringMatching(/the instance can not be removed.*EBUSY/)]);
    expect(mine.clock()).toBe('local');
    expect(journal.changes).toEqual([{ type: 'instance', path: mine.path }]);
    closeSync(reader);
    expect(journal.undo()).toEqual([]);
    expect(existsSync(mine.path)).toBe(false);
  });

  /** A process that has ended: its number is free, so the journal under it is a killed run's. */
  const endedProcess = async (): Promise<number> => {
    const gone = spawn('true');
    await new Promise((done) => gone.on('exit', done));
    return gone.pid as number;
  };

  test('the journal of a killed process is found by the next run and undone', async () => {
    const before = state();
    const journal = new Journal(folder);
    changeEverything(journal);
    const pid = await endedProcess();
    const lines = journal.changes.map((change) => `${JSON.stringify(change)}\n`).join('');
    journal.forget();
    const left = join(folder, `${pid}-1.jsonl`);
    writeFileSync(left, `${lines}{"type":"setti`);
    writeFileSync(`${left}.new`, lines.slice(0, 10)); // killed while it wrote a shorter one

    const taken = takeJournals({}, folder);
    expect(taken.map((one) => one.pid)).toEqual([pid]);
    expect(taken.flatMap(undoJournal)).toEqual([]);
    expect(state()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  /** Undoes what a killed run's journal holds. Returns the problems. */
  const undoKilled = async (changes: readonly Change[]): Promise<string[]> => {
    const lines = changes.map((change) => `${JSON.stringify(change)}\n`).join('');
    writeFileSync(join(folder, `${await endedProcess()}-1.jsonl`), lines);
    return takeJournals({}, folder).flatMap(undoJournal);
  };
  const SWITCH = 'events/sched/sched_switch';

  test("a trigger that was not added any more: somebody else's of that kind stays", async () => {
    const trigger = instance.file(SWITCH, 'trigger');
    instance.write('stacktrace', SWITCH, 'trigger');
    const journal = new Journal(folder);
    expect(() => journal.add(trigger, 'stacktrace:5')).toThrowError(/EEXIST/);
    expect(journal.changes).toEqual([]);
    const before = ['stacktrace'];
    expect(await undoKilled([{ type: 'added', path: trigger, entry: 'stacktrace:5', before }])).toEqual([]);
    expect(instance.read(SWITCH, 'trigger')).toBe('stacktrace:unlimited\n');

    journal.add(trigger, 'traceoff:2 if next_pid == 0');
    expect(instance.read(SWITCH, 'trigger').split('\n')).toHaveLength(3);
    expect(journal.undo()).toEqual([]);
    expect(instance.read(SWITCH, 'trigger')).toBe('stacktrace:unlimited\n');
  });

  test('a list that the kernel shows in other words is put back when the run was killed before it noted them', async () => {
    const path = instance.file('set_event_pid');
    instance.write('1\n2', 'set_event_pid');
    expect(await undoKilled([{ type: 'setting', kind: 'list', path, before: '', after: '[12]' }])).toEqual([]);
    expect(instance.read('set_event_pid')).toBe('');
  });

  test('what was undone already, when the run was killed before it noted that, is no problem', async () => {
    const filter = instance.file(SWITCH, 'filter');
    instance.write('next_pid > 1', SWITCH, 'filter');
    const journal = new Journal(folder);
    journal.set('filter', filter, '0');
    journal.set('filter', filter, 'next_pid > 5');
    const changes = [...journal.changes];
    expect(journal.undo()).toEqual([]);
    expect(await undoKilled(changes)).toEqual([]);
    expect(instance.read(SWITCH, 'filter')).toBe('next_pid > 1\n');
  });

  test('a filter that the kernel refused is taken back, also when the run was killed right then', async () => {
    const filter = instance.file('events/sched/sched_kthread_stop/filter');
    const journal = new Journal(folder);
    expect(() => journal.set('filter', filter, 'prev_prio < 200')).toThrowError();
    expect([instance.read('events/sched/sched_kthread_stop/filter').trim(), journal.changes]).toEqual(['none', []]);

    const change = { type: 'setting', kind: 'filter', path: filter, before: '0', after: 'prev_prio < 200' } as const;
    expect(() => instance.write('prev_prio < 200', 'events/sched/sched_kthread_stop/filter')).toThrowError();
    expect(instance.read('events/sched/sched_kthread_stop/filter')).toContain('parse_error');
    expect(await undoKilled([change])).toEqual([]);
    expect(instance.read('events/sched/sched_kthread_stop/filter').trim()).toBe('none');
  });

  test('of many that find it one takes it, and whoever is killed with it leaves it to the next', async () => {
    const pid = await endedProcess();
    writeFileSync(join(folder, `${pid}-1.jsonl`), '');
    expect(takeJournals({}, folder)).toHaveLength(1);
    expect(takeJournals({}, folder)).toHaveLength(0);
    expect(othersAreUndoing(folder)).toBe(false);
    const [mine] = readdirSync(folder).filter((name) => name.includes('undoing'));
    renameSync(join(folder, mine as string), join(folder, `${pid}-1.undoing-0.jsonl`));
    expect(takeJournals({}, folder)).toHaveLength(1);
  });

  test('changes that are kept stay until they are asked for, newest first', () => {
    const before = state();
    const first = new Journal(folder);
    first.set('choice', instance.file('trace_clock'), 'mono');
    first.keep();
    const [kept] = readdirSync(folder);
    renameSync(join(folder, kept as string), join(folder, '1-1.kept.jsonl'));
    utimesSync(join(folder, '1-1.kept.jsonl'), 1, 1);
    const second = new Journal(folder);
    second.set('choice', instance.file('trace_clock'), 'boot');
    second.keep();
    expect(takeJournals({}, folder)).toEqual([]);
    expect(readSetting('choice', instance.file('trace_clock'))).toBe('boot');
    expect(takeJournals({ kept: true }, folder).flatMap(undoJournal)).toEqual([]);
    expect(state()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what is forgotten stays, but for the settings that are named', () => {
    const before = state();
    const journal = new Journal(folder);
    changeEverything(journal);
    journal.ownFiles([join(folder, 'own')]);
    writeFileSync(join(folder, 'own'), '');
    journal.forget(['buffer_percent', 'set_event_pid']);
    expect(journal.undo()).toEqual([]);
    const same = state().filter((line) => before.includes(line));
    expect(same.map((line) => line.split(':')[0])).toEqual(['set_event_pid', 'buffer_percent']);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what can not be undone now stays for another time', async () => {
    const pid = await endedProcess();
    const left = join(folder, `${pid}-1.jsonl`);
    const impossible = { type: 'setting', kind: 'choice', path: instance.file('trace_clock'), before: 'no-such-clock' };
    writeFileSync(left, `${JSON.stringify({ ...impossible, after: 'local' })}\n`);
    const [taken] = takeJournals({}, folder);
    expect(undoJournal(taken as TakenJournal)).toEqual([expect.stringContaining('no-such-clock')]);
    expect(readdirSync(folder)).toEqual([`${pid}-1.jsonl`]);
  });

  test('a recording that runs is known; what it has half-written is left alone, what a dead one has is removed', async () => {
    const journal = new Journal(folder);
    expect(recordingProcesses(folder)).toEqual([]);
    journal.set('choice', instance.file('trace_clock'), 'mono');
    const [own] = readdirSync(folder);
    writeFileSync(join(folder, `${own}.new`), '');
    writeFileSync(join(folder, `${await endedProcess()}-1.jsonl.new`), '');
    expect(recordingProcesses(folder).map(({ pid }) => pid)).toEqual([process.pid]);
    expect(takeJournals({ kept: true }, folder)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual([own, `${own}.new`]);
    journal.undo();
  });
});

test('settings of an unwritable place fail with what to do, and nothing stays noted', () => {
  const journal = new Journal(mkdtempSync(join(tmpdir(), 'tandem-journal-')));
  expect(() => journal.set('value', '/proc/no-such-file', '1')).toThrowError(/can not be read \(ENOENT\)/);
  expect(journal.undo()).toEqual([]);
});

test('a journal that can not be written: one clear line, before anything is changed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-journal-'));
  const setting = join(folder, 'setting');
  writeFileSync(setting, 'before');
  expect(() => new Journal(join(setting, 'below'))).toThrowError(/below: can not be made \(ENOTDIR\)/);
  symlinkSync('/dev/full', ownJournal(folder));
  const journal = new Journal(folder);
  expect(() => journal.set('value', setting, 'after')).toThrowError(/can not be noted \(ENOSPC\)/);
  expect([journal.changes, readSetting('value', setting)]).toEqual([[], 'before']);
});

test.each([
  ['mask', '00000000,0000000f\n', 'f'],
  ['mask', '00000000,00000000\n', '0'],
  ['mask', '1,00000000\n', '1,00000000'],
  ['size', '7 (expanded: 1408)\n', '1408'],
  ['size', '1410\n', '1410'],
  ['choice', 'local [mono] boot\n', 'mono'],
  ['filter', 'none\n', '0'],
  ['filter', 'a == 1\n', 'a == 1'],
  ['filter', 'a == 1\n ^\nparse_error: Field not found\n', '0'],
  ['filter', 'a == 1\nError: (-12)\n', '0'],
  ['list', '#### all functions enabled ####\n', ''],
] as const)('a %s reads %j', (kind, text, expected) => {
  const path = join(mkdtempSync(join(tmpdir(), 'tandem-setting-')), 'file');
  writeFileSync(path, text);
  expect(readSetting(kind, path)).toBe(expected);
});
