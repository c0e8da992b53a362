import { Command } from 'commander';
import { say } from '../node/stdout.ts';
import { putBack } from '../record/put-back.ts';

const NOTES = `
What tandem itself has changed is undone, nothing else: settings of killed recordings, and what "tandem start" has
switched on. Instances that it made are removed.`;

/** `tandem reset`, ready to be added to the program. */
export function resetCommand(): Command {
  return new Command('reset')
    .description('Put back what "tandem start", and recordings that were killed, left switched on in the kernel.')
    .addHelpText('after', NOTES)
    .action(async () => {
      const problems = await putBack({
        kept: true,
        tell: ({ pid, isKept }) => say(`Put back what ${isKept ? 'tandem start' : `pid ${pid}`} had changed\n`),
      });
      for (const problem of problems) console.error(`tandem: ${problem}`);
      if (problems.length > 0) process.exitCode = 2;
    });
}
