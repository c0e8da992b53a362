import { setTimeout as sleep } from 'node:timers/promises';
import { undoJournal } from '../kernel/journal.ts';
import { othersAreUndoing, recordingProcesses, type TakenJournal, takeJournals } from '../kernel/journal-files.ts';

/** Longer than anybody needs to put everything back. */
const OTHERS_TIMEOUT_MS = 10_000;
const LOOK_MS = 10;

export interface PutBackOptions {
  /** Also what was switched on to stay (`tandem start`). */
  readonly kept: boolean;
  /** Is told of each journal before it is undone. */
  readonly tell: (journal: TakenJournal) => void;
}

/**
 * Puts back what killed runs left. When it is done, no other process is at it any more either: what is found then is
 * not half put back. Returns the problems, one line each.
 */
export async function putBack({ kept, tell }: PutBackOptions): Promise<string[]> {
  const problems: string[] = [];
  // A recording puts back what it found. Take that away under it, and it would bring it back for good.
  const recording = kept ? recordingProcesses().map(({ pid }) => pid) : [];
  if (recording.length > 0) {
    problems.push(`what tandem start left stays: stop the recording first that goes on (pid ${recording.join(', ')})`);
  }
  for (const journal of takeJournals({ kept: kept && recording.length === 0 })) {
    tell(journal);
    problems.push(...undoJournal(journal));
  }
  const deadline = performance.now() + OTHERS_TIMEOUT_MS;
  while (othersAreUndoing() && performance.now() < deadline) await sleep(LOOK_MS);
  return problems;
}
