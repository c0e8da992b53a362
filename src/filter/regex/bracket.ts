import { ByteSet, CLASSES } from './byte-set.ts';
import { type PatternText, RegexError } from './pattern-text.ts';

const CLOSE = 0x5d;
const OPEN = 0x5b;
const CARET = 0x5e;
const HYPHEN = 0x2d;
/** Longest name between `[:` and `:]`, with its NUL. */
const NAME_LIMIT = 32;

/** An element of a list: one byte, or a set that can't be the end of a range. */
type Element = { readonly byte: number } | { readonly set: ByteSet };

/** Reads a bracket expression whose `[` has been read, up to and with its `]`. */
export function readBracket(pattern: PatternText): ByteSet {
  const set = new ByteSet();
  const negated = pattern.peek() === CARET;
  if (negated) pattern.skip(1);
  let first = true;
  do {
    readItem(pattern, set, first);
    first = false;
    if (pattern.atEnd()) throw new RegexError('"[" without "]"');
  } while (pattern.peek() !== CLOSE);
  pattern.skip(1);
  return negated ? set.complement() : set;
}

function readItem(pattern: PatternText, set: ByteSet, first: boolean): void {
  const start = readElement(pattern, first);
  if ('set' in start) {
    set.addAll(start.set);
    return;
  }
  if (pattern.peek() !== HYPHEN || pattern.peek(1) === CLOSE) {
    set.add(start.byte);
    return;
  }
  pattern.skip(1);
  const end = readElement(pattern, true);
  if ('set' in end) throw new RegexError('a class can not end a range');
  if (start.byte > end.byte) throw new RegexError('the range ends before it starts (case is ignored)');
  set.addRange(start.byte, end.byte);
}

function readElement(pattern: PatternText, hyphenAllowed: boolean): Element {
  if (pattern.atEnd()) throw new RegexError('"[" without "]"');
  const byte = pattern.next();
  const kind = byte === OPEN ? pattern.peek() : -1;
  if (kind === 0x3a || kind === 0x2e || kind === 0x3d) {
    pattern.skip(1);
    return readNamed(pattern, kind);
  }
  if (byte === HYPHEN && !hyphenAllowed && pattern.peek() !== CLOSE) throw new RegexError('a misplaced "-"');
  return { byte };
}

/** `[:class:]`, `[=x=]` or `[.x.]`, after its two opening characters. */
function readNamed(pattern: PatternText, delimiter: number): Element {
  const isClass = delimiter === 0x3a;
  let name = '';
  for (;;) {
    if (pattern.atEnd() || name.length === NAME_LIMIT) throw new RegexError('a named class without its end');
    const byte = isClass ? pattern.nextRaw() : pattern.next();
    if (byte === delimiter && pattern.peek() === CLOSE) break;
    name += String.fromCharCode(byte);
  }
  pattern.skip(1);
  if (isClass) {
    const set = CLASSES.get(name);
    if (!set) throw new RegexError(`no class is named [:${name}:]`);
    return { set };
  }
  if (name.length !== 1) throw new RegexError('only single characters collate');
  const byte = name.charCodeAt(0);
  return delimiter === 0x3d ? { set: ByteSet.of(byte) } : { byte };
}
