import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Guest, qemuGuests } from './guests.ts';

/** proc(5), net/arp: the address is known. */
const COMPLETE = 0x2;

/**
 * The VM of this machine that has an IPv4 address, once something was exchanged with it: by the address of its network
 * card, which the kernel has learned then, and QEMU was told. Undefined where that leads to no VM, or to several.
 */
export function neighbourGuest(host: string, procRoot = '/proc'): Guest | undefined {
  const mac = cardOf(host, procRoot);
  if (mac === undefined) return undefined;
  const [guest, another] = qemuGuests(procRoot).filter(({ macs }) => macs.includes(mac));
  return another === undefined ? guest : undefined;
}

/** Undefined of an address beyond a router, too. */
function cardOf(host: string, procRoot: string): string | undefined {
  const [, ...lines] = table(join(procRoot, 'net/arp')).split('\n');
  const cards = lines
    .map((line) => line.split(/ +/))
    .filter(([address, , flags]) => address === host && (Number(flags) & COMPLETE) !== 0)
    .map(([, , , mac]) => mac?.toLowerCase());
  return cards.length === 1 ? cards[0] : undefined;
}

function table(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a kernel without IPv4
  }
}
