import type { Command } from 'commander';
import { openTracefs } from '../kernel/tracefs.ts';
import { extractTrace } from '../record/extract.ts';
import { EXIT_HELP, EXIT_IO } from './exit-status.ts';
import { GetoptCommand } from './getopt-command.ts';
import { type BufferSwitches, chosenBuffers, collect } from './instances.ts';
import { RecordOptions, usage } from './record-options.ts';
import { declareExtractOptions } from './record-rows.ts';
import { packageVersion } from './version.ts';

const NOTES = `
What was extracted is gone from the kernel's buffers. Tracing goes on if it was on: "tandem stop" before the extraction
pauses it, "tandem reset" ends what "tandem start" began.`;

interface Switches extends BufferSwitches {
  readonly s?: true;
  readonly p?: string;
  readonly O?: readonly string[];
}

/** `tandem extract`, ready to be added to the program. */
export function extractCommand(): Command {
  const options = new RecordOptions();
  const command = new GetoptCommand('extract')
    .description("Make a trace.dat of what is in the kernel's buffers, as trace-cmd extract does.")
    .argument('[command...]')
    .option('-B <name>', 'this instance, not the top buffer (can be given several times)', collect)
    .option('-a', 'all instances, not the top buffer')
    .option('-t', 'the top buffer, also when -B or -a is given')
    .option('-s', 'the snapshot instead')
    .option('-p <tracer>', 'the text of a latency tracer: wakeup, irqsoff, ...')
    .option('-O <option>', 'with this trace option for the text, "no" before its name switches it off', collect)
    .addHelpText('after', NOTES + EXIT_HELP)
    .action(async (words: string[], { s, p, O = [], ...chosen }: Switches) => {
      if (words.length > 0) throw usage('extract', 'takes no command', 'did you mean record?');
      const tracefs = openTracefs();
      const instances = chosenBuffers(tracefs, chosen);
      const plan = options.finishFile(`tandem ${packageVersion()}`);
      const isWhole = await extractTrace({ plan, instances, snapshot: s === true, tracer: p, options: O }, tracefs);
      if (!isWhole) process.exitCode = EXIT_IO;
    });
  declareExtractOptions(command, options);
  return command;
}
