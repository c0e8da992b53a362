import { utf8 } from '../base/byte-writer.ts';
import { TandemError } from '../base/errors.ts';
import type { EventFormat } from '../format/event-format.ts';
import type { Expression } from './expression.ts';
import { filterError } from './lexer.ts';
import { parseExpression } from './parse-expression.ts';
import { PosixRegex, RegexError } from './regex/posix-regex.ts';

/** One `EVENTS : EXPRESSION`. */
export interface EventFilter {
  /** As the user wrote it. */
  readonly text: string;
  readonly patterns: readonly EventPattern[];
  /** Undefined: every record of these events matches. */
  readonly expression: Expression | undefined;
}

/** `SYSTEM/EVENT`, or one name for either. */
export interface EventPattern {
  readonly system: PosixRegex | undefined;
  /** Of the event; without `system`, of the event or of its system. */
  readonly name: PosixRegex;
}

/**
 * Parses the argument of `-F`: `EVENTS`, or `EVENTS : EXPRESSION`, EVENTS a list `SYSTEM/EVENT,EVENT,SYSTEM`. Each
 * name is a basic regular expression for the whole name, case ignored.
 * Throws a TandemError (USAGE) in one line that shows the place.
 */
export function parseFilter(text: string): EventFilter {
  const colon = text.indexOf(':');
  const events = colon < 0 ? text : text.slice(0, colon);
  const patterns: EventPattern[] = [];
  let at = 0;
  for (const item of events.split(',')) {
    patterns.push(parsePattern(text, item, at));
    at += item.length + 1;
  }
  return { text, patterns, expression: colon < 0 ? undefined : parseExpression(text, colon + 1) };
}

function parsePattern(text: string, item: string, at: number): EventPattern {
  const [first, second] = item.split('/').filter((part) => part !== '');
  if (first === undefined) throw filterError(text, at, 'an event name is missing');
  const name = nameRegex(text, second ?? first, at);
  return { system: second === undefined ? undefined : nameRegex(text, first, at), name };
}

function nameRegex(text: string, name: string, at: number): PosixRegex {
  try {
    return new PosixRegex(utf8(`^${name.trim()}$`));
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw filterError(text, at, `"${name.trim()}" is no regular expression: ${error.message}`);
  }
}

/**
 * The events that a filter is about, in the order in which `-T` lists them: those of the last pattern first, higher
 * ids first. An event that two patterns name is there twice. Throws a TandemError (NOT_FOUND) if a pattern names none.
 */
export function filteredEvents(filter: EventFilter, events: Iterable<EventFormat>): EventFormat[] {
  const byId = [...events].sort((a, b) => a.id - b.id);
  const found: EventFormat[] = [];
  for (const { system, name } of filter.patterns) {
    const matching = byId.filter((event) =>
      system
        ? system.testText(event.system) && name.testText(event.name)
        : name.testText(event.system) || name.testText(event.name),
    );
    if (matching.length === 0) {
      throw new TandemError('NOT_FOUND', `filter "${filter.text}"`, 'no event has such a name', 'see report -E');
    }
    found.push(...matching);
  }
  return found.reverse();
}
