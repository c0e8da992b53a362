import type { Random } from './random.ts';

/** A damaged copy of a file, and in words what was done to it. */
export interface Mutation {
  readonly bytes: Uint8Array;
  readonly what: string;
}

/** A file to damage. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Offsets at which sections, options, tables of CPUs and the like begin: where sizes and counts are near. */
  readonly marks: readonly number[];
}

type Damage = (bytes: Uint8Array, sample: Sample, random: Random) => Mutation;

/** Values that sizes, counts, ids and offsets are bad at; -1 stands for all ones. */
const EXTREMES: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0xffn,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xfffffffen,
  0xffffffffn,
  1n << 32n,
  1n << 40n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  -1n,
];

/** How far behind a mark a field may lie. */
const FIELD_REACH = 64;
const LONGEST_BLOCK = 8192;

const flipBits: Damage = (bytes, sample, random) => {
  const count = 1 + random.below(8);
  const where = [];
  for (let flip = 0; flip < count; flip++) {
    const at = place(sample, random);
    bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    where.push(at);
  }
  return { bytes, what: `bits flipped at ${where.join(', ')}` };
};

const overwrite: Damage = (bytes, sample, random) => {
  const at = place(sample, random);
  const length = Math.min(bytes.length - at, 1 + random.below(64));
  const fill = random.pick([0, 0xff, 0x28, 0x22, -1]);
  for (let i = at; i < at + length; i++) bytes[i] = fill === -1 ? random.below(256) : fill;
  return { bytes, what: `${length} bytes at ${at} overwritten with ${fill === -1 ? 'noise' : fill}` };
};

const truncate: Damage = (bytes, sample, random) => {
  const at = place(sample, random);
  return { bytes: bytes.slice(0, at), what: `cut off at ${at}` };
};

const swapBlocks: Damage = (bytes, _, random) => {
  const size = 1 + random.below(Math.min(LONGEST_BLOCK, bytes.length >> 1));
  const [a, b] = [random.below(bytes.length - size), random.below(bytes.length - size)];
  const kept = bytes.slice(a, a + size);
  bytes.copyWithin(a, b, b + size);
  bytes.set(kept, b);
  return { bytes, what: `${size} bytes at ${a} and ${b} exchanged` };
};

const removeBlock: Damage = (bytes, sample, random) => {
  const at = place(sample, random);
  const size = Math.min(bytes.length - at, 1 + random.below(512));
  const rest = new Uint8Array(bytes.length - size);
  rest.set(bytes.subarray(0, at));
  rest.set(bytes.subarray(at + size), at);
  return { bytes: rest, what: `${size} bytes at ${at} removed` };
};

const setField: Damage = (bytes, sample, random) => {
  const size = random.pick([1, 2, 4, 4, 8, 8]);
  const at = Math.min(nearMark(sample, random), Math.max(0, bytes.length - size));
  // Offsets that lead back are how a loop is made.
  const value = random.below(4) === 0 ? BigInt(random.pick(sample.marks)) : random.pick(EXTREMES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = random.below(8) !== 0;
  if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), little);
  else
    for (let i = 0; i < size; i++) {
      const shift = BigInt(8 * (little ? i : size - 1 - i));
      bytes[at + i] = Number((BigInt.asUintN(64, value) >> shift) & 0xffn);
    }
  return { bytes, what: `${size} bytes at ${at} set to ${value}` };
};

const DAMAGES: readonly Damage[] = [
  flipBits,
  flipBits,
  overwrite,
  truncate,
  swapBlocks,
  removeBlock,
  setField,
  setField,
];

/** Damages a copy of the sample in one to three ways. */
export function mutate(sample: Sample, random: Random): Mutation {
  let bytes = sample.bytes.slice();
  const done = [];
  for (let rounds = 1 + (random.below(4) === 0 ? random.below(3) : 0); rounds > 0 && bytes.length > 16; rounds--) {
    const mutation = random.pick(DAMAGES)(bytes, { ...sample, bytes }, random);
    bytes = mutation.bytes as Uint8Array<ArrayBuffer>;
    done.push(mutation.what);
  }
  return { bytes, what: done.join('; ') };
}

/** Anywhere; every other time near something that counts. */
function place(sample: Sample, random: Random): number {
  const at = random.below(2) === 0 ? random.below(sample.bytes.length) : nearMark(sample, random);
  return Math.min(at, sample.bytes.length - 1);
}

function nearMark(sample: Sample, random: Random): number {
  return random.pick(sample.marks) + random.below(FIELD_REACH);
}
