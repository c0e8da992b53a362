import { Command } from 'commander';
import { withOptionalValues } from './getopt.ts';
import { USUAL_LEVEL } from './verbose-level.ts';

/** A level, which is the only value that can be left out, stands behind `=` or the letter: the next word is a file. */
export class GetoptCommand extends Command {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    return super.parseOptions(withOptionalValues(this.options, args, USUAL_LEVEL));
  }
}
