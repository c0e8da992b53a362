import type { Command } from 'commander';
import { startTracing } from '../record/start.ts';
import { OrderedCommand } from './ordered-command.ts';
import { RecordOptions } from './record-options.ts';
import { declareStartOptions } from './record-rows.ts';
import { packageVersion } from './version.ts';

const NOTES = `
Options count in their order, as those of "tandem record". Tracing stays on: "tandem stop" pauses it, "tandem extract"
makes a trace.dat of what is in the buffers, "tandem reset" puts back every setting as it was before the start. With a
command the start is over when the command has ended.`;

/** `tandem start`, ready to be added to the program. */
export function startCommand(): Command {
  const options = new RecordOptions();
  const command = new OrderedCommand('start')
    .description('Switch tracing on and leave it on, as trace-cmd start does.')
    .argument('[command...]', 'a command to run when tracing is on')
    .option('--fork', 'do not wait for the command')
    .addHelpText('after', NOTES)
    .action(async (words: string[], { fork }: { fork?: true }) => {
      const plan = options.finish(words, `tandem ${packageVersion()}`);
      process.exitCode = await startTracing(plan, fork === undefined);
    });
  declareStartOptions(command, options);
  return command;
}
