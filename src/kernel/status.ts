import { foldersInKernelOrder, namesInKernelOrder } from './folders.ts';
import { OsError } from './os-error.ts';
import { pageSize } from './page-size.ts';
import { bracketed, type TraceInstance } from './tracefs.ts';

const DEFAULT_CLOCK = 'local';

/** What a buffer is set up to do, in the words of `trace-cmd stat`. What this kernel lacks or denies is left out. */
export function statusText(instance: TraceInstance, { withOptions = false } = {}): string {
  const sections = [
    valueSection(instance, 'current_tracer', 'Tracer: ', 'nop'),
    eventSection(instance),
    ...eventFileSections(instance),
    lineSection(instance, 'set_ftrace_filter', 'Function Filter'),
    lineSection(instance, 'set_ftrace_notrace', 'Function No Trace'),
    lineSection(instance, 'set_graph_function', 'Function Graph Filter'),
    lineSection(instance, 'set_graph_notrace', 'Function Graph No Trace'),
    sizeSection(instance),
    clockSection(instance),
    cpuMaskSection(instance),
    valueSection(instance, 'tracing_max_latency', 'Max Latency: ', '0'),
    lineSection(instance, 'kprobe_events', 'Kprobe events'),
    lineSection(instance, 'uprobe_events', 'Uprobe events'),
    lineSection(instance, 'synthetic_events', 'Synthetic events'),
    valueSection(instance, 'set_event_pid', 'Filtered event PIDs:\n', ''),
    valueSection(instance, 'set_event_notrace_pid', 'Filtered notrace event PIDs:\n', ''),
    valueSection(instance, 'set_ftrace_pid', 'Filtered function tracer PIDs:\n', 'no pid'),
    valueSection(instance, 'set_ftrace_notrace_pid', 'Filtered function tracer notrace PIDs:\n', 'no pid'),
    withOptions ? `\nOptions:\n${optionsText(instance, '   ')}` : '',
    tracingSection(instance),
    valueSection(instance, 'error_log', 'Error log:\n', ''),
  ];
  return sections.join('');
}

/** One line per trace option that `matches` takes, in the kernel's order: its name, after "no" when it is off. */
export function optionsText(instance: TraceInstance, prefix = '', matches = (_name: string) => true): string {
  let text = '';
  for (const name of namesInKernelOrder(instance.file('options'))) {
    if (!matches(name)) continue;
    const value = readIfPossible(instance, 'options', name);
    if (value !== undefined) text += `${prefix}${Number.parseInt(value, 10) === 0 ? 'no' : ''}${name}\n`;
  }
  return text;
}

/** The trimmed text of a control file; undefined when there is none, or the kernel does not let it be read. */
function readIfPossible(instance: TraceInstance, ...parts: string[]): string | undefined {
  try {
    return instance.read(...parts).trim();
  } catch (error) {
    if (error instanceof OsError) return undefined;
    throw error;
  }
}

/** A setting, unless it is `usual` or empty. */
function valueSection(instance: TraceInstance, file: string, title: string, usual: string): string {
  const value = readIfPossible(instance, file) ?? '';
  return value === '' || value === usual ? '' : `\n${title}${value}\n`;
}

/** A list of things, one per line, but for comments. */
function lineSection(instance: TraceInstance, file: string, title: string): string {
  const text = readIfPossible(instance, file) ?? '';
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.length === 0 ? '' : `\n${title}:\n${lines.map((line) => `   ${line}\n`).join('')}`;
}

function eventSection(instance: TraceInstance): string {
  const all = readIfPossible(instance, 'events', 'enable');
  if (all === undefined) return '';
  if (all.startsWith('1')) return '\nEvents:\n All enabled\n';
  if (all.startsWith('0')) return '\nEvents:\n All disabled\n';
  return `\nEvents:\n${enabledEvents(instance) || '  (none enabled)\n'}`;
}

