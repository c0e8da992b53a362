import type { EventFormat } from '../format/event-format.ts';
import { type EventFilter, filteredEvents } from './event-filter.ts';
import { type ChainTest, Resolver, type Source, type Test, type Value } from './resolve.ts';

/**
 * What `report -T` prints for a filter: a line ` 'EVENT: TEST'` for each event that it is about, in its order.
 * Throws a TandemError (NOT_FOUND, USAGE).
 */
export function describeFilter(filter: EventFilter, events: Iterable<EventFormat>): string[] {
  const resolver = new Resolver(filter);
  return filteredEvents(filter, events).map((event) => ` '${event.name}: ${testText(resolver.resolve(event))}'`);
}

/** The text of a test. Nested deeper than a filter can be written, it is written without recursion over chains. */
export function testText(test: Test): string {
  switch (test.kind) {
    case 'constant':
      return test.value ? 'TRUE' : 'FALSE';
    case 'number':
      return `${sourceText(test.source)} ${test.operator} ${signedText(test.value)}`;
    case 'text':
      return `${sourceText(test.source)} ${test.operator} "${test.text}"`;
    case 'arithmetic': {
      const operator = test.operator === '~' ? '[ERROR IN EXPRESSION TYPE]' : test.operator;
      return `${valueText(test.left)} ${operator} ${valueText(test.right)}`;
    }
    case 'not':
      return `!(${testText(test.of)})`;
    case 'chain':
      return chainText(test);
  }
}

function chainText({ first, rest }: ChainTest): string {
  let text = testText(first);
  for (const { operator, operand } of rest) text = `(${text}) ${operator} (${testText(operand)})`;
  return text;
}

const signedText = (value: bigint): string => String(BigInt.asIntN(64, value));

const sourceText = (source: Source): string => (source.kind === 'field' ? source.field.name : source.kind);

function valueText(value: Value): string {
  if (value.kind === 'number') return signedText(value.value);
  return value.kind === 'text' ? `"${value.text}"` : sourceText(value);
}
