import { Command } from 'commander';
import { staleJournals, undoStale } from '../kernel/journal.ts';

/** `tandem reset`, ready to be added to the program. */
export function resetCommand(): Command {
  return new Command('reset')
    .description('Put back what recordings that were killed left switched on in the kernel.')
    .action(() => {
      for (const journal of staleJournals()) {
        const problems = undoStale(journal);
        console.log(`Put back what pid ${journal.pid} had changed`);
        for (const problem of problems) console.error(`tandem: ${problem}`);
        if (problems.length > 0) process.exitCode = 2;
      }
    });
}
