import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsError } from './os-error.ts';
import { processStartTime } from './procfs.ts';

/*
 * Whose a journal is, by its name: the process that wrote it, told from later ones of that number by its start.
 *
 * - `PID-START.jsonl`: of a run, or of one that was killed.
 * - `PID-START.kept.jsonl`: of changes that outlive their run, until they are reset.
 * - `PID-START.undoing-N.jsonl`: taken by that process to be undone. Renaming is what makes it the only one; should it
 *   be killed as well, the next one finds a journal of a process that is gone.
 * - any of these with `.new` behind it: half-written.
 */
const NAME = /^(\d+)-(\d+)(\.kept|\.undoing-\d+)?\.jsonl(\.new)?$/;

/** The folder of all journals: of this boot, since what they undo does not outlive it. */
export function journalFolder(): string {
  return process.getuid?.() === 0 ? '/run/tandem' : join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), 'tandem');
}

/** Where this process writes its journal. Makes the folder. */
export function ownJournal(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fsError(error, folder, 'can not be made');
  }
  return join(folder, `${ownName()}.jsonl`);
}

/** The name of a journal when its changes are to stay. */
export const keptName = (path: string): string => path.replace(/\.jsonl$/, '.kept.jsonl');

const ownName = (): string => `${process.pid}-${processStartTime(process.pid)}`;

interface JournalFile {
  readonly path: string;
  /** Of the process that wrote it, or took it over. */
  readonly pid: number;
  readonly isRunning: boolean;
  readonly isKept: boolean;
  readonly isUndoing: boolean;
  readonly isHalfWritten: boolean;
}

/** The newest first: what came last is undone first. */
function journalFiles(folder: string): JournalFile[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).flatMap((name) => {
    const match = NAME.exec(name);
    const path = join(folder, name);
    const time = match === null ? undefined : statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (match === null || time === undefined) return [];
    const pid = Number(match[1]);
    const isRunning = processStartTime(pid) === match[2];
    const [, , , state = '', half] = match;
    const facts = {
      isKept: state === '.kept',
      isUndoing: state.startsWith('.undoing'),
      isHalfWritten: half === '.new',
    };
    return [{ time, file: { path, pid, isRunning, ...facts } }];
  });
  return files.sort((a, b) => b.time - a.time).map(({ file }) => file);
}

/** A journal that this process has taken, to undo it. No other process does so any more. */
export interface TakenJournal {
  /** Of the process whose changes these are. */
  readonly pid: number;
  readonly isKept: boolean;
  readonly path: string;
  /** Where it was: what can't be undone now goes back there. */
  readonly from: string;
}

let taken = 0;

/** Takes the journals of runs that were killed, the newest first; `kept` ones too where asked for. */
export function takeJournals({ kept = false } = {}, folder = journalFolder()): TakenJournal[] {
  return journalFiles(folder).flatMap((file) => {
    if (file.isHalfWritten) {
      if (!file.isRunning) rmSync(file.path, { force: true });
      return [];
    }
    if (file.isKept ? !kept : file.isRunning) return [];
    const path = join(folder, `${ownName()}.undoing-${taken++}.jsonl`);
    try {
      renameSync(file.path, path);
      return [{ pid: file.pid, isKept: file.isKept, path, from: file.path }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // somebody else was first
      throw error;
    }
  });
}

/** Processes that are recording, or setting a recording up, with their journals. */
export function recordingProcesses(folder = journalFolder()): { readonly pid: number; readonly path: string }[] {
  return journalFiles(folder).filter(
    ({ isRunning, isKept, isUndoing, isHalfWritten }) => isRunning && !isKept && !isUndoing && !isHalfWritten,
  );
}

/** Whether another process is putting something back right now. */
export function othersAreUndoing(folder = journalFolder()): boolean {
  return journalFiles(folder).some(({ isRunning, isUndoing, pid }) => isRunning && isUndoing && pid !== process.pid);
}
