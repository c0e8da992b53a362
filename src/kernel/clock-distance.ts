import { systemTime } from './libc.ts';

/** Numbers of clock_gettime(2) by the names of the trace clocks that show the same. */
const CLOCKS = { mono: 1, mono_raw: 4, boot: 7, tai: 11 } as const;
export type SystemClockName = keyof typeof CLOCKS;

const ATTEMPTS = 1000;

/** What one clock of this machine shows more than another, in ns, to some ten ns. */
export function clockDistance(clock: SystemClockName, from: SystemClockName): bigint {
  let best: { readonly span: bigint; readonly distance: bigint } | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = systemTime(CLOCKS[clock]);
    const other = systemTime(CLOCKS[from]);
    const after = systemTime(CLOCKS[clock]);
    const span = after - before;
    if (best === undefined || span < best.span) best = { span, distance: (before + after) / 2n - other };
  }
  return best?.distance ?? 0n;
}
