import { TandemError } from '../base/errors.ts';
import type { TraceInstance } from '../kernel/tracefs.ts';
import type { BufferPlan, EventPlan } from './plan.ts';

/** Events there are, by system; both ascending. */
export type EventTable = ReadonlyMap<string, readonly string[]>;

/** One `-e` and the events it means, as `system:event`. */
export interface MatchedEvents {
  readonly plan: EventPlan;
  readonly events: readonly string[];
}

/** Every event that can be switched on, from `available_events`. */
export function readEventTable(top: TraceInstance): EventTable {
  const table = new Map<string, string[]>();
  for (const line of top.read('available_events').split('\n').sort()) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const system = line.slice(0, colon);
    const events = table.get(system);
    if (events) events.push(line.slice(colon + 1));
    else table.set(system, [line.slice(colon + 1)]);
  }
  return table;
}

/** What each `-e` of a buffer means. Throws when one means nothing, unless that is to be ignored. */
export function matchEvents(buffer: BufferPlan, table: EventTable, ignoreUnknown: boolean): MatchedEvents[] {
  return buffer.events.map((plan) => {
    const events = matchPattern(plan.pattern, table);
    if (events.length === 0 && !ignoreUnknown) throw unknownEvent(plan.pattern, table);
    return { plan, events };
  });
}

/** The events to switch on: those that are named, without those that are excluded. */
export function wantedEvents(matched: readonly MatchedEvents[]): string[] {
  const wanted = new Set<string>();
  for (const { plan, events } of matched) if (!plan.excluded) for (const event of events) wanted.add(event);
  for (const { plan, events } of matched) if (plan.excluded) for (const event of events) wanted.delete(event);
  return [...wanted];
}

/** The same events by their systems. */
export function bySystem(events: Iterable<string>): EventTable {
  const table = new Map<string, string[]>();
  for (const event of new Set(events)) {
    const [system, name] = event.split(':') as [string, string];
    const names = table.get(system);
    if (names) names.push(name);
    else table.set(system, [name]);
  }
  return table;
}

/** `all`; `system:event`, `system:`; or a word that names systems, events, or both. */
function matchPattern(pattern: string, table: EventTable): string[] {
  const colon = pattern.indexOf(':');
  const [systemPattern, eventPattern] =
    colon < 0 ? [pattern, pattern] : [pattern.slice(0, colon), pattern.slice(colon + 1) || '*'];
  const isSystem = globTest(pattern === 'all' ? '*' : systemPattern);
  const isEvent = globTest(eventPattern);
  const found: string[] = [];
  for (const [system, events] of table) {
    const ofSystem = isSystem(system);
    for (const event of events) {
      if (colon < 0 ? ofSystem || isEvent(event) : ofSystem && isEvent(event)) found.push(`${system}:${event}`);
    }
  }
  return found;
}

/** Tests names against a shell glob: `*`, `?`, `[a-z]`, `[!x]`. */
export function globTest(glob: string): (name: string) => boolean {
  const source = glob.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length === 1) return part.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
    return part.startsWith('[!') ? `[^${part.slice(2)}` : part;
  });
  const expression = new RegExp(`^${source}$`);
  return (name) => expression.test(name);
}

function unknownEvent(pattern: string, table: EventTable): TandemError {
  const [system = '', event] = pattern.split(':');
  const known = table.get(system);
  const names = event === undefined ? [...table.keys(), ...[...table.values()].flat()] : (known ?? [...table.keys()]);
  const near = nearNames(event === undefined || known === undefined ? system : event, names);
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'see /sys/kernel/tracing/available_events';
  return new TandemError('NOT_FOUND', `-e ${pattern}`, 'no such event in this kernel', `${hint} (-i goes on without)`);
}

const NEAR_NAMES = 3;

/** The names that differ least from a word, nearest first; only those that are rather like it. */
export function nearNames(word: string, names: Iterable<string>): string[] {
  const most = Math.max(2, Math.floor(word.length / 3));
  const near: { name: string; distance: number }[] = [];
  for (const name of new Set(names)) {
    const distance = name.includes(word) && word.length > 2 ? 1 : editDistance(word, name, most);
    if (distance <= most) near.push({ name, distance });
  }
  return near
    .sort((a, b) => a.distance - b.distance || a.name.length - b.name.length)
    .slice(0, NEAR_NAMES)
    .map(({ name }) => name);
}

/** Levenshtein distance; anything above `most` where the lengths alone differ by more. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line++) {
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (row[column - 1] as number) + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] as number) + 1, (next[column - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
