import { Command } from 'commander';
import { takesNext, withOptionalValues } from './getopt.ts';
import { USUAL_LEVEL } from './verbose-level.ts';

/** Options end at the first word that is none, as with getopt: what follows is the command, with options of its own. */
export class OrderedCommand extends Command {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const end = this.#endOfOptions(args);
    const options = withOptionalValues(this.options, args.slice(0, end), USUAL_LEVEL);
    const { operands, unknown } = super.parseOptions(options.filter((arg) => arg !== '--'));
    return { operands: [...operands, ...args.slice(end)], unknown };
  }

  #endOfOptions(args: readonly string[]): number {
    for (let at = 0; at < args.length; at++) {
      const arg = args[at] as string;
      if (arg === '--') return at + 1;
      if (!arg.startsWith('-') || arg === '-') return at;
      if (takesNext(this.options, arg)) at++;
    }
    return args.length;
  }
}
