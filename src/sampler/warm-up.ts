import { socketPair } from '../kernel/sampling-calls.ts';
import { closeSocket } from '../kernel/sockets.ts';
import type { Stamper } from '../sync/types.ts';
import { BlockingLink } from './blocking-link.ts';

/** So often must code have run to be compiled; where that takes long, the other end waits in vain for an answer. */
const TIMES = 1000;
const LONGEST_MS = 500;
const LONGEST_WAIT_MS = 1000;

/**
 * Goes through everything that a measurement does, with nobody at the other end: what runs for the first time is slow,
 * as code is compiled and pages are fetched, and the first measurement counts as much as the others.
 */
export function warmUp(markers: Stamper): void {
  const fds = socketPair();
  try {
    const [near, far] = fds.map((fd) => new BlockingLink(fd, 'warm-up', 'the warm-up', LONGEST_WAIT_MS)) as [
      BlockingLink,
      BlockingLink,
    ];
    markers.begin(2);
    const end = performance.now() + LONGEST_MS;
    for (let time = 0; time < TIMES && performance.now() < end; time++) {
      markers.mark(0);
      pass(near, far);
      markers.mark(1);
      pass(far, near);
    }
    markers.read();
  } finally {
    for (const fd of fds) closeSocket(fd);
  }
}

function pass(from: BlockingLink, to: BlockingLink): void {
  from.output.setUint32(0, 1);
  from.send(1, 4);
  to.receive();
  to.payload();
}
