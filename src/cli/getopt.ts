import type { Option } from 'commander';

/*
 * What getopt makes of command lines, and commander does not: the value of an option stands behind it or in the next
 * word; an optional one stands behind `=` or the letter, and the next word is none.
 */

/** Whether an option's value is the next word. */
export const takesNext = (options: readonly Option[], arg: string): boolean =>
  lastOption(options, arg)?.required ?? false;

/** The command line with `value` for options whose optional value is left out. */
export function withOptionalValues(options: readonly Option[], args: readonly string[], value: string): string[] {
  const written: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--') return [...written, ...args.slice(at)];
    const last = lastOption(options, arg);
    if (last?.optional) written.push(arg.startsWith('--') ? `${arg}=${value}` : `${arg}${value}`);
    else written.push(arg);
    if (last?.required && at + 1 < args.length) written.push(args[++at] as string);
  }
  return written;
}

/** The option that a word ends with; undefined where its value follows in the word itself, or it is none. */
function lastOption(options: readonly Option[], arg: string): Option | undefined {
  if (!arg.startsWith('-')) return undefined;
  if (arg.startsWith('--')) return options.find(({ long }) => long === arg);
  for (let at = 1; at < arg.length; at++) {
    const option = options.find(({ short }) => short === `-${arg[at]}`);
    if (at === arg.length - 1) return option;
    if (option?.required || option?.optional) return undefined;
  }
  return undefined;
}
