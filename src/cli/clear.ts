import { Command } from 'commander';
import { openTracefs } from '../kernel/tracefs.ts';
import { EXIT_HELP } from './exit-status.ts';
import { chosenBuffers, collect } from './instances.ts';

interface Switches {
  readonly B?: readonly string[];
  readonly all?: true;
}

/** `tandem clear`, ready to be added to the program. */
export function clearCommand(): Command {
  return new Command('clear')
    .description('Empty the buffers; tracing goes on.')
    .option('-B <name>', 'only this instance (can be given several times)', collect)
    .option('-a, --all', 'all instances, and the top buffer')
    .addHelpText('after', EXIT_HELP)
    .action(({ B, all }: Switches) => {
      const buffers = chosenBuffers(openTracefs(), { ...(B && { B }), ...(all && { a: all, t: all }) });
      // Opening the file to write it anew is what empties the buffer.
      for (const buffer of buffers) buffer.write('0', 'trace');
    });
}
