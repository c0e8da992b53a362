import type { Command } from 'commander';
import { runRecording } from '../record/run.ts';
import { OrderedCommand } from './ordered-command.ts';
import { RecordOptions } from './record-options.ts';
import { declareRecordOptions } from './record-rows.ts';
import { packageVersion } from './version.ts';

const NOTES = `
Options count in their order: -f, -R belong to the -e before them, everything between -B and the next -B to that
instance. What stands behind the options is a command: it is recorded from its first to its last moment. Without one
Ctrl-C ends the recording. Every setting of the kernel is put back at the end; after a kill -9 "tandem reset" does it.

Exit status: that of the command; 0 without one; 2 when the capture failed, and see "tandem help".`;

/** `tandem record`, ready to be added to the program. */
export function recordCommand(): Command {
  const options = new RecordOptions();
  const command = new OrderedCommand('record')
    .description('Record what the kernel does into a trace.dat file, as trace-cmd record does.')
    .argument('[command...]', 'a command to run and to record; without one: until Ctrl-C')
    .addHelpText('after', NOTES)
    .action(async (words: string[]) => {
      process.exitCode = await runRecording(options.finish(words, `tandem ${packageVersion()}`));
    });
  declareRecordOptions(command, options);
  return command;
}
