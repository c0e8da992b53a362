import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** What is the same for everything that this machine records. */
export const NATIVE: { readonly littleEndian: boolean; readonly userLongSize: 4 | 8 } = {
  littleEndian: endianness() === 'LE',
  userLongSize: ['ia32', 'arm', 'mips', 'mipsel', 'ppc'].includes(process.arch) ? 4 : 8,
};

/** CPUs that are online now. */
export const onlineCpus = (): number[] => cpusIn('online');

/** CPUs that are there, online or not: those that could be plugged in later are not among them. */
export const presentCpus = (): number[] => cpusIn('present');

/** `0-3,6` of sysfs, ascending. */
function cpusIn(list: 'online' | 'present'): number[] {
  const ranges = readFileSync(`/sys/devices/system/cpu/${list}`, 'utf8').trim().split(',');
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** 64 random bits. From the kernel: loading Node's own cryptography would take longer than to switch tracing on. */
export function randomId(): bigint {
  const id = new BigUint64Array(1);
  const fd = openSync('/dev/urandom', 'r');
  try {
    readSync(fd, id);
  } finally {
    closeSync(fd);
  }
  return id[0] as bigint;
}
