import { type Command, Option } from 'commander';
import { ByteWriter } from '../base/byte-writer.ts';
import { TandemError } from '../base/errors.ts';
import { nodeCodecs } from '../node/codecs.ts';
import { openFile } from '../node/file-source.ts';
import { stdoutSink } from '../node/stdout.ts';
import { dumpTrace } from '../text/dump/dump.ts';
import type { DumpCompat } from '../text/dump/option-names.ts';
import { DUMP_PARTS, type DumpPart } from '../text/dump/parts.ts';
import { GetoptCommand } from './getopt-command.ts';
import { levelOf } from './verbose-level.ts';

const DEFAULT_FILE = 'trace.dat';
/** Text is handed on when so much of it has come together. */
const OUTPUT_BYTES = 1 << 16;

/** One switch per part, in the order of the help text. */
const SWITCHES: Readonly<Record<DumpPart, string>> = {
  summary: 'one line for each thing in the file; what is shown without any switch',
  'head-page': 'how a sub-buffer is laid out',
  'head-event': 'how an event is laid out in it',
  'ftrace-events': 'formats of the events that tracers write',
  systems: 'event systems, and how many events of each were recorded',
  events: 'formats of the recorded events',
  kallsyms: 'addresses and names of the kernel functions',
  printk: 'formats of trace_printk',
  'cmd-lines': 'names of tasks by pid',
  modules: 'kernel modules (files of trace-cmd 3.4)',
  options: 'all options, also unknown ones',
  flyrecord: 'where the events of each CPU lie',
  clock: 'the clocks of the recorded machine, the active one in brackets',
  strings: 'strings that describe sections, with their offsets (version 7)',
  sections: 'all sections, with their offsets and sizes (version 7)',
};

const NOTES = `
Without a file it reads ${DEFAULT_FILE}. Everything in the file but the events is read and checked,
whatever is shown. Of a damaged file what can be read is shown, then the damage is reported.

Exit status:
  0   the file is whole; also when the reader of the output went away
  1   the file is no trace, or damaged
  2   the file can't be read, or the output can't be written
  255 the command line can't be understood`;

interface Switches {
  readonly i?: string;
  readonly all?: true;
  readonly validate?: true;
  readonly compat: DumpCompat;
}

const WITH_VALUE: readonly string[] = ['-i', '--compat'];

/** trace-cmd does not look at what follows a file that is named without -i: neither does it here, with --compat. */
class DumpCommand extends GetoptCommand {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const file = args.findIndex((arg, i) => !arg.startsWith('-') && !WITH_VALUE.includes(args[i - 1] ?? ''));
    const seen = args.slice(0, file + 1);
    const asStock = seen.some((arg) => arg === '--compat' || arg.startsWith('--compat='));
    return super.parseOptions(asStock ? seen : args);
  }
}

/** `tandem dump`, ready to be added to the program. */
export function dumpCommand(): Command {
  const command = new DumpCommand('dump')
    .description('Print what a trace.dat file holds besides events, as trace-cmd dump does.')
    .argument('[file]', 'the file, instead of -i')
    .option('-i <file>', `read this file (default: ${DEFAULT_FILE})`)
    .option('-v, --validate', 'say that the file is valid, if it is')
    .option('--all', 'show all of these:');
  const parts = DUMP_PARTS.map((part) => ({ part, option: new Option(`--${part}`, SWITCHES[part]) }));
  for (const { option } of parts) command.addOption(option);
  return command
    .addOption(new Option('--compat <version>', 'as this trace-cmd prints it').choices(['3.1', '3.4']).default('3.4'))
    .option('--verbose [level]', 'taken for the sake of scripts: no level says more', levelOf)
    .addHelpText('after', NOTES)
    .action(async (argument: string | undefined, switches: Switches) => {
      const chosen = parts.filter(({ option }) => command.getOptionValue(option.attributeName()) === true);
      const wanted = switches.all ? DUMP_PARTS : chosen.map(({ part }) => part);
      const nothingAsked = wanted.length === 0 && switches.validate === undefined;
      await dumpFile(inputFile(argument, switches), new Set(nothingAsked ? ['summary'] : wanted), switches);
    });
}

/** The one file that is named. */
function inputFile(argument: string | undefined, { i }: Switches): string {
  const [file = DEFAULT_FILE, second] = [i, argument].filter((name) => name !== undefined);
  if (second === undefined) return file;
  throw new TandemError('USAGE', second, `is one file too many beside ${file}`, 'dump them one by one');
}

/** Nobody reads the output any more. */
class OutputClosed extends Error {}

async function dumpFile(path: string, parts: ReadonlySet<DumpPart>, { compat, validate }: Switches): Promise<void> {
  const source = await openFile(path);
  const sink = stdoutSink();
  const out = new ByteWriter(2 * OUTPUT_BYTES);
  const flush = async (): Promise<void> => {
    if (!(await sink.write(out.view()))) throw new OutputClosed();
    out.clear();
  };
  const drain = async (): Promise<void> => {
    if (out.length >= OUTPUT_BYTES) await flush();
  };
  try {
    try {
      await dumpTrace(source, out, { parts, compat, codecs: nodeCodecs, drain });
      if (validate) out.text(`File ${path} is a valid trace-cmd file\n`);
    } finally {
      await flush();
    }
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  } finally {
    await source.close();
  }
}
