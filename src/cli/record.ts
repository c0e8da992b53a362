import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { runRecording } from '../record/run.ts';
import { declareRecordOptions, RecordOptions } from './record-options.ts';

const NOTES = `
Options count in their order: -f, -R belong to the -e before them, everything between -B and the next -B to that
instance. What stands behind the options is a command: it is recorded from its first to its last moment. Without one
Ctrl-C ends the recording. Every setting of the kernel is put back at the end; after a kill -9 "tandem reset" does it.

Exit status: that of the command; 0 without one; 2 when the capture failed, and see "tandem help".`;

/** Options end at the first word that is none, as with getopt: what follows is the command, with options of its own. */
class OrderedCommand extends Command {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const end = this.#endOfOptions(args);
    // An optional value must be written with "=": the word behind it is the command.
    const options = args.slice(0, end).map((arg) => (arg === '--verbose' ? '--verbose=info' : arg));
    const { operands, unknown } = super.parseOptions(options.filter((arg) => arg !== '--'));
    return { operands: [...operands, ...args.slice(end)], unknown };
  }

  #endOfOptions(args: readonly string[]): number {
    for (let at = 0; at < args.length; at++) {
      const arg = args[at] as string;
      if (arg === '--') return at + 1;
      if (!arg.startsWith('-') || arg === '-') return at;
      if (this.#takesNext(arg)) at++;
    }
    return args.length;
  }

  /** Whether an option's value is the next word: not when it stands behind `=`, or behind the letter. */
  #takesNext(arg: string): boolean {
    if (arg.startsWith('--')) return this.options.find(({ long }) => long === arg)?.required ?? false;
    for (let at = 1; at < arg.length; at++) {
      const option = this.options.find(({ short }) => short === `-${arg[at]}`);
      if (option?.required) return at === arg.length - 1;
    }
    return false;
  }
}

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

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
