import { Command } from 'commander';
import { openTracefs } from '../kernel/tracefs.ts';
import { EXIT_HELP } from './exit-status.ts';
import { type BufferSwitches, chosenBuffers, collect } from './instances.ts';

/** `tandem stop`, ready to be added to the program. */
export const stopCommand = (): Command =>
  switchCommand('stop', '0', 'Stop writing to the buffers; tracing stays set up.');

/** `tandem restart`, ready to be added to the program. */
export const restartCommand = (): Command =>
  switchCommand('restart', '1', 'Go on writing to the buffers after a stop.');

function switchCommand(name: 'stop' | 'restart', value: '0' | '1', description: string): Command {
  return new Command(name)
    .description(description)
    .option('-B <name>', `${name} this instance (can be given several times)`, collect)
    .option('-a', `${name} all instances`)
    .option('-t', `${name} the top buffer, also when -B or -a is given`)
    .addHelpText('after', EXIT_HELP)
    .action((switches: BufferSwitches) => {
      for (const buffer of chosenBuffers(openTracefs(), switches)) buffer.write(value, 'tracing_on');
    });
}
