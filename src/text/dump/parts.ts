/** What a dump can show of a file. The names are those of the command's switches. */
export const DUMP_PARTS = [
  'summary',
  'head-page',
  'head-event',
  'ftrace-events',
  'systems',
  'events',
  'kallsyms',
  'printk',
  'cmd-lines',
  'modules',
  'options',
  'flyrecord',
  'clock',
  'strings',
  'sections',
] as const;

export type DumpPart = (typeof DUMP_PARTS)[number];
