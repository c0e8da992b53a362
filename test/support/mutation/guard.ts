/**
 * Watches how much memory is asked for at once: buffers by their constructors, and all memory by the process's peak.
 * Import it before anything else, so that nobody holds the true constructors.
 */
let largest = 0;

const WATCHED = [
  'ArrayBuffer',
  'Int8Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

for (const name of WATCHED) {
  const original = globalThis[name] as unknown as { new (...args: unknown[]): object; BYTES_PER_ELEMENT?: number };
  const watched: typeof original = new Proxy(original, {
    construct(target, args, newTarget) {
      const [size] = args;
      if (typeof size === 'number') largest = Math.max(largest, size * (original.BYTES_PER_ELEMENT ?? 1));
      return Reflect.construct(target, args, newTarget === watched ? target : newTarget);
    },
  });
  Object.defineProperty(globalThis, name, { value: watched, writable: true, configurable: true });
}

/** Bytes of the largest buffer since the last call. */
export function takeLargest(): number {
  const result = largest;
  largest = 0;
  return result;
}

/** Megabytes of memory that this process ever had at once. */
export function peakMegabytes(): number {
  return process.resourceUsage().maxRSS / 1024;
}
