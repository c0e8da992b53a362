import { U64 } from '../../base/u64.ts';
import type { TextVersion } from '../environment.ts';
import type { RecordBytes } from '../record.ts';

/** One argument of a trace_printk, taken out of the record that is being written. */
export class PackedArgument {
  /** A text, record.bytes[start..end), or else a number. */
  isText = false;
  start = 0;
  end = 0;
  readonly value = new U64();

  setText(start: number, end: number): void {
    this.isText = true;
    this.start = start;
    this.end = end;
    this.value.set(0, 0);
  }
}

/** How one argument lies in the record. A `pointer` may have been replaced by the text of what it points to. */
interface Step {
  readonly kind: 'number' | 'text' | 'pointer';
  /** Bytes of the number. */
  readonly size: number;
  /** The number is for a `*`: the argument of the same conversion follows, even at the record's end. */
  readonly isStar: boolean;
}

/** What the kernel packs for a format, conversion by conversion. Conversions that are not known pack nothing. */
function packedSteps(format: string, longSize: 4 | 8, version: TextVersion): Step[] {
  const steps: Step[] = [];
  const signs = version === '3.1' ? '.#' : '.#+';
  for (let at = 0; at < format.length; at++) {
    if (format[at] !== '%') continue;
    let longs = 0;
    for (at++; at < format.length; at++) {
      const character = format[at] as string;
      if (character === 'l') longs++;
      else if (character === 'L') longs = 2;
      else if (character === 'z' || character === 'Z') longs = 1;
      else if (character === '*') steps.push({ kind: 'number', size: 4, isStar: true });
      else if (!signs.includes(character) && !/[0-9]/.test(character)) break;
    }
    const type = format[at] ?? '';
    const size = longs === 0 ? 4 : longs === 1 ? longSize : longs === 2 ? 8 : longs;
    if (type === 's') steps.push({ kind: 'text', size: 0, isStar: false });
    else if (type === 'p') {
      const next = format[at + 1] ?? '';
      const isSpecial = /[0-9a-zA-Z]/.test(next) && !'sSx'.includes(next) && !/^[fF](?!w)/.test(format.slice(at + 1));
      steps.push({ kind: isSpecial ? 'pointer' : 'number', size: longSize, isStar: false });
      if (/[0-9a-zA-Z]/.test(next)) at++;
    } else if (type !== '' && 'duixXo'.includes(type)) steps.push({ kind: 'number', size, isStar: false });
  }
  return steps;
}

/** Takes the arguments of one format out of records. */
export class PackedArguments {
  readonly args: readonly PackedArgument[];
  readonly #steps: readonly Step[];
  readonly #littleEndian: boolean;

  constructor(format: string, longSize: 4 | 8, littleEndian: boolean, version: TextVersion) {
    this.#steps = packedSteps(format, longSize, version);
    this.args = this.#steps.map(() => new PackedArgument());
    this.#littleEndian = littleEndian;
  }

  /** Reads the arguments that begin at `offset` in the record. Returns how many there are. */
  read(record: RecordBytes, offset: number): number {
    let at = record.start + offset;
    for (let i = 0; i < this.#steps.length; i++) {
      const isContinued = i > 0 && this.#steps[i - 1]?.isStar === true;
      if (at >= record.end && !isContinued) return i;
      at = this.#readOne(record, at, i);
    }
    return this.#steps.length;
  }

  #readOne(record: RecordBytes, at: number, index: number): number {
    const step = this.#steps[index] as Step;
    const argument = this.args[index] as PackedArgument;
    const code = at < record.end ? (record.bytes[at] as number) : 0;
    const isText = step.kind === 'text' || (step.kind === 'pointer' && code >= 0x20 && code <= 0x7e);
    if (isText) {
      let end = at;
      while (end < record.end && record.bytes[end] !== 0) end++;
      argument.setText(at, end);
      return end + 1;
    }
    const aligned = record.start + ((at - record.start + 3) & ~3);
    argument.isText = false;
    this.#readNumber(record, aligned, step.size, argument.value);
    return aligned + step.size;
  }

  /** 0 for what lies beyond the record's end. */
  #readNumber({ view, end }: RecordBytes, at: number, size: number, into: U64): void {
    if (at + size > end || (size !== 4 && size !== 8)) into.set(0, 0);
    else if (size === 4) into.set(0, view.getUint32(at, this.#littleEndian));
    else {
      const first = view.getUint32(at, this.#littleEndian);
      const second = view.getUint32(at + 4, this.#littleEndian);
      if (this.#littleEndian) into.set(second, first);
      else into.set(first, second);
    }
  }
}
