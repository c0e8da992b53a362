import { INTERPOLATE } from '../../time/exact-sync.ts';
import type { SyncProtocol } from '../types.ts';
import { Ptp4Guest, Ptp4Host } from './ptp4.ts';

/** That of END, and what the guest stamps next to exits of its vCPU. */
const ALONE_STAMPS = 384;
/** They only have to tell about where the offset is, and that it is the right vCPU. */
const MOST_PROBES = 64;

/**
 * The messages of `ptp4`, and what KVM does meanwhile: the host records when the guest's vCPU is entered and when it
 * exits. A guest's stamp lies between those two, which leaves less room than the way of a message does; the more so of
 * stamps for which the guest makes its vCPU exit on purpose. Where nothing was recorded, a measurement is one of `ptp4`.
 */
export const kvmEvents: SyncProtocol = {
  name: 'kvm-events',
  accuracy: 1000,
  flags: INTERPOLATE,
  isOfOneMachine: true,
  // A VM can be reached over a network as well.
  supports: (role, _clock, { tracesVcpus }) => role === 'guest' || role === 'server' || tracesVcpus,
  host: (tools) =>
    new Ptp4Host(tools, { aloneStamps: ALONE_STAMPS, runWatch: tools.runWatch, mostProbes: MOST_PROBES }),
  guest: (tools) => new Ptp4Guest(tools, { aloneStamps: ALONE_STAMPS }),
};
