import { INTERPOLATE } from '../../time/exact-sync.ts';
import { PTP_NAME } from '../../wire/time-sync/ptp.ts';
import type { SyncProtocol } from '../types.ts';
import { PtpGuest } from './ptp-guest.ts';
import { PtpHost } from './ptp-host.ts';

/**
 * Probes there and back, as trace-cmd has them since 3.0. The guest asks and computes; the host stamps what arrives.
 * Any clocks, any transport.
 */
export const ptp: SyncProtocol = {
  name: PTP_NAME,
  accuracy: 6000,
  flags: INTERPOLATE,
  supports: () => true,
  host: (tools) => new PtpHost(tools),
  guest: (tools) => new PtpGuest(tools),
};
