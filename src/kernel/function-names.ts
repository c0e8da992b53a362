import type { PosixRegex } from '../filter/regex/posix-regex.ts';
import { textPattern } from './event-names.ts';
import type { TraceInstance } from './tracefs.ts';

/** Names of the functions that can be traced and match, in the kernel's order; a name may be there several times. */
export function matchFunctions(top: TraceInstance, pattern: string): string[] {
  const regex = functionPattern(pattern);
  return top
    .read('available_filter_functions')
    .split('\n')
    .map((line) => line.split(' ', 1)[0] as string)
    .filter((name) => name !== '' && regex.testText(name));
}

/**
 * What trace-cmd takes a pattern for: a word is part of a name; letters, digits, `_`, `.`, `*` and `?` only are a
 * glob for the whole name; anything else is a basic regular expression for the whole name. A word with `^` before it
 * or `$` behind it, by which trace-cmd finds nothing, is here what it looks like.
 */
export function functionPattern(pattern: string): PosixRegex {
  const regex = (source: string) => textPattern(source, '-f');
  if (!/[*[(.?]/.test(pattern)) return regex(pattern);
  if (/^[\w*.?]*$/.test(pattern)) return regex(`^${pattern.replace(/[*.?]/g, (char) => GLOB[char] as string)}$`);
  return regex(`${pattern.startsWith('^') ? '' : '^'}${pattern}${pattern.endsWith('$') ? '' : '$'}`);
}

const GLOB: Readonly<Record<string, string>> = { '*': '.*', '.': '\\.', '?': '.' };
