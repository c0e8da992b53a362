import { existsSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { matchEvents, textPattern } from '../kernel/event-names.ts';
import { foldersInKernelOrder } from '../kernel/folders.ts';
import { matchFunctions } from '../kernel/function-names.ts';
import { readTscScale } from '../kernel/perf-clock.ts';
import { optionsText } from '../kernel/status.ts';
import { openTracefs, type TraceInstance } from '../kernel/tracefs.ts';
import { openCompressor } from '../record/compressors.ts';
import { Btf } from '../text/events/btf.ts';
import { parameterDeclarations } from '../text/events/function-prototypes.ts';
import { listPluginOptions } from '../text/events/options.ts';
import { EXIT_HELP } from './exit-status.ts';
import { namesOfInstances } from './instances.ts';
import { print, printFile } from './print.ts';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const IS_LITTLE_ENDIAN = endianness() === 'LE';

const NOTES = `
Without an option it lists systems, events, tracers, options and compressions. A regex is a basic one (regcomp(3)) that
ignores case. That of -e is for the system or the event, or for both as SYSTEM:EVENT; that of -f is for the whole name,
as a glob is, while a mere word is looked for anywhere in the name.`;

/** The value of an option whose argument can be left out. */
type Optional = string | true;

interface Switches {
  readonly e?: Optional;
  readonly F?: true;
  readonly full?: true;
  readonly R?: true;
  readonly l?: true;
  readonly t?: true;
  readonly p?: true;
  readonly o?: Optional;
  readonly f?: Optional;
  readonly proto?: true;
  readonly s?: true;
  readonly B?: true;
  readonly C?: true;
  readonly c?: true;
  readonly O?: true;
  readonly P?: true;
}

/** `tandem list`, ready to be added to the program. */
export function listCommand(): Command {
  return new Command('list')
    .description('List what can be recorded on this machine, as trace-cmd list does.')
    .option('-e [regex]', 'events')
    .option('-F', 'with -e: the fields of the events')
    .option('--full', 'with -F: their print formats too')
    .option('-R', 'with -e: the triggers of the events')
    .option('-l', 'with -e: the filters of the events')
    .option('-t', 'tracers')
    .option('-p', 'the same')
    .option('-o [regex]', 'trace options, with "no" before those that are off')
    .option('-f [regex]', 'functions that can be traced')
    .option('--proto', "with -f: the functions' parameters, where the kernel has BTF")
    .option('-s', 'event systems')
    .option('-B', 'instances')
    .option('-C', 'clocks, the active one in brackets')
    .option('-c', 'compressions of trace.dat files')
    .option('-O', 'options of event texts, for report -O')
    .option('-P', 'plug-in files: there are none, event texts are built in')
    .addHelpText('after', NOTES + EXIT_HELP)
    .action(async (switches: Switches) => {
      for (const printPart of chosenParts(switches)) if (!(await printPart())) return;
    });
}

/** Prints a part; false when nobody reads any more. */
type Part = () => Promise<boolean>;

const text =
  (make: () => string | Promise<string>): Part =>
  async () =>
    print(await make());

/** The parts that are asked for, in the order of trace-cmd. */
function chosenParts(switches: Switches): Part[] {
  // Not opened for what does not need it: that can be listed by anybody.
  const top = () => openTracefs().top;
  const file =
    (name: string): Part =>
    () =>
      printFile(top().file(name));

  const { e, t, p, o, P, O, f, B, C, s, c } = switches;
  const isAsked = (option: unknown) => option !== undefined;
  if (![e, t, p, o, P, O, f, B, C, s, c].some(isAsked)) {
    return [
      text(() => `event systems:\n${systemsText(top())}events:\n`),
      file('available_events'),
      text(() => '\ntracers:\n'),
      file('available_tracers'),
      text(async () => `\noptions:\n${optionsText(top())}${await compressionText()}`),
    ];
  }
  const parts: readonly (readonly [asked: unknown, part: Part])[] = [
    [
      e,
      eventFile(switches) || typeof e === 'string' ? text(() => eventsText(top(), switches)) : file('available_events'),
    ],
    [t ?? p, file('available_tracers')],
    [o, text(() => matchingOptions(top(), o))],
    [O, text(() => listPluginOptions('3.4'))],
    [
      f,
      typeof f === 'string' || switches.proto
        ? text(() => functionsText(top(), switches))
        : file('available_filter_functions'),
    ],
    [B, text(() => lines(namesOfInstances(openTracefs())) || 'No buffer instances defined\n')],
    [C, text(() => clocksText(top()))],
    [s, text(() => systemsText(top()))],
    [c, text(compressionText)],
  ];
  return parts.filter(([asked]) => isAsked(asked)).map(([, part]) => part);
}

const lines = (names: readonly string[]): string => names.map((name) => `${name}\n`).join('');

/** Which of the events' files is asked for. */
function eventFile({ F, R, l, full }: Switches): 'format' | 'filter' | 'trigger' | 'name' | undefined {
  if (F) return 'format';
  if (l) return 'filter';
  if (R) return 'trigger';
  return full ? 'name' : undefined;
}

function eventsText(top: TraceInstance, switches: Switches): string {
  const { e } = switches;
  if (typeof e !== 'string') {
    throw new TandemError('USAGE', 'list -e', 'it is not said of which events', 'write a regex behind -e');
  }
  const wanted = eventFile(switches);
  return matchEvents(top, e)
    .map(({ system, event }) => {
      if (wanted === 'format') return formatText(top, system, event, switches.full === true);
      if (wanted !== 'filter' && wanted !== 'trigger') return `${system}:${event}\n`;
      // Events of tracers have neither.
      if (!top.has('events', system, event, wanted)) return '';
      return `${system}:${event}\n${top.read('events', system, event, wanted)}\n`;
    })
    .join('');
}

function formatText(top: TraceInstance, system: string, event: string, withPrintFormat: boolean): string {
  const format = top.read('events', system, event, 'format');
  const end = withPrintFormat ? format.length : format.search(/^print fmt/m);
  return `system: ${system}\n${format.slice(0, end < 0 ? undefined : end)}`;
}

function matchingOptions(top: TraceInstance, pattern: Optional | undefined): string {
  if (typeof pattern !== 'string' || pattern === '') return optionsText(top);
  const regex = textPattern(pattern, '-o');
  return optionsText(top, '', (name) => regex.testText(name));
}

function functionsText(top: TraceInstance, { f, proto }: Switches): string {
  const names = matchFunctions(top, typeof f === 'string' ? f : '*');
  const btf =
    proto && existsSync(KERNEL_BTF) ? new Btf(readFileSync(KERNEL_BTF), IS_LITTLE_ENDIAN, KERNEL_BTF) : undefined;
  if (btf === undefined) return lines(names);
  return lines(
    names.map((name) => {
      const parameters = parameterDeclarations(btf, name);
      return parameters === undefined ? name : `${name}(${parameters})`;
    }),
  );
}

const systemsText = (top: TraceInstance): string => `${lines(foldersInKernelOrder(top.file('events')))}\n`;

/** The kernel's, and trace-cmd's own one where the TSC can be turned into ns. */
function clocksText(top: TraceInstance): string {
  const clocks = top.read('trace_clock').trimEnd();
  return canScaleTsc(top.cpus()) ? `${clocks} tsc2nsec\n` : `${clocks}\n`;
}

function canScaleTsc(cpus: readonly number[]): boolean {
  try {
    readTscScale(cpus);
    return true;
  } catch (error) {
    if (error instanceof TandemError) return false;
    throw error;
  }
}

async function compressionText(): Promise<string> {
  const compressors = await Promise.all([openCompressor('zstd'), openCompressor('zlib')]);
  const known = compressors.filter((compressor) => compressor !== undefined);
  return `Supported compression algorithms:\n${known.map(({ name, version }) => `\t${name}, ${version}\n`).join('')}`;
}
