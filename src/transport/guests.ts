import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isGuestName, LAST_CID } from './address.ts';
import { virsh } from './virsh.ts';

/** A VM that runs on this machine. */
export interface Guest {
  /** Undefined when it has none, or none that may become a part of file names. */
  readonly name: string | undefined;
  /** Its vsock address; undefined when it has no vsock device. */
  readonly cid: number | undefined;
  /** The addresses of its network cards that its command line tells, as `52:54:00:12:34:56`. */
  readonly macs: readonly string[];
  /** Its process; undefined when only libvirt knows of it. */
  readonly pid: number | undefined;
}

/** Smaller ones are the hypervisor, this machine and the host. */
const FIRST_GUEST_CID = 3;

/** The guests of QEMU, by its command lines, and those that only libvirt tells of. */
export async function findGuests(procRoot = '/proc'): Promise<Guest[]> {
  const guests = qemuGuests(procRoot);
  const known = new Set(guests.map(({ name }) => name));
  const names = (await virsh(['list', '--name']))?.split('\n').filter((name) => name !== '' && !known.has(name));
  for (const name of names ?? []) {
    const description = await virsh(['dumpxml', '--domain', name]);
    const [, cid] = /<cid\b[^>]*\baddress=["'](\d+)["']/.exec(description ?? '') ?? [];
    guests.push({
      ...{ name: isGuestName(name) ? name : undefined, cid: cid ? guestCid(cid) : undefined },
      ...{ macs: [], pid: undefined },
    });
  }
  return guests;
}

/** The guests whose QEMU processes can be seen. */
export function qemuGuests(procRoot = '/proc'): Guest[] {
  const guests: Guest[] = [];
  for (const entry of readdirSync(procRoot)) {
    if (!/^\d+$/.test(entry)) continue;
    const words = commandLine(join(procRoot, entry, 'cmdline'));
    if (!/^(qemu|kvm)/.test(basename(words[0] ?? ''))) continue;
    const guest = parseQemuCommandLine(words);
    const isKnown = guest.name !== undefined || guest.cid !== undefined || guest.macs.length > 0;
    if (isKnown) guests.push({ ...guest, pid: Number(entry) });
  }
  return guests;
}

/** Empty for processes of the kernel, those that have ended meanwhile, and those that are not to be seen. */
function commandLine(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** What `-name guest=NAME,...`, a vhost-vsock device, and those of a network tell. */
export function parseQemuCommandLine(words: readonly string[]): Omit<Guest, 'pid'> {
  let name: string | undefined;
  let cid: number | undefined;
  const macs: string[] = [];
  for (const [index, word] of words.entries()) {
    const value = words[index + 1];
    if (value === undefined) break;
    if (/^--?name$/.test(word)) name = qemuOptions(value, 'guest').get('guest');
    if (!/^--?(device|nic)$/.test(word)) continue;
    const options = value.startsWith('{') ? jsonOptions(value) : qemuOptions(value, 'driver');
    cid = vsockCid(options) ?? cid;
    const mac = options.get('mac')?.toLowerCase();
    if (mac !== undefined) macs.push(mac);
  }
  return { name: name !== undefined && isGuestName(name) ? name : undefined, cid, macs };
}

function vsockCid(options: ReadonlyMap<string, string>): number | undefined {
  if (!options.get('driver')?.startsWith('vhost-vsock')) return undefined;
  return guestCid(options.get('guest-cid') ?? '');
}

function guestCid(text: string): number | undefined {
  const cid = Number(text);
  return Number.isInteger(cid) && cid >= FIRST_GUEST_CID && cid <= LAST_CID ? cid : undefined;
}

/** QEMU's `value,key=value,...`: the first may lack its key; a comma in a value is doubled. */
function qemuOptions(text: string, firstKey: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const [index, [part]] of [...text.matchAll(/(?:,,|[^,])+/g)].entries()) {
    const option = part.replaceAll(',,', ',');
    const equals = option.indexOf('=');
    if (equals >= 0) options.set(option.slice(0, equals), option.slice(equals + 1));
    else if (index === 0) options.set(firstKey, option);
  }
  return options;
}

/** The same in JSON, as libvirt writes it. */
function jsonOptions(text: string): Map<string, string> {
  try {
    return new Map(Object.entries(JSON.parse(text) as object).map(([key, value]) => [key, String(value)]));
  } catch {
    return new Map();
  }
}
