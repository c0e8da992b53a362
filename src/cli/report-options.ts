import { type Command, Option } from 'commander';
import { TandemError } from '../base/errors.ts';
import type { ReportFlag, ReportPlan } from './report-plan.ts';
import { levelOf, reachesLevel } from './verbose-level.ts';

type Apply = (plan: ReportPlan, value: string) => void;
type Row = readonly [flags: string, description: string, apply: Apply];

const flag =
  (name: ReportFlag): Apply =>
  (plan) => {
    plan.flags.add(name);
  };

const refuse =
  (what: string): Apply =>
  () => {
    throw new TandemError('USAGE', what, 'profiling is not supported', 'use trace-cmd report for it');
  };

/** Every option, in the order of the help text. Applied in the order of the command line. */
const OPTIONS: readonly Row[] = [
  ['-i <file>', 'read this file; repeat it to merge several (default: trace.dat)', (plan, v) => plan.addInput(v)],
  ['--alone', 'do not open the files of guests that lie beside their host', flag('alone')],
  ['--compat <version>', 'print exactly as trace-cmd 3.1 or 3.4 does, and read only the files named', setCompat],
  ['--json', 'one JSON object per event and line', flag('json')],
  ['--from <time>', 'leave out what is earlier; a time as the time column shows it', (plan, v) => set(plan, 'from', v)],
  ['--to <time>', 'leave out what is later', (plan, v) => set(plan, 'to', v)],

  [
    '-F <filter>',
    "show only events that match: '[SYSTEM/]EVENT,... : EXPRESSION'",
    (plan, v) => plan.filters.push({ filter: v }),
  ],
  ['-v', 'the -F after it say what not to show', (plan) => plan.excludeFromNowOn()],
  ['-T, --filter-test', 'print the filters as they were understood', flag('filter-test')],
  ['--pid <pids>', 'show only events of these processes, and switches to them', (plan, v) => plan.pids.push(v)],
  ['--comm <names>', 'show only events of processes with these names', (plan, v) => plan.comms.push(v)],
  ['--cpu <list>', 'show only these CPUs: 0,2-4', (plan, v) => plan.cpus.push(v)],
  ['-I', 'leave out events in hard interrupts', flag('no-hardirq')],
  ['-S', 'leave out events in soft interrupts', flag('no-softirq')],

  ['-t', 'show all nine digits after the seconds', flag('nanoseconds')],
  ['-l', 'latency format', flag('latency')],
  ['-R', 'show the fields of all events instead of their texts', flag('raw')],
  ['-r <events>', 'show the fields of events that match this regular expression', (plan, v) => plan.rawEvents.push(v)],
  ['-n <events>', 'use the print format, not the known text, of these events', (plan, v) => plan.plainEvents.push(v)],
  ['-N', 'use print formats only, for all events', flag('print-formats')],
  ['-L', 'the same: trace-cmd would still look for plug-ins in the home folder', flag('print-formats')],
  [
    '-O <option>',
    'option of an event text: [ftrace:]parent, [fgraph:]tailprint=1, ...',
    (plan, v) => plan.pluginOptions.push(v),
  ],
  ['-w', 'show how long tasks took from wakeup to running', flag('wakeup')],
  ['--kallsyms <file>', 'also take function names from this file', (plan, v) => set(plan, 'kallsyms', v)],

  ['--ts-diff', 'show the time since the line before', flag('ts-diff')],
  ['--bounds', "show how far the times of guests' events can be from the truth", flag('bounds')],
  [
    '--ts2secs <hz>',
    'the clock ticks so often per second (of all files, or of the file before)',
    (plan, v) => plan.setTicksPerSecond(v),
  ],
  [
    '--ts-offset <ns>',
    'add this to the times of the file before (not of the first file)',
    (plan, v) => plan.setTsOffset(v),
  ],
  ['--ts-check', 'warn where time goes backwards', flag('ts-check')],
  ['--raw-ts', 'show time stamps as they were recorded', flag('raw-ts')],
  ['--align-ts', 'start all times at the first event', flag('align-ts')],
  ['--nodate', 'leave the offset to the time of day out', flag('nodate')],

  ['--cpus', 'list the CPUs that have data', flag('cpus')],
  ['--first-event', 'with the time of their first event', (plan) => flags(plan, 'cpus', 'first-event')],
  ['--last-event', 'with the time of their last event', (plan) => flags(plan, 'cpus', 'last-event')],
  ['--stat', 'show the statistics of the buffers', flag('stat')],
  ['--uname', 'show the machine that recorded', flag('uname')],
  ['--version', 'show the version of the program that recorded', flag('version')],
  ['-e', 'show the byte order of the file', flag('endian')],
  ['-p', 'show the page size of the file', flag('page-size')],
  ['-E', 'list the events of the file', flag('events')],
  ['-f', 'list function names', flag('functions')],
  ['-P', 'list formats of trace_printk', flag('printk')],
  ['--events', 'print the formats of all events', (plan) => setFormats(plan, ALL_EVENTS)],
  ['--event <events>', 'print formats: SYSTEM:EVENT, or a regular expression for either', setFormats],
  ['--check-events', "exit with 22 if the format of an event can't be read", flag('check-events')],
  ['--boundary', 'show where sub-buffers start', flag('boundary')],
  ['--debug', 'show where sub-buffers and events lie', (plan) => flags(plan, 'boundary', 'debug')],

  ['-q', 'no warnings', (plan) => flags(plan, 'quiet')],
  ['-V, --verbose [level]', '0 to 6: warnings are shown from 3 on', setVerbose],
];

/** trace-cmd's other report, per task. Known here so that the answer is a clear one. */
const UNSUPPORTED: readonly Row[] = [
  ['--profile', '', refuse('--profile')],
  ['--by-comm', '', refuse('--by-comm')],
  ['-G', '', refuse('-G')],
  ['-H <hook>', '', refuse('-H')],
];

const ALL_EVENTS = '.*';

function set(plan: ReportPlan, key: 'from' | 'to' | 'kallsyms', value: string): void {
  plan[key] = value;
}

function flags(plan: ReportPlan, ...names: ReportFlag[]): void {
  for (const name of names) plan.flags.add(name);
}

/** Of several `--event` the last one counts; `--events` beats them all. */
function setFormats(plan: ReportPlan, pattern: string): void {
  plan.flags.add('formats');
  if (plan.formats !== ALL_EVENTS) plan.formats = pattern;
}

function setCompat(plan: ReportPlan, version: string): void {
  if (version !== '3.1' && version !== '3.4')
    throw new TandemError('USAGE', `--compat ${version}`, 'there is no such text', 'write 3.1 or 3.4');
  plan.compat = version;
}

function setVerbose(plan: ReportPlan, level: string): void {
  if (!reachesLevel(levelOf(level), 'warning')) plan.flags.add('quiet');
}

/** Declares the options of `report` on its command; each changes `plan` when it is met on the command line. */
export function declareReportOptions(command: Command, plan: ReportPlan): void {
  for (const rows of [OPTIONS, UNSUPPORTED]) {
    for (const [flagText, description, apply] of rows) {
      const option = new Option(flagText, description);
      if (rows === UNSUPPORTED) option.hideHelp();
      command.addOption(option);
      command.on(`option:${option.name()}`, (value: string) => apply(plan, value));
    }
  }
}
