import type { EventFormat } from '../format/event-format.ts';
import type { EventRecord } from '../format/record.ts';
import { compileTest } from './compile.ts';
import { type EventFilter, filteredEvents } from './event-filter.ts';
import { comparisons } from './expression.ts';
import { always, never, type Predicate } from './number-test.ts';
import { Resolver } from './resolve.ts';
import { StackFollower } from './stack-follower.ts';
import type { FilterEnvironment } from './text-test.ts';

/** A filter, and whether it says what to leave out. */
export interface FilterRule {
  readonly filter: EventFilter;
  readonly excludes: boolean;
}

/**
 * The filters of one file, over the records of all its buffers. A record passes if any filter wants it, or none says
 * what is wanted, and none excludes it; stack traces follow their events.
 */
export class RecordFilter {
  readonly #wanted: RuleGroup;
  readonly #excluded: RuleGroup;
  readonly #stacks: StackFollower;

  /**
   * True when results depend on task names known so far, which grow while records are printed: then it must be asked
   * in the order of the report, right before each record is printed.
   */
  readonly dependsOnComms: boolean;

  /** Marks, by event id, events that never pass, as far as they were asked for: no need to ask for those again. */
  readonly unwanted = new Uint8Array(0x1_0000);

  /** Throws a TandemError: NOT_FOUND for filters that name no event, USAGE for errors that only show on a field. */
  constructor(rules: Iterable<FilterRule>, events: Iterable<EventFormat>, environment: FilterEnvironment) {
    const byId = new Map([...events].map((event) => [event.id, event]));
    this.#wanted = new RuleGroup(always, byId, environment);
    this.#excluded = new RuleGroup(never, byId, environment);
    for (const { filter, excludes } of rules) (excludes ? this.#excluded : this.#wanted).add(filter);
    this.#stacks = new StackFollower(byId.values(), environment.version);
    this.dependsOnComms = this.#wanted.dependsOnComms || this.#excluded.dependsOnComms;
  }

  /** Whether any filter can want a record of the event with this id. */
  mayWant(eventId: number): boolean {
    return this.#wanted.predicate(eventId) !== never;
  }

  /**
   * Whether a record of the event with this id passes. Allocates nothing, but for patterns and for `%` of huge numbers.
   * Ask once for each record, in order: it remembers, for stack traces, what passed.
   */
  accepts(record: EventRecord, eventId: number): boolean {
    const wants = this.#wanted.predicate(eventId);
    const wanted = wants !== never && (wants === always || wants(record));
    if (!wanted && !this.#stacks.follows(eventId, record.cpu)) {
      if (wants === never && !this.#stacks.mayFollow(eventId)) this.unwanted[eventId] = 1;
      return false;
    }
    const excludes = this.#excluded.predicate(eventId);
    const passes = excludes === never || !excludes(record);
    this.#stacks.note(record.cpu, passes, !wanted);
    return passes;
  }
}

/** Filters of which any decides. Compiled for an event when its first record comes. */
class RuleGroup {
  readonly #empty: Predicate;
  readonly #events: ReadonlyMap<number, EventFormat>;
  readonly #environment: FilterEnvironment;
  readonly #filters = new Map<string, { readonly resolver: Resolver; readonly ids: ReadonlySet<number> }>();
  readonly #predicates: Predicate[] = [];
  dependsOnComms = false;

  /** `empty` is what counts when there are no filters. */
  constructor(empty: Predicate, events: ReadonlyMap<number, EventFormat>, environment: FilterEnvironment) {
    this.#empty = empty;
    this.#events = events;
    this.#environment = environment;
  }

  add(filter: EventFilter): void {
    const resolver = new Resolver(filter);
    const events = filteredEvents(filter, this.#events.values());
    resolver.check(events);
    this.#filters.set(filter.text, { resolver, ids: new Set(events.map(({ id }) => id)) });
    this.dependsOnComms ||= comparesComm(filter);
  }

  predicate(eventId: number): Predicate {
    return this.#predicates[eventId] ?? this.#prepare(eventId);
  }

  #prepare(eventId: number): Predicate {
    const predicate = this.#filters.size === 0 ? this.#empty : this.#compile(eventId);
    this.#predicates[eventId] = predicate;
    return predicate;
  }

  #compile(eventId: number): Predicate {
    const event = this.#events.get(eventId);
    if (!event) return never;
    const predicates: Predicate[] = [];
    for (const { resolver, ids } of this.#filters.values()) {
      if (!ids.has(eventId)) continue;
      const predicate = compileTest(resolver.resolve(event), event, this.#environment);
      if (predicate === always) return always;
      if (predicate !== never) predicates.push(predicate);
    }
    return anyOf(predicates);
  }
}

/** Whether a filter looks at task names; those of fields do not count, they are in the record. */
function comparesComm({ expression }: EventFilter): boolean {
  if (!expression) return false;
  return [...comparisons(expression)].some(({ left, right }) => left.name === 'COMM' && right.kind === 'text');
}

function anyOf(predicates: readonly Predicate[]): Predicate {
  const [first] = predicates;
  if (!first) return never;
  if (predicates.length === 1) return first;
  return (record) => {
    for (let i = 0; i < predicates.length; i++) if ((predicates[i] as Predicate)(record)) return true;
    return false;
  };
}
