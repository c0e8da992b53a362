/*
 * What a recorder and a listen server say to each other in ASCII, before TINIT and the messages that follow it:
 *
 *     server   "tracecmd"       at once
 *     client   "-1V3" NUL       a number that no old server takes for a CPU count, and the version
 *     server   "V3" NUL
 *     client   "766679" NUL NUL
 *     server   "OK"
 */

/** One line of it. */
export interface HelloLine {
  readonly from: 'server' | 'client';
  readonly bytes: Uint8Array;
}

const line = (from: HelloLine['from'], text: string): HelloLine => ({ from, bytes: new TextEncoder().encode(text) });

export const LISTEN_HELLO: readonly HelloLine[] = [
  line('server', 'tracecmd'),
  line('client', '-1V3\0'),
  line('server', 'V3\0'),
  line('client', '766679\0\0'),
  line('server', 'OK'),
];

/**
 * Compares what has arrived with the line that is due: `complete` when it begins with the whole line (the rest belongs
 * to what comes next), `partial` while more may come, `different` when it is something else.
 */
export function matchHello({ bytes: expected }: HelloLine, arrived: Uint8Array): 'complete' | 'partial' | 'different' {
  const compared = Math.min(expected.length, arrived.length);
  for (let i = 0; i < compared; i++) if (arrived[i] !== expected[i]) return 'different';
  return arrived.length >= expected.length ? 'complete' : 'partial';
}
