import { Command, Option } from 'commander';
import { TandemError } from '../base/errors.ts';
import { say } from '../node/stdout.ts';
import { restoreRecording } from '../record/restore.ts';
import { size } from '../record/summary.ts';

const DEFAULT_RECORDING = 'trace.dat';
const NOTES = `
A recording that is killed leaves its events in files beside the output (trace.dat.cpu0, ...) and everything else that
is needed in trace.dat.meta. This command makes the trace file of them, and removes them.`;

interface Switches {
  readonly o?: string;
  readonly fileVersion: string;
  readonly compression: string;
}

/** `tandem restore`, ready to be added to the program. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('Make the trace.dat file of a recording that was killed.')
    .argument('[recording]', 'the output that it would have had, or its .meta file', DEFAULT_RECORDING)
    .option('-o <file>', 'write to this file')
    .addOption(new Option('--file-version <version>', '6 or 7').choices(['6', '7']).default('7'))
    .addOption(new Option('--compression <name>').choices(['none', 'zlib', 'zstd', 'any']).default('zstd'))
    .addHelpText('after', NOTES)
    .action(async (recording: string, { o, fileVersion, compression }: Switches) => {
      const version = fileVersion === '6' ? 6 : 7;
      if (recording === '') throw new TandemError('USAGE', 'restore', 'the name of the recording is empty');
      const { output, bytes, cpus } = await restoreRecording({
        ...{ recording, output: o, fileVersion: version },
        compression: version === 6 || compression === 'none' ? 'none' : compression === 'zlib' ? 'zlib' : 'zstd',
      });
      say(`${output}: ${cpus} CPUs with events, ${size(bytes)} written\n`);
    });
}
