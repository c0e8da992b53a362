/**
 * What a text program does, step by step: an instruction is its number and three operands. A *value* is 64 bits, and
 * there is one at a time. After each colon: the operands.
 */
export const OP = {
  /** Text: first word, count of words, bytes. */
  text: 0,
  /** The value is a number of the record: offset. */
  load8: 1,
  load16: 2,
  load32: 3,
  /** Offsets of the lower and the upper half. */
  load64: 4,
  /** As `load64`; 0 in a record that ends before the third operand. */
  element64: 5,
  /** Halves of a constant: upper, lower. */
  constant: 6,
  add: 7,
  and: 8,
  /** Bits, 0 to 63. */
  shiftLeft: 9,
  shiftRight: 10,
  /** The value becomes 1 if it is the same as upper, lower, else 0; the other way round if the third operand is 1. */
  equal: 11,
  /** Where to go on. */
  jumpIfZero: 12,
  jump: 13,
  /** The value is what an evaluator gives: its index. */
  low: 14,
  wide: 15,
  /** Writes the value: width, character to fill with. */
  unsigned: 16,
  signed: 17,
  /** The lower bits of the value with their sign: width, character to fill with, bits that are not taken. */
  int: 18,
  hex: 19,
  /** `0x…`, or `(nil)`. */
  pointer: 20,
  /** The text that a cache has for the value: its index. */
  cached: 21,
  /** Text of a fixed field up to its NUL: offset, bytes. */
  fixedString: 22,
  /** Text of a dynamic array up to its NUL: index of its locator. */
  dynamicString: 23,
  /** What a writer writes of the record: its index. */
  writer: 24,
} as const;

/** Numbers per instruction. */
export const STRIDE = 4;
