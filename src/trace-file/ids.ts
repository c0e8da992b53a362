/** Section ids of v7 files; the options that point to a section have its id. */
export const SECTION = {
  OPTIONS: 0,
  BUFFER: 3,
  STRINGS: 15,
  HEADER_INFO: 16,
  FTRACE_EVENTS: 17,
  EVENT_FORMATS: 18,
  KALLSYMS: 19,
  PRINTK: 20,
  CMDLINES: 21,
  BUFFER_TEXT: 22,
  BTF: 23,
  MODULES: 25,
} as const;

export const OPTION = {
  DONE: 0,
  DATE: 1,
  CPUSTAT: 2,
  BUFFER: 3,
  TRACECLOCK: 4,
  UNAME: 5,
  HOOK: 6,
  OFFSET: 7,
  CPUCOUNT: 8,
  VERSION: 9,
  PROCMAPS: 10,
  TRACEID: 11,
  TIME_SHIFT: 12,
  GUEST: 13,
  TSC2NSEC: 14,
  HEADER_INFO: 16,
  FTRACE_EVENTS: 17,
  EVENT_FORMATS: 18,
  KALLSYMS: 19,
  PRINTK: 20,
  CMDLINES: 21,
  BUFFER_TEXT: 22,
  BTF: 23,
  LAST_BOOT_INFO: 24,
  MODULES: 25,
} as const;

/** What a section is called in messages. */
export function sectionName(id: number): string {
  const name = Object.entries(SECTION).find(([, value]) => value === id)?.[0];
  return name ? name.toLowerCase().replaceAll('_', ' ') : `section ${id}`;
}

/** A file offset as messages print it. */
export const at = (offset: number): string => `0x${offset.toString(16)}`;
