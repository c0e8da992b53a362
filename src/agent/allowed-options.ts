import { TandemError } from '../base/errors.ts';
import { printable } from '../transport/address.ts';

/*
 * What a recorder may ask for: options of `record` about what is traced and how. Nothing that runs a program, names a
 * path, reaches another machine, or outlives the recording. Whatever is not in the table is refused.
 */

/** One option of a request, with its value if it has one. */
export interface AllowedOption {
  /** `-e`, `--date` */
  readonly name: string;
  readonly value: string | undefined;
}

/** - `optional`: only behind a `=`. - `nothing`: trace-cmd's own affair, or without a meaning here: passed over. */
type Kind = 'flag' | 'value' | 'nothing' | 'nothing-value' | 'nothing-optional';

const WITH_VALUE = [
  ...['-e', '-f', '-R', '-p', '-l', '-n', '-g', '-O', '-P', '-M', '-b', '-C', '-s', '-r', '-H'],
  ...['--module', '--max-graph-depth', '--subbuf-size', '--cmdlines-size'],
  ...['--ts-offset', '--compression', '--file-version'],
];
const FLAGS = [
  ...['-v', '-i', '-T', '-c', '-d', '-D', '-a', '--func-stack', '--date', '--tsc2nsec', '--poll', '--no-filter'],
];
/** How trace-cmd moves data and what it prints. */
const NOTHING = ['-q', '--quiet', '--stderr', '--debug', '--nosplice', '--nofifos', '-t', '-G'];

const ALLOWED: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...WITH_VALUE.map((name) => [name, 'value'] as const),
  ...FLAGS.map((name) => [name, 'flag'] as const),
  ...NOTHING.map((name) => [name, 'nothing'] as const),
  // A limit for files: here the recorder has them.
  ['-m', 'nothing-value'],
  ['--verbose', 'nothing-optional'],
]);

/** Why some are not in the table, where that is not plain. */
const REASONS: Readonly<Record<string, string>> = {
  '-o': "the recorder names the guest's file itself",
  '-F': 'an agent runs no command that could be traced',
  '--user': 'an agent runs no command',
  '-k': 'an agent leaves nothing switched on',
  '-K': 'an agent leaves nothing switched on',
  '-B': 'an agent records one buffer: start it with --instance for another one than the top buffer',
};

/**
 * Takes apart the arguments of a request, as getopt_long does. Throws a TandemError (USAGE) at the first word that is
 * not allowed.
 */
export function readAllowedOptions(args: readonly string[]): AllowedOption[] {
  const words = args[Symbol.iterator]();
  const options: AllowedOption[] = [];
  for (const word of words) {
    if (word === '--' || word === '-' || !word.startsWith('-')) {
      throw refused(word, 'an agent runs no commands of a recorder');
    }
    const found = word.startsWith('--') ? [longOption(word, words)] : shortOptions(word, words);
    for (const option of found) if (!ALLOWED.get(option.name)?.startsWith('nothing')) options.push(option);
  }
  return options;
}

/** `--name`, `--name=value`, or `--name value`. */
function longOption(word: string, words: Iterator<string>): AllowedOption {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  const kind = kindOf(name);
  if (!kind.endsWith('value')) {
    if (value !== undefined && kind !== 'nothing-optional') throw refused(word, 'it takes no value');
    return { name, value };
  }
  return { name, value: value ?? nextOf(name, words) };
}

/** `-abc`: several without a value; `-evalue`, or `-e value`. */
function shortOptions(word: string, words: Iterator<string>): AllowedOption[] {
  const options: AllowedOption[] = [];
  for (let at = 1; at < word.length; at++) {
    const name = `-${word[at]}`;
    if (kindOf(name).endsWith('value')) {
      const rest = word.slice(at + 1);
      options.push({ name, value: rest === '' ? nextOf(name, words) : rest });
      return options;
    }
    options.push({ name, value: undefined });
  }
  return options;
}

function kindOf(name: string): Kind {
  const kind = ALLOWED.get(name);
  if (kind === undefined) throw refused(name, REASONS[name] ?? 'an agent does not take it from a recorder');
  return kind;
}

function nextOf(name: string, words: Iterator<string>): string {
  const { value, done } = words.next();
  if (done) throw refused(name, 'its value is missing');
  return value as string;
}

const refused = (word: string, why: string): TandemError => new TandemError('USAGE', printable(word), why);
