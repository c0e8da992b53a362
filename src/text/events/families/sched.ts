import type { TextVersion } from '../../../format/environment.ts';
import { type EventFormat, findField } from '../../../format/event-format.ts';
import type { Field } from '../../../format/field.ts';
import type { Expression, NamedValue } from '../../../format/print-fmt/parse/ast.ts';
import type { FamilyFactory, InfoWriter, TextContext } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { lowBits, type NumberField } from '../number-field.ts';
import { int, signed, unsigned } from '../pieces.ts';

const BAR = 0x7c;
const RUNNING = 0x52;

/** A power of two: how many pids are remembered as having a name already. */
const REMEMBERED = 1024;

/** `COMM:PID`, and the name becomes known for the lines that follow. */
function addTask(text: InfoBuilder, comm: Field | undefined, pid: NumberField, context: TextContext): void {
  if (comm !== undefined) text.add(name(comm, pid, context), ':');
  text.add(unsigned(pid));
}

function name(comm: Field, pid: NumberField, context: TextContext): InfoWriter {
  const { comms } = context.env;
  const { offset, size } = comm;
  const readPid = lowBits(pid);
  const named = new Uint32Array(REMEMBERED);
  return (out, record) => {
    const start = record.start + offset;
    const length = out.cString(record.bytes, start, size);
    const number = readPid(record);
    const place = number & (REMEMBERED - 1);
    if (named[place] !== number) {
      named[place] = number;
      comms.register(number | 0, record.bytes, start, start + length);
    }
  };
}

export const schedWakeup: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const pid = text.need('pid', '!');
  addTask(text, text.anyField('comm'), pid, context);
  const priority = text.wanted('prio');
  if (priority) text.add(' [', signed(priority), ']');
  const success = text.number('success');
  if (success) text.add(' success=', signed(success));
  const cpu = text.number('target_cpu');
  if (cpu) text.add(' CPU:', unsigned(cpu, 3));
  return text.writer();
};

export const schedSwitch: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const side = (which: 'prev' | 'next') => {
    const pid = text.need(`${which}_pid`, '!');
    addTask(text, text.anyField(`${which}_comm`), pid, context);
    if (which === 'prev') text.add(' ');
    const priority = text.wanted(`${which}_prio`);
    const [before, after] = which === 'prev' ? ['[', '] '] : [' [', ']'];
    if (priority) text.add(before, int(priority), after);
  };
  side('prev');
  const state = context.env.version === '3.1' ? text.wanted('prev_state') : text.number('prev_state');
  if (state) text.add(stateLetters(state, lettersOf(event, context.env.version)));
  text.add(' ==> ');
  side('next');
  return text.writer();
};

/** The letters of the bits that are set, lowest first, with bars between them; R when none is. */
function stateLetters(state: NumberField, letters: readonly number[]): InfoWriter {
  const low = lowBits(state);
  const known = letters.length === 32 ? -1 : (1 << letters.length) - 1;
  return (out, record) => {
    let rest = low(record) & known;
    if (rest === 0) {
      out.byte(RUNNING);
      return;
    }
    for (;;) {
      out.byte(letters[31 - Math.clz32(rest & -rest)] as number);
      rest &= rest - 1;
      if (rest === 0) return;
      out.byte(BAR);
    }
  };
}

/** Task states by bit: 3.1 knows those of an old kernel, later versions read them from the event's print format. */
function lettersOf(event: EventFormat, version: TextVersion): readonly number[] {
  if (version === '3.1') return codes('SDTtZXxW');
  const field = findField(event, 'prev_state');
  for (const argument of event.printFormat?.args ?? []) {
    const names = field && flagsOf(argument, field);
    if (names) return lettersByBit(names);
  }
  return codes('SDTtXZPI');
}

const codes = (text: string): readonly number[] => [...text].map((letter) => letter.charCodeAt(0));

/** The names of a `__print_flags` over `field` in an argument, however deep in operators. */
function flagsOf(expression: Expression, field: Field): readonly NamedValue[] | undefined {
  switch (expression.kind) {
    case 'flags':
      return reads(expression.value, field) ? expression.names : undefined;
    case 'ternary':
      return (
        flagsOf(expression.condition, field) ??
        flagsOf(expression.whenTrue, field) ??
        flagsOf(expression.whenFalse, field)
      );
    case 'binary':
      return flagsOf(expression.left, field) ?? flagsOf(expression.right, field);
    default:
      return undefined;
  }
}

function reads(expression: Expression, field: Field): boolean {
  if (expression.kind === 'field') return expression.field.name === field.name;
  return expression.kind === 'binary' && (reads(expression.left, field) || reads(expression.right, field));
}

/** First letters by the lowest bit of their value, up to the first bit without one. */
function lettersByBit(names: readonly NamedValue[]): readonly number[] {
  const letters: number[] = [];
  for (const { value, name } of names) {
    if (value.kind !== 'number' || value.value === 0n) continue;
    const bit = lowestBit(value.value);
    if (bit < 32) letters[bit] = name.charCodeAt(0);
  }
  const gap = letters.findIndex((letter) => letter === undefined || Number.isNaN(letter));
  return gap < 0 ? letters : letters.slice(0, gap);
}

function lowestBit(value: bigint): number {
  let bit = 0;
  for (let rest = value; (rest & 1n) === 0n; rest >>= 1n) bit++;
  return bit;
}
