/** Addresses of 64 bits in halves, in ascending order, with the place that each had in the text they come from. */
export interface SortedAddresses {
  readonly his: Uint32Array;
  readonly los: Uint32Array;
  /** Index in the input of each sorted address. */
  readonly order: Uint32Array;
}

/**
 * Sorts addresses, equal ones backwards: later ones first. Radix sort, 16 bits at a time: kallsyms has 200 000 lines,
 * and its order is not quite by address.
 */
export function sortAddresses(his: Uint32Array, los: Uint32Array): SortedAddresses {
  const count = his.length;
  let order = new Uint32Array(count);
  let next = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = count - 1 - i;
  const starts = new Uint32Array(0x1_0001);
  for (const half of [los, his]) {
    for (const shift of [0, 16]) {
      starts.fill(0);
      for (let i = 0; i < count; i++) starts[(((half[i] as number) >>> shift) & 0xffff) + 1]!++;
      if (starts[(((half[0] ?? 0) >>> shift) & 0xffff) + 1] === count) continue;
      for (let i = 0; i < 0x1_0000; i++) starts[i + 1]! += starts[i] as number;
      for (let i = 0; i < count; i++) {
        const index = order[i] as number;
        const digit = ((half[index] as number) >>> shift) & 0xffff;
        next[starts[digit]!++] = index;
      }
      [order, next] = [next, order];
    }
  }
  const sorted = { his: new Uint32Array(count), los: new Uint32Array(count), order };
  for (let i = 0; i < count; i++) {
    sorted.his[i] = his[order[i] as number] as number;
    sorted.los[i] = los[order[i] as number] as number;
  }
  return sorted;
}
