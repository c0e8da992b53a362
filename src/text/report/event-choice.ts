import { utf8 } from '../../base/byte-writer.ts';
import { TandemError } from '../../base/errors.ts';
import { PosixRegex, RegexError } from '../../filter/regex/posix-regex.ts';
import type { EventFormat } from '../../format/event-format.ts';

/** Whether an event is among those that an option names. */
export type EventChoice = (event: EventFormat) => boolean;

/**
 * The events that `-r` or `-n` name: each pattern is a basic regular expression for the whole name of an event or of
 * a system. Throws a TandemError (USAGE) for a pattern that is none.
 */
export function chooseEvents(option: string, patterns: readonly string[]): EventChoice {
  const regexes = patterns.map((pattern) => {
    try {
      return new PosixRegex(utf8(`^${pattern}$`));
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      throw new TandemError('USAGE', `${option} ${pattern}`, `is no regular expression: ${error.message}`);
    }
  });
  return ({ name, system }) => regexes.some((regex) => regex.testText(name) || regex.testText(system));
}
