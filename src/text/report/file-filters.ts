import { TandemError } from '../../base/errors.ts';
import { describeFilter } from '../../filter/describe.ts';
import { type EventFilter, filteredEvents, parseFilter } from '../../filter/event-filter.ts';
import type { FilterText } from '../../filter/plan.ts';
import { type FilterRule, RecordFilter } from '../../filter/record-filter.ts';
import type { ReportInput } from './settings.ts';

/** What passes of one file: all events, none, or what a filter accepts. */
export type FileFilter = RecordFilter | 'all' | 'nothing';

/**
 * The filters of all files, ready. With `everyFile`, as in trace-cmd, an event that a filter names must exist in every
 * file that the filter is for; else in one of them: a guest need not have all events of its host.
 * Throws a TandemError (NOT_FOUND, USAGE).
 */
export function fileFilters(inputs: readonly ReportInput[], everyFile: boolean): FileFilter[] {
  const parsed = new Map<string, EventFilter>();
  const rulesOf = ({ filters }: ReportInput): FilterRule[] =>
    filters.filters.map(({ text, excludes }) => {
      const filter = parsed.get(text) ?? parseFilter(text);
      parsed.set(text, filter);
      return { filter, excludes };
    });
  const all = inputs.map((input) => ({ input, rules: rulesOf(input) }));
  if (!everyFile) checkSomewhere(all);
  return all.map(({ input, rules }) => {
    const { events, env } = input.file;
    const present = everyFile ? rules : rules.filter(({ filter }) => missing(filter, input) === undefined);
    const wants = (list: readonly FilterRule[]) => list.some(({ excludes }) => !excludes);
    if (wants(rules) && !wants(present)) return 'nothing';
    return present.length === 0 ? 'all' : new RecordFilter(present, events, env);
  });
}

/** Throws for the first filter that names an event no file has. */
function checkSomewhere(all: readonly { input: ReportInput; rules: readonly FilterRule[] }[]): void {
  for (const { input, rules } of all) {
    for (const { filter } of rules) {
      const problem = missing(filter, input);
      const elsewhere = (other: (typeof all)[number]) =>
        other.rules.some((rule) => rule.filter === filter) && missing(filter, other.input) === undefined;
      if (problem !== undefined && !all.some(elsewhere)) throw problem;
    }
  }
}

/** Why a filter means nothing in a file; undefined if it does. */
function missing(filter: EventFilter, { file }: ReportInput): TandemError | undefined {
  try {
    filteredEvents(filter, file.events);
    return undefined;
  } catch (error) {
    if (error instanceof TandemError && error.code === 'NOT_FOUND') return error;
    throw error;
  }
}

/** What `-T` prints of filters: each event's test, one per line. */
export function filterListing(texts: readonly FilterText[], { file }: ReportInput): string {
  return texts
    .flatMap(({ text }) => describeFilter(parseFilter(text), file.events))
    .map((line) => `${line}\n`)
    .join('');
}
