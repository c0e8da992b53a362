import { existsSync } from 'node:fs';
import { mustRun } from '../command.ts';
import { waitFor } from '../waiting.ts';
import { LIFETIME, startDetached } from './processes.ts';

/** Address of the host of the guests, on the bridge that joins them. */
export const HOST_ADDRESS = '10.77.0.1';
export const addressOf = (guest: number): string => `10.77.0.${10 + guest}`;
export const tapOf = (guest: number): string => `lab${guest}`;
const BRIDGE = 'lab0';

/**
 * Commands that make a bridge for guests. trace-cmd writes messages in two pieces: with delayed acknowledgements one
 * probe of a time synchronisation takes 40 ms and more, so there are none.
 */
export const BRIDGE_SCRIPT = `set -e
ip link set lo up
ip link add ${BRIDGE} type bridge
ip address add ${HOST_ADDRESS}/24 dev ${BRIDGE}
ip link set ${BRIDGE} up
ip route change ${HOST_ADDRESS.replace(/\d+$/, '0')}/24 dev ${BRIDGE} quickack 1`;

/** Commands that make a guest's tap anew. */
export function tapScript(guest: number): string {
  const tap = tapOf(guest);
  return `ip link delete ${tap} 2>/dev/null
ip tuntap add dev ${tap} mode tap && ip link set ${tap} master ${BRIDGE} up`;
}

/**
 * A network namespace without a name: it lasts as long as a process in it, so that nothing of it can be left behind.
 * Gives the pid of the process that keeps it.
 */
export async function startNetwork(log: string): Promise<number> {
  const script = `${BRIDGE_SCRIPT}\nexec sleep ${LIFETIME}`;
  const holder = startDetached('unshare', ['--net', 'sh', '-c', script], log);
  const ready = async (): Promise<true | undefined> => {
    if (!existsSync(`/proc/${holder}/ns/net`)) return undefined;
    const routes = await mustRun('nsenter', [...enter(holder), 'ip', 'route']);
    return routes.includes('quickack') ? true : undefined;
  };
  await waitFor('the network of the guests', 10, ready);
  return holder;
}

/** Arguments of nsenter. ip-netns(8) would mount another /sys, without tracefs. */
export const enter = (holder: number): string[] => [`--net=/proc/${holder}/ns/net`];
