import type { GuestProof } from './types.ts';

/**
 * The proof as a JSON value: exact times and offsets as decimal strings, what is not known as null, distances as
 * numbers in `unit`.
 */
export function proofJson(proof: GuestProof): unknown {
  return JSON.parse(
    JSON.stringify(proof, (_, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      if (value === Number.POSITIVE_INFINITY) return 'more';
      return typeof value === 'number' && Number.isNaN(value) ? null : value;
    }),
  );
}
