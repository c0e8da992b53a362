import { takesNext } from './getopt.ts';
import { GetoptCommand } from './getopt-command.ts';

/** Options end at the first word that is none, as with getopt: what follows is the command, with options of its own. */
export class OrderedCommand extends GetoptCommand {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const end = this.#endOfOptions(args);
    const options = args.slice(0, end).filter((arg) => arg !== '--');
    const { operands, unknown } = super.parseOptions(options);
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
