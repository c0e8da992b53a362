import { addressText, fromSocketAddress, type PeerAddress } from './address.ts';
import { addressesOf } from './host-addresses.ts';

/** Who may connect. */
export interface PeerCheck {
  /** Who that is, for messages. */
  readonly text: string;
  admits(peer: PeerAddress): Promise<boolean>;
}

const LOOK_UP_MS = 5000;

/** Everyone. */
export const ANY_PEER: PeerCheck = { text: 'anyone', admits: async () => true };

/** The VM or the IP address at the other end of a connection, from whatever port. */
export function sameEndAs(peer: PeerAddress): PeerCheck {
  return { text: placeOf(peer), admits: async (other) => placeOf(other) === placeOf(peer) };
}

/**
 * The host of this name (`agent -N`). Its addresses are compared, never the names that its address claims to have;
 * they are looked up each time, since they may change. Throws when it has none now.
 */
export async function clientNamed(name: string): Promise<PeerCheck> {
  const places = async () =>
    (await addressesOf(name, 0, LOOK_UP_MS)).map((address) => placeOf(fromSocketAddress(address)));
  await places();
  return { text: name, admits: async (peer) => (await places()).includes(placeOf(peer)) };
}

/** An address without its port. */
function placeOf(address: PeerAddress): string {
  return address.kind === 'vsock'
    ? `vsock ${address.cid}`
    : address.kind === 'tcp'
      ? address.host
      : addressText(address);
}