function enabledEvents(instance: TraceInstance): string {
  const isOn = (...path: string[]) => readIfPossible(instance, 'events', ...path, 'enable')?.startsWith('1');
  let whole = '';
  let single = '';
  for (const system of foldersInKernelOrder(instance.file('events'))) {
    const state = readIfPossible(instance, 'events', system, 'enable');
    if (state === undefined || state.startsWith('0')) continue;
    if (state.startsWith('1')) {
      whole += `   ${system}\n`;
      continue;
    }
    const events = foldersInKernelOrder(instance.file('events', system)).filter((event) => isOn(system, event));
    if (events.length > 0) single += `    ${system}\n${events.map((event) => `        ${event}\n`).join('')}`;
  }
  return (whole && ` Individual systems:\n${whole}`) + (single && ` Individual events:\n${single}`);
}

/** Filters, then triggers. */
function eventFileSections(instance: TraceInstance): string[] {
  let filters = '';
  let triggers = '';
  for (const system of foldersInKernelOrder(instance.file('events'))) {
    for (const event of foldersInKernelOrder(instance.file('events', system))) {
      const filter = readIfPossible(instance, 'events', system, event, 'filter') ?? 'none';
      if (filter !== 'none') filters += `  ${system}:${event} "${filter}"\n`;
      // Where there is none, the file tells in a comment which there could be.
      const trigger = readIfPossible(instance, 'events', system, event, 'trigger') ?? '#';
      if (!trigger.startsWith('#')) triggers += `  ${system}:${event} "${trigger}"\n`;
    }
  }
  return [filters && `\nFilters:\n${filters}`, triggers && `\nTriggers:\n${triggers}`];
}

function sizeSection(instance: TraceInstance): string {
  const size = readIfPossible(instance, 'buffer_size_kb');
  // "7 (expanded: 1408)": not made at all yet.
  if (size === undefined || size.includes('expanded')) return '';
  const perCpu = size === 'X' ? sizesOfCpus(instance) : `\nBuffer size in kilobytes (per cpu):\n   ${size}\n`;
  const total = readIfPossible(instance, 'buffer_total_size_kb');
  if (total === undefined) return perCpu;
  const subBuffer = Number.parseInt(readIfPossible(instance, 'buffer_subbuf_size_kb') ?? '', 10);
  const isUsual = Number.isNaN(subBuffer) || subBuffer * 1024 === pageSize();
  const subBufferText = isUsual ? '' : `\nSub-buffer size in kilobytes:\n   ${subBuffer}\n`;
  return `${perCpu}\nBuffer total size in kilobytes:\n   ${total}\n${subBufferText}`;
}

function sizesOfCpus(instance: TraceInstance): string {
  const lines = instance.cpus().map((cpu) => {
    const size = readIfPossible(instance, 'per_cpu', `cpu${cpu}`, 'buffer_size_kb') ?? 'unknown';
    return `CPU ${cpu} buffer size (kb): ${size}\n`;
  });
  return `\n${lines.join('')}`;
}

function clockSection(instance: TraceInstance): string {
  const clock = bracketed(readIfPossible(instance, 'trace_clock') ?? DEFAULT_CLOCK);
  return clock === DEFAULT_CLOCK ? '' : `\nClock: ${clock}\n`;
}

/** Shown when it leaves out a CPU that the machine can have. */
function cpuMaskSection(instance: TraceInstance): string {
  const mask = readIfPossible(instance, 'tracing_cpumask');
  if (mask === undefined) return '';
  const bits = BigInt(`0x${mask.replaceAll(',', '')}`);
  const isWhole = instance.cpus().every((cpu) => ((bits >> BigInt(cpu)) & 1n) === 1n);
  return isWhole ? '' : `\nCPU mask: ${mask}\n`;
}

function tracingSection(instance: TraceInstance): string {
  const state = readIfPossible(instance, 'tracing_on');
  if (state === undefined) return '';
  return `\nTracing is ${state === '0' ? 'disabled' : 'enabled'}\n\n`;
}
