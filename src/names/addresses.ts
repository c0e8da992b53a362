/** Addresses of 64 bits in halves, in ascending order, with the place that each had in the text they come from. */
export interface SortedAddresses {
  readonly his: Uint32Array;
  readonly los: Uint32Array;
  /** Index in the input of each sorted address. */
  readonly order: Uint32Array;
}

/** Indices below this fit a number of 53 bits together with half an address. */
const INDICES = 1 << 21;

/** Sorts addresses, equal ones backwards: later ones first. */
export function sortAddresses(his: Uint32Array, los: Uint32Array): SortedAddresses {
  const [first] = his;
  const differInLowerHalf = his.length <= INDICES && his.every((hi) => hi === first);
  const order = differInLowerHalf ? byLowerHalf(los) : byBothHalves(his, los);
  return { his: order.map((index) => his[index] as number), los: order.map((index) => los[index] as number), order };
}

/**
 * As all of a kernel's addresses do: kallsyms has 200 000 of them. The engine's own sort of plain numbers is quick from
 * the first time on, so each index travels in the lower bits of a key.
 */
function byLowerHalf(los: Uint32Array): Uint32Array {
  const keys = new Float64Array(los.length);
  for (let i = 0; i < keys.length; i++) keys[i] = (los[i] as number) * INDICES + (INDICES - 1 - i);
  keys.sort();
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as number;
    order[i] = INDICES - 1 - (key - Math.floor(key / INDICES) * INDICES);
  }
  return order;
}

function byBothHalves(his: Uint32Array, los: Uint32Array): Uint32Array {
  const order = new Uint32Array(his.length).map((_, index) => index);
  return order.sort(
    (a, b) => (his[a] as number) - (his[b] as number) || (los[a] as number) - (los[b] as number) || b - a,
  );
}
