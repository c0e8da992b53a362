import { OPTION } from '../../trace-file/ids.ts';
import type { DumpPart } from './parts.ts';

/** Which release of trace-cmd to print like. */
export type DumpCompat = '3.1' | '3.4';

/** An option that points at a section: its name here, and the parts that show the section. */
export interface PointerName {
  readonly name: string;
  readonly parts: readonly DumpPart[];
}

/** The options that a release knows by name. */
export interface KnownOptions {
  /** Ids of sections from here on are unknown. */
  readonly idLimit: number;
  /** Options that are one text. */
  readonly texts: ReadonlyMap<number, string>;
  readonly pointers: ReadonlyMap<number, PointerName>;
}

const TEXTS: readonly [number, string][] = [
  [OPTION.DATE, 'DATE'],
  [OPTION.CPUSTAT, 'CPUSTAT'],
  [OPTION.UNAME, 'UNAME'],
  [OPTION.HOOK, 'HOOK'],
  [OPTION.OFFSET, 'OFFSET'],
  [OPTION.VERSION, 'VERSION'],
  [OPTION.PROCMAPS, 'PROCMAPS'],
];

const POINTERS: readonly [number, PointerName][] = [
  [OPTION.HEADER_INFO, { name: 'HEADERS', parts: ['head-page', 'head-event'] }],
  [OPTION.FTRACE_EVENTS, { name: 'FTRACE EVENTS', parts: ['ftrace-events'] }],
  [OPTION.EVENT_FORMATS, { name: 'EVENT FORMATS', parts: ['systems', 'events'] }],
  [OPTION.KALLSYMS, { name: 'KALLSYMS', parts: ['kallsyms'] }],
  [OPTION.PRINTK, { name: 'PRINTK', parts: ['printk'] }],
  [OPTION.CMDLINES, { name: 'CMDLINES', parts: ['cmd-lines'] }],
];

export const KNOWN_OPTIONS: Readonly<Record<DumpCompat, KnownOptions>> = {
  '3.1': { idLimit: OPTION.BTF, texts: new Map(TEXTS), pointers: new Map(POINTERS) },
  '3.4': {
    idLimit: OPTION.MODULES + 1,
    texts: new Map([...TEXTS, [OPTION.LAST_BOOT_INFO, 'LAST_BOOT_INFO']]),
    pointers: new Map([...POINTERS, [OPTION.MODULES, { name: 'MODULES_FILE', parts: ['modules'] }]]),
  },
};
