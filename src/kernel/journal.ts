import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { journalFolder, keptName, ownJournal, recordingProcesses, type TakenJournal } from './journal-files.ts';
import { fsError, OsError } from './os-error.ts';
import { listEntries, readSetting, refusedFilter, type SettingKind } from './settings.ts';
import { appendControl, readControl, type Tracefs, TraceInstance, writeControl, writeControlAside } from './tracefs.ts';

/**
 * What was changed in the kernel, so that it can be put back on every way out. A line is on disk before the change
 * is made; after a SIGKILL the next run finds the file and undoes it. Only own changes are undone: where the setting
 * no longer is what this program made it, somebody else has it now, and it stays.
 */
export type Change =
  | {
      readonly type: 'setting';
      readonly kind: SettingKind;
      readonly path: string;
      readonly before: string;
      readonly after: string;
    }
  /** A setting that is this program's alone until the end, however often it changes it. */
  | { readonly type: 'held'; readonly kind: SettingKind; readonly path: string; readonly before: string }
  /** What the kernel made of the value of an earlier setting: sizes are rounded. */
  | { readonly type: 'settled'; readonly path: string; readonly after: string }
  /** An entry added to a list that is taken out by writing it with a `!` (a trigger). `before`: what was in the list. */
  | { readonly type: 'added'; readonly path: string; readonly entry: string; readonly before: readonly string[] }
  /** Events switched on, as `system:event`, in the instance whose folder is `path`. */
  | { readonly type: 'events'; readonly path: string; readonly events: readonly string[] }
  /** Somebody else's events switched off meanwhile, in the same form. */
  | { readonly type: 'silenced'; readonly path: string; readonly events: readonly string[] }
  /** A buffer's `trace` file: what is in the buffer is this run's, and is emptied with the rest. */
  | { readonly type: 'content'; readonly path: string }
  /** An instance made. */
  | { readonly type: 'instance'; readonly path: string }
  /** A file that nobody but this run has a use for. */
  | { readonly type: 'file'; readonly path: string };

const UNWRITABLE = 'what is changed in the kernel can not be noted';

