import { Command } from 'commander';
import { listPluginOptions } from '../text/events/options.ts';
import { EXIT_HELP } from './exit-status.ts';
import { print } from './print.ts';

/** `tandem options`, ready to be added to the program. */
export function optionsCommand(): Command {
  return new Command('options')
    .description('List the options of event texts, which report -O takes.')
    .addHelpText('after', EXIT_HELP)
    .action(async () => {
      await print(listPluginOptions('3.4'));
    });
}
