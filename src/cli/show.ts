import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { eventSystems } from '../kernel/event-names.ts';
import { openTracefs, type TraceInstance } from '../kernel/tracefs.ts';
import { EXIT_HELP } from './exit-status.ts';
import { existingInstance } from './instances.ts';
import { print, printFile } from './print.ts';

/** Options that show one setting, with the file that holds it. */
const SETTINGS: readonly (readonly [option: string, file: string])[] = [
  ['--tracing_on', 'tracing_on'],
  ['--current_tracer', 'current_tracer'],
  ['--buffer_size', 'buffer_size_kb'],
  ['--buffer_total_size', 'buffer_total_size_kb'],
  ['--buffer_subbuf_size', 'buffer_subbuf_size_kb'],
  ['--buffer_percent', 'buffer_percent'],
  ['--ftrace_filter', 'set_ftrace_filter'],
  ['--ftrace_notrace', 'set_ftrace_notrace'],
  ['--ftrace_pid', 'set_ftrace_pid'],
  ['--graph_function', 'set_graph_function'],
  ['--graph_notrace', 'set_graph_notrace'],
  ['--cpumask', 'tracing_cpumask'],
  ['--max_latency', 'tracing_max_latency'],
];

const NOTES = `
With -p it waits for more, until it is interrupted, and what it has shown is gone from the buffer.`;

interface Switches {
  readonly p?: true;
  readonly s?: true;
  readonly c?: string;
  readonly B?: string;
  readonly f?: true;
  readonly hist?: string;
  readonly trigger?: string;
}

/** `tandem show`, ready to be added to the program. */
export function showCommand(): Command {
  const command = new Command('show')
    .description('Print the trace as the kernel shows it, or one of its settings, as trace-cmd show does.')
    .option('-p', 'read and consume the trace (trace_pipe)')
    .option('-s', 'show the snapshot')
    .option('-c <cpu>', 'of this CPU only')
    .option('-B <name>', 'of this instance')
    .option('-f', 'show the path of the file first')
    .option('--hist <event>', 'show the histogram of an event: [SYSTEM:]EVENT')
    .option('--trigger <event>', 'show the triggers of an event');
  // Shown in the order of the command line.
  const settings: string[] = [];
  for (const [option, file] of SETTINGS) {
    command.option(option, `show ${file}`);
    command.on(`option:${option.slice(2)}`, () => settings.push(file));
  }
  return command.addHelpText('after', NOTES + EXIT_HELP).action((switches: Switches) => show(switches, settings));
}

async function show(switches: Switches, settings: readonly string[]): Promise<void> {
  const { p, s, B, hist, trigger } = switches;
  if (p && s) throw new TandemError('USAGE', '-p and -s', 'are two different things to show', 'use one of them');
  const instance = existingInstance(openTracefs(), B);
  if (settings.length > 0) {
    for (const file of settings) if (!(await printFile(existing(instance, file)))) return;
  } else if (hist !== undefined) await showEventFile(instance, 'hist', hist);
  else if (trigger !== undefined) await showEventFile(instance, 'trigger', trigger);
  else await showTrace(instance, switches);
}

async function showTrace(instance: TraceInstance, { p, s, c, f }: Switches): Promise<void> {
  const file = p ? 'trace_pipe' : s ? 'snapshot' : 'trace';
  const path = c === undefined ? existing(instance, file) : existing(instance, 'per_cpu', `cpu${cpuNumber(c)}`, file);
  if (f) await print(`${path}\n`);
  await printFile(path);
}

function cpuNumber(text: string): number {
  if (/^(\d+|0x[\da-f]+)$/i.test(text)) return Number(text);
  throw new TandemError('USAGE', `-c ${text}`, 'is not the number of a CPU');
}

/** The path of a file, which some kernels and instances lack. */
function existing(instance: TraceInstance, ...parts: string[]): string {
  if (instance.has(...parts)) return instance.file(...parts);
  const [folder, cpu] = parts;
  if (folder === 'per_cpu' && cpu !== undefined && !instance.has(folder, cpu)) {
    throw new TandemError('NOT_FOUND', cpu, 'this machine has no such CPU');
  }
  throw new TandemError('UNSUPPORTED', instance.file(...parts), 'this kernel has no such file here');
}

async function showEventFile(instance: TraceInstance, file: 'hist' | 'trigger', name: string): Promise<void> {
  const [, system, event = name] = /^([^:]*):(.*)$/s.exec(name) ?? [];
  const systems = system === undefined ? eventSystems(instance) : [system];
  const home = systems.find((one) => instance.has('events', one, event));
  if (home === undefined || event === '') {
    throw new TandemError(
      'NOT_FOUND',
      `--${file} ${name}`,
      'there is no such event',
      'see the names by tandem list -e',
    );
  }
  const path = existing(instance, 'events', home, event, file);
  if (await printFile(path)) await print('\n');
}