/** In one step: whenever this program is killed, a whole journal is there. */
function rewrite(path: string, changes: readonly Change[]): void {
  if (changes.length === 0) {
    // The run may have been killed while it wrote this one.
    rmSync(`${path}.new`, { force: true });
    rmSync(path, { force: true });
    return;
  }
  try {
    writeFileSync(`${path}.new`, changes.map(line).join(''), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw fsError(error, path, UNWRITABLE);
  }
}

function append(path: string, changes: readonly Change[]): void {
  try {
    appendFileSync(path, changes.map(line).join(''), { mode: 0o600 });
  } catch (error) {
    throw fsError(error, path, UNWRITABLE);
  }
}

const line = (change: Change): string => `${JSON.stringify(change)}\n`;

/** The changes of one run, on disk and undoable. Make changes through it only. */
export class Journal {
  readonly #path: string;
  readonly #changes: Change[] = [];

  /** Starts an empty journal for this process. Nothing is on disk before the first change. */
  constructor(folder = journalFolder()) {
    this.#path = ownJournal(folder);
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  #record(change: Change): void {
    append(this.#path, [change]);
    this.#changes.push(change);
  }

  /** Gives a setting a value. Does nothing when it has it already. */
  set(kind: SettingKind, path: string, value: string): void {
    const before = readSetting(kind, path);
    if (before === value) return;
    this.#record({ type: 'setting', kind, path, before, after: value });
    this.#attempt(
      () => writeControl(path, value),
      () => {
        // The kernel keeps the text of a filter that it refuses, with a remark.
        if (kind === 'filter') writeControl(path, before);
      },
    );
    const after = readSetting(kind, path);
    if (after !== value) this.#record({ type: 'settled', path, after });
  }

  /** Makes the change that was noted last; when that fails it was not made, and is not noted any more. */
  #attempt(change: () => void, repair: () => void = () => {}): void {
    try {
      change();
    } catch (error) {
      repair();
      this.#changes.pop();
      rewrite(this.#path, this.#changes);
      throw error;
    }
  }

  /** Takes a setting over: it may be written directly from now on, and is put back whatever it is then. */
  hold(kind: SettingKind, path: string): void {
    this.#record({ type: 'held', kind, path, before: readSetting(kind, path) });
  }

  /**
   * Empties a buffer by its `trace` file now, unless it `isEmpty`, and again at the end. The kernel takes its time for
   * it: resolves when the buffer is empty, and other settings may be changed meanwhile.
   */
  empty(path: string, isEmpty: boolean): Promise<void> | undefined {
    this.#record({ type: 'content', path });
    return isEmpty ? undefined : writeControlAside(path, '');
  }

  /** Adds an entry to a file that keeps a list of them (a trigger). */
  add(path: string, entry: string): void {
    this.#record({ type: 'added', path, entry, before: listEntries(path) });
    this.#attempt(() => appendControl(path, entry));
  }

  /** Switches off all events that are on, until the end. `path` is the instance's folder. */
  silenceEvents(path: string): void {
    const events = reallyEnabled(path);
    if (events.length === 0) return;
    this.#record({ type: 'silenced', path, events });
    switchEvents(path, events, '0');
  }

  /** Switches on events given as `system:event`, those that are off. `path` is the instance's folder. */
  enableEvents(path: string, events: readonly string[]): void {
    const already = new Set(reallyEnabled(path));
    const missing = events.filter((event) => !already.has(event));
    if (missing.length === 0) return;
    this.#record({ type: 'events', path, events: missing });
    switchEvents(path, missing, '1');
  }

  /** Makes an instance that must not exist yet. It is noted first, and forgotten again when it can't be made. */
  createInstance(tracefs: Tracefs, name: string): TraceInstance {
    const { path } = tracefs.instance(name);
    if (existsSync(path)) {
      throw new TandemError('USAGE', `instance "${name}"`, 'exists already', 'name another one, or remove it');
    }
    this.#record({ type: 'instance', path });
    this.#attempt(() => {
      tracefs.createInstance(name);
    });
    return tracefs.instance(name);
  }

  /** Has files removed at the end: those that are of use to this run only. All are noted in one step. */
  ownFiles(paths: readonly string[]): void {
    const changes = paths.map((path) => ({ type: 'file', path: resolve(path) }) as const);
    append(this.#path, changes);
    this.#changes.push(...changes);
  }

  /** Says that the buffers that were emptied are empty again: their emptying, which takes a while, is not needed. */
  noteEmpty(): void {
    const rest = this.#changes.filter(({ type }) => type !== 'content');
    this.#changes.splice(0, Number.POSITIVE_INFINITY, ...rest);
  }

  /** Leaves everything as it is now, until the kept journals are undone. */
  keep(): void {
    if (this.#changes.length > 0) renameSync(this.#path, keptName(this.#path));
    this.#changes.length = 0;
  }

  /** Leaves everything as it is now, for good, but own files and settings in files of these names. */
  forget(except: readonly string[] = []): void {
    const kept = this.#changes.filter(({ type, path }) => type === 'file' || except.includes(basename(path)));
    this.#changes.splice(0, Number.POSITIVE_INFINITY, ...kept);
    rewrite(this.#path, kept);
  }

  /**
   * Puts everything back, the last change first. Returns one line for each that could not be, and why; what failed
   * stays in the journal, for `undo` or the next run to try again.
   */
  undo(): string[] {
    const { problems, failed } = undoChanges(this.#changes.splice(0), false);
    this.#changes.push(...failed);
    rewrite(this.#path, failed);
    return problems;
  }
}

/** The same without those that are on for the sake of a trigger only, and write no event (`0*`). */
function reallyEnabled(path: string): string[] {
  return enabledEvents(path).filter((event) => {
    const [system, name] = event.split(':') as [string, string];
    return readControl(join(path, 'events', system, name, 'enable')).startsWith('1');
  });
}

/** `system:event` of what is switched on in the instance at `path`. */
function enabledEvents(path: string): string[] {
  return readControl(join(path, 'set_event')).split('\n').filter(Boolean);
}

/** Switches events on or off; a whole system by one write where all of its events are meant. */
function switchEvents(path: string, events: readonly string[], value: '0' | '1'): void {
  const bySystem = new Map<string, string[]>();
  for (const event of events) {
    const [system, name] = event.split(':') as [string, string];
    const names = bySystem.get(system);
    if (names) names.push(name);
    else bySystem.set(system, [name]);
  }
  for (const [system, names] of bySystem) {
    const all = readdirSync(join(path, 'events', system), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    if (all.length === names.length) writeControl(join(path, 'events', system, 'enable'), value);
    else for (const name of names) writeControl(join(path, 'events', system, name, 'enable'), value);
  }
}

/** No setting reads like this. */
const ANYTHING = '\0';
/** Settings of which the kernel makes something else than was written. */
const UNLIKE_WRITTEN: readonly SettingKind[] = ['size', 'list'];

/** `killed`: the run ended without a chance to note what the kernel made of its last change. */
function undoChanges(changes: readonly Change[], killed: boolean): { problems: string[]; failed: Change[] } {
  const problems: string[] = [];
  const failed: Change[] = [];
  const settled = new Map<string, string>();
  const last = changes.at(-1);
  // A size that was rounded, or a pattern's names, not noted any more: it is ours, whatever it is.
  if (killed && last?.type === 'setting' && UNLIKE_WRITTEN.includes(last.kind)) settled.set(last.path, ANYTHING);
  const originals = new Map<string, string>();
  for (const change of changes) {
    if (change.type === 'setting' && !originals.has(change.path)) originals.set(change.path, change.before);
  }
  const gone = removeInstances(changes);
  for (const change of changes.toReversed()) {
    if (gone.some((path) => `${change.path}/`.startsWith(`${path}/`))) continue;
    try {
      if (change.type === 'settled') settled.set(change.path, change.after);
      const problem = undoChange(change, settled, originals);
      if (problem !== undefined) problems.push(problem);
    } catch (error) {
      if (error instanceof OsError && error.errno === 'ENOENT') continue; // the instance is gone, with its settings
      problems.push((error as Error).message);
      failed.unshift(change);
    }
  }
  return { problems, failed };
}

/**
 * Removes the instances that were made, with all that was changed in them: many a setting, put back by itself, takes
 * the kernel as long. Returns the paths of those that are gone.
 */
function removeInstances(changes: readonly Change[]): string[] {
  return changes
    .filter(({ type }) => type === 'instance')
    .map(({ path }) => path)
    .filter((path) => {
      try {
        if (existsSync(path)) new TraceInstance(path, '').remove();
        return true;
      } catch {
        return false; // somebody reads it: it is tried again, and told, when all that is in it has been put back
      }
    });
}

/** `originals`: of each setting what it was before its first change. Being that, it was undone before. */
function undoChange(
  change: Change,
  settled: Map<string, string>,
  originals: ReadonlyMap<string, string>,
): string | undefined {
  switch (change.type) {
    case 'settled':
      return undefined;
    case 'held':
      // Also when it reads the same: a list of pids that all ended reads empty, but still keeps every event away.
      writeControl(change.path, change.before);
      return undefined;
    case 'setting': {
      // Killed before it could take back a filter that was refused.
      const isRefused = change.kind === 'filter' && refusedFilter(readControl(change.path)) === change.after;
      const now = isRefused ? change.after : readSetting(change.kind, change.path);
      if (now === change.before || now === originals.get(change.path)) return undefined;
      const after = settled.get(change.path) ?? change.after;
      settled.delete(change.path);
      if (now !== after && after !== ANYTHING)
        return `${change.path}: somebody else set it to "${now}" meanwhile; left alone`;
      writeControl(change.path, change.before);
      return undefined;
    }
    case 'added': {
      // It reads back with other words than it was written with: the kernel finds it itself, or another of its kind.
      const isThere = listEntries(change.path).some((entry) => !change.before.includes(entry));
      if (isThere) appendControl(change.path, `!${change.entry}`);
      return undefined;
    }
    case 'events': {
      const on = new Set(enabledEvents(change.path));
      const ours = change.events.filter((event) => on.has(event));
      switchEvents(change.path, ours, '0');
      return undefined;
    }
    case 'silenced': {
      const on = new Set(reallyEnabled(change.path));
      const theirs = change.events.filter((event) => !on.has(event));
      switchEvents(change.path, theirs, '1');
      return undefined;
    }
    case 'instance':
      if (existsSync(change.path)) new TraceInstance(change.path, '').remove();
      return undefined;
    case 'content':
      writeControl(change.path, '');
      return undefined;
    case 'file':
      rmSync(change.path, { force: true });
      return undefined;
  }
}

/** The changes of a journal, as far as they were made. */
function readChanges(path: string): Change[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return text === '' ? [] : [JSON.parse(text) as Change];
      } catch {
        return []; // the run was killed while it wrote this line: the change that it announces was not made
      }
    });
}

/** Another process that has taken this setting over, and goes on. */
export function otherHolder(setting: string, folder = journalFolder()): number | undefined {
  const holds = ({ type, path }: Change): boolean => type === 'held' && path === setting;
  return recordingProcesses(folder).find(({ pid, path }) => {
    // It may be over meanwhile.
    return pid !== process.pid && existsSync(path) && readChanges(path).some(holds);
  })?.pid;
}

/** Undoes what another run changed, and removes its journal, which this process has taken. Returns the problems. */
export function undoJournal({ path, from, isKept }: TakenJournal): string[] {
  const { problems, failed } = undoChanges(readChanges(path), !isKept);
  rewrite(path, failed);
  if (failed.length > 0) renameSync(path, from);
  return problems;
}
