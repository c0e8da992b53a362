import type { TextVersion } from './environment.ts';

export interface FormatOptions {
  /** Bytes of a kernel `long`. */
  readonly longSize: 4 | 8;
  /** Whose parser decides what can be understood. Default 3.4. */
  readonly version?: TextVersion;
  /** False: functions of the kernel that plug-ins of trace-cmd know (jiffies_to_msecs, ...) are not understood. */
  readonly knowsCalls?: boolean | undefined;
}
