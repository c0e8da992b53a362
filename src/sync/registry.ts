import { kvm } from './protocols/kvm.ts';
import { kvmEvents } from './protocols/kvm-events.ts';
import { ptp } from './protocols/ptp.ts';
import { ptp4 } from './protocols/ptp4.ts';
import type { Abilities, SyncProtocol, SyncRole } from './types.ts';

/** Every way to measure, in the order in which a host offers them. A new one is a file and a line here. */
export const PROTOCOLS: readonly SyncProtocol[] = [kvm, kvmEvents, ptp4, ptp];

/** Names that the end which begins the session offers in its request. */
export function offeredProtocols(role: SyncRole, clock: string | undefined, abilities: Abilities): string[] {
  return PROTOCOLS.filter((protocol) => protocol.supports(role, clock, abilities)).map(({ name }) => name);
}

/**
 * What the other end chooses of the offered names: the most accurate one that it has for its role and clock. There may
 * be any number of names, unknown ones among them.
 */
export function chooseProtocol(
  offered: readonly string[],
  role: SyncRole,
  clock: string | undefined,
  abilities: Abilities,
): SyncProtocol | undefined {
  const names = new Set(offered);
  return PROTOCOLS.filter(({ name }) => names.has(name))
    .filter((protocol) => protocol.supports(role, clock, abilities))
    .reduce<SyncProtocol | undefined>(
      (best, next) => (best && best.accuracy <= next.accuracy ? best : next),
      undefined,
    );
}

export function protocolNamed(name: string): SyncProtocol | undefined {
  return PROTOCOLS.find((protocol) => protocol.name === name);
}
