import { Command } from 'commander';
import { runDemo } from '../demo/demo.ts';
import { EXIT_HELP } from './exit-status.ts';

const NOTES = `
Records this machine and a "guest" for some three seconds: an agent of this machine that has a buffer and a clock of its
own. Nothing is left of it. Without root or tracefs it shows a recording that comes with tandem.`;

/** `tandem demo`, ready to be added to the program. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('Show what tandem does: two traces, their clocks, one timeline, and how far off it is.')
    .addHelpText('after', NOTES)
    .addHelpText('after', EXIT_HELP)
    .action(runDemo);
}
