import { Command } from 'commander';

/** Options end at the first word that is none, as with getopt: what follows is the command, with options of its own. */
export class OrderedCommand extends Command {
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
