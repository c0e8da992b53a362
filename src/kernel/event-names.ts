import { TandemError } from '../base/errors.ts';
import { PosixRegex, RegexError } from '../filter/regex/posix-regex.ts';
import { foldersInKernelOrder } from './folders.ts';
import type { TraceInstance } from './tracefs.ts';

/** What tracers write: its events have formats, but can't be switched on, and no file says so of the system. */
const TRACER_SYSTEM = 'ftrace';

export interface EventName {
  readonly system: string;
  readonly event: string;
}

/** Systems whose events can be switched on, in the kernel's order. */
export function eventSystems(instance: TraceInstance): string[] {
  return foldersInKernelOrder(instance.file('events')).filter((name) => instance.has('events', name, 'enable'));
}

/** Events of a system, in the kernel's order. */
export function eventsOfSystem(instance: TraceInstance, system: string): string[] {
  return foldersInKernelOrder(instance.file('events', system));
}

/**
 * Events that match `SYSTEM:EVENT` or `SYSTEM:` (each a basic regular expression that ignores case), or else a word
 * that the name of the system or that of the event matches; all but the tracers' for the empty pattern.
 * Throws a TandemError for a pattern that can't be understood.
 */
export function matchEvents(instance: TraceInstance, pattern: string): EventName[] {
  const systems = eventSystems(instance);
  const matches = pattern === '' ? () => true : eventMatcher(pattern);
  const searched = pattern === '' ? systems : [TRACER_SYSTEM, ...systems];
  return searched.flatMap((system) =>
    eventsOfSystem(instance, system)
      .filter((event) => matches(system, event))
      .map((event) => ({ system, event })),
  );
}

function eventMatcher(pattern: string): (system: string, event: string) => boolean {
  // Colons before the first word count for nothing.
  const [, first = '', colon, rest = ''] = /^:*([^:]*)(:?)(.*)$/s.exec(pattern) ?? [];
  const system = textPattern(first, '-e');
  if (rest !== '') {
    const event = textPattern(rest, '-e');
    return (systemName, eventName) => system.testText(systemName) && event.testText(eventName);
  }
  if (colon !== '') return (systemName) => system.testText(systemName);
  return (systemName, eventName) => system.testText(systemName) || system.testText(eventName);
}

/** A basic regular expression of the command line. Throws a TandemError that names the option it stood behind. */
export function textPattern(pattern: string, option: string): PosixRegex {
  try {
    return new PosixRegex(new TextEncoder().encode(pattern));
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    const hint = 'write a basic regular expression, as for grep';
    throw new TandemError('USAGE', `${option} ${pattern}`, error.message, hint, { cause: error });
  }
}
