import type { Scenario } from '../scenario.ts';
import { agentStart } from './agent-start.ts';
import { clock } from './clock.ts';
import { hybridVsock } from './hybrid-vsock.ts';
import { kvmVsock } from './kvm-vsock.ts';
import { losses } from './losses.ts';
import { manyVcpus } from './many-vcpus.ts';
import { migrated } from './migrated.ts';
import { pipes } from './pipes.ts';
import { ptpClocks } from './ptp-clocks.ts';
import { ptpBounds, ptpNested } from './ptp-nested.ts';
import { ptpTcpFlat } from './ptp-tcp-flat.ts';
import { unnamedVcpus } from './unnamed-vcpus.ts';

/** In the order in which they are run: those of one shape one after the other, so that machines start once. */
export const SCENARIOS: readonly Scenario[] = [
  ...[agentStart, kvmVsock, losses, migrated, pipes, hybridVsock, manyVcpus, unnamedVcpus],
  ...[ptpBounds, ptpNested, clock, ptpClocks],
  ptpTcpFlat,
];
