import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { U64 } from '../../../base/u64.ts';
import * as arithmetic from './u64-arithmetic.ts';

const anyU64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 32n }),
  fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
  fc.integer({ min: 1, max: 64 }).map((bits) => (1n << BigInt(bits)) - 1n),
);

/** Each operation, and what BigInt makes of it before it is cut to 64 bits. */
const OPERATIONS: readonly (readonly [arithmetic.Operation, (a: bigint, b: bigint) => bigint])[] = [
  [arithmetic.add, (a, b) => a + b],
  [arithmetic.subtract, (a, b) => a - b],
  [arithmetic.multiply, (a, b) => a * b],
  [arithmetic.divide, (a, b) => (b === 0n ? 0n : a / b)],
  [arithmetic.remainder, (a, b) => (b === 0n ? 0n : a % b)],
  [arithmetic.shiftLeft, (a, b) => a << (b & 63n)],
  [arithmetic.shiftRight, (a, b) => a >> (b & 63n)],
  [arithmetic.and, (a, b) => a & b],
  [arithmetic.or, (a, b) => a | b],
];

const register = (value: bigint): U64 => {
  const result = new U64();
  result.setBigInt(value);
  return result;
};

describe('operations on registers', () => {
  test.each(OPERATIONS.map((pair) => [pair[0].name, ...pair] as const))('%s', (_name, operation, exact) => {
    fc.assert(
      fc.property(anyU64, anyU64, (a, b) => {
        const into = new U64();
        operation(register(a), register(b), into);
        expect(into.toBigInt()).toBe(BigInt.asUintN(64, exact(a, b)));
        const both = register(a);
        operation(both, register(b), both);
        expect(both.toBigInt()).toBe(into.toBigInt());
      }),
      { numRuns: 2000 },
    );
  });
});
