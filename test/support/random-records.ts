import { ByteBuilder } from './byte-builder.ts';

/** A small generator of pseudo-random numbers (mulberry32): the same seed, the same records. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 <= n < limit */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** A number of so many bytes: often one of the edges, or a small one. */
  number(size: number): bigint {
    const bits = 8n * BigInt(size);
    const all = (1n << bits) - 1n;
    const edges = [0n, 1n, 2n, all, all - 1n, 1n << (bits - 1n), (1n << (bits - 1n)) - 1n, all - 4094n, all - 4095n];
    if (this.below(3) === 0) return this.pick(edges) & all;
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(this.below(256));
    return value >> BigInt(this.below(8 * size));
  }
}

interface FormatField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Fields of a `format` text, by name: enough to build records of it. */
export function fieldsOf(format: string): FormatField[] {
  const fields = format.matchAll(/field(?: special)?:[^;]*?(\w+)(?:\[\w*\])?;\s*offset:(\d+);\s*size:(\d+);/g);
  return [...fields].map((m) => ({ name: m[1] as string, offset: Number(m[2]), size: Number(m[3]) }));
}

export type FieldValue = number | bigint | string | Uint8Array;

/** A record of a format: the values given, and random ones for all other fields. `extra` follows the last field. */
export function buildRecord(
  format: string,
  random: Random,
  values: Readonly<Record<string, FieldValue>> = {},
  { littleEndian = true, extra = new Uint8Array() }: { littleEndian?: boolean; extra?: Uint8Array } = {},
): Uint8Array {
  const fields = fieldsOf(format);
  const length = Math.max(...fields.map(({ offset, size }) => offset + size));
  const bytes = new Uint8Array(length + extra.length);
  bytes.set(extra, length);
  const known: Record<string, FieldValue> = {
    common_type: Number(/^ID: (\d+)/m.exec(format)?.[1]),
    common_pid: 1 + random.below(5),
    ...values,
  };
  for (const { name, offset, size } of fields) {
    const value = known[name] ?? (size <= 8 && size > 0 ? random.number(size) : randomText(random, size));
    bytes.set(encode(value, size, littleEndian), offset);
  }
  return bytes;
}

function encode(value: FieldValue, size: number, littleEndian: boolean): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value).subarray(0, size);
  if (value instanceof Uint8Array) return value.subarray(0, size);
  const wide = new ByteBuilder(littleEndian).u64(BigInt(value)).take();
  return littleEndian ? wide.subarray(0, size) : wide.subarray(8 - size);
}

/** Printable, of any length up to `size`, which may leave no room for the NUL. */
export function randomText(random: Random, size: number): string {
  const length = random.below(size + 1);
  return Array.from({ length }, () => String.fromCharCode(0x21 + random.below(0x5e))).join('');
}
