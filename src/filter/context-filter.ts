import type { Field } from '../format/field.ts';
import { smallReader } from '../format/field-reader.ts';
import { always, type Predicate } from './number-test.ts';

/** Bits of common_flags. */
const HARD_INTERRUPT = 0x08;
const SOFT_INTERRUPT = 0x10;

/** What `-I` and `-S` leave out. */
export interface HiddenContexts {
  /** Events inside of hard interrupts. */
  readonly hardInterrupts: boolean;
  /** Events inside of soft interrupts. */
  readonly softInterrupts: boolean;
}

/** The records that `-I` and `-S` let through, by the flags that every event begins with: give it `common_flags`. */
export function contextFilter(hidden: HiddenContexts, flags: Field, littleEndian: boolean): Predicate {
  const mask = (hidden.hardInterrupts ? HARD_INTERRUPT : 0) | (hidden.softInterrupts ? SOFT_INTERRUPT : 0);
  if (mask === 0) return always;
  const read = smallReader(flags, littleEndian);
  return (record) => (read(record) & mask) === 0;
}
