import { existsSync } from 'node:fs';
import { type ErrorCode, TandemError } from '../base/errors.ts';
import { type Journal, otherHolder } from '../kernel/journal.ts';
import { OsError } from '../kernel/os-error.ts';
import { readSetting } from '../kernel/settings.ts';
import type { Tracefs, TraceInstance } from '../kernel/tracefs.ts';
import { type MatchedEvents, nearNames, wantedEvents } from './events.ts';
import { applyFunctions, functionTracerRefused } from './functions.ts';
import { type BufferPlan, isLatencyTracer, type RecordPlan } from './plan.ts';
import { isEmpty } from './stats.ts';

/** A buffer that is recorded: its plan, its place in tracefs, and the events that were found for it. */
export interface ActiveBuffer {
  readonly plan: BufferPlan;
  readonly instance: TraceInstance;
  readonly matched: readonly MatchedEvents[];
}

const FTRACE_ENABLED = '/proc/sys/kernel/ftrace_enabled';
/** Percent of a buffer that is full when the capture is woken: early enough that the rest lasts until it runs. */
const WAKE_PERCENT = '10';

/** Settings that serve the capture alone: put back also where the rest is to stay (`-k`). */
export const OF_THE_CAPTURE = ['buffer_percent', 'set_event_notrace_pid'];

/** The instance of a buffer: the top one, one that exists, or one that is made now and removed at the end. */
export function openInstance({ name }: BufferPlan, tracefs: Tracefs, journal: Journal): TraceInstance {
  if (name === '' || tracefs.instances().includes(name)) return tracefs.instance(name);
  return journal.createInstance(tracefs, name);
}

/**
 * Stops what is going on in a buffer and empties it, unless it `staysAsItIs` (`-K`). What somebody else had switched
 * on there comes back at the end: until then the buffer is this recording's alone. Resolves when it is empty; until
 * then everything may be set, but nothing switched on or read. Undefined when nothing was in it.
 */
export function takeOver(instance: TraceInstance, journal: Journal, staysAsItIs: boolean): Promise<void> | undefined {
  refuseTaken(instance);
  journal.hold('value', instance.file('tracing_on'));
  refuseTaken(instance); // of two that start at once one sees the other, if not both
  if (staysAsItIs) return undefined;
  instance.write('0', 'tracing_on');
  // Noted before what follows: undone after it, and before tracing goes on.
  const empty = journal.empty(instance.file('trace'), isEmpty(instance));
  empty?.catch(() => {}); // who waits for it is told
  journal.silenceEvents(instance.path);
  journal.set('value', instance.file('current_tracer'), 'nop');
  // A list whose processes have all ended reads empty, but keeps every event away until it is written.
  if (readSetting('list', instance.file('set_event_pid')) === '') instance.write('', 'set_event_pid');
  return empty;
}

/** What another recording has set would be taken for what was there before, and come back when that one is over. */
function refuseTaken(instance: TraceInstance): void {
  const pid = otherHolder(instance.file('tracing_on'));
  if (pid === undefined) return;
  const subject = instance.name === '' ? 'top buffer' : `-B ${instance.name}`;
  const hint = 'wait until that is over, or record an instance of your own: -B NAME';
  throw new TandemError('IO', subject, `tandem is recording it already (pid ${pid})`, hint);
}

/** Everything of a buffer but its pids, which are known only when the command has been started. */
export function applyBuffer({ plan, instance, matched }: ActiveBuffer, whole: RecordPlan, journal: Journal): void {
  applyClock(plan, instance, journal);
  applyFunctions(plan, instance, journal);
  if (plan.cpuMask !== undefined) applyMask(plan.cpuMask, instance, journal);
  applySizes(plan, instance, journal);
  applyEvents(matched, instance, journal);
  applyTracer(plan, whole, instance, journal);
  for (const option of plan.options) applyOption(option, instance, journal);
  if (plan.maximumGraphDepth !== undefined) {
    setOrExplain(journal, 'value', instance, 'max_graph_depth', plan.maximumGraphDepth);
  }
}

/** When the kernel wakes who waits for the buffer. -s 0 wants to know of every event. */
export function applyWakeups({ instance }: ActiveBuffer, { sleepMicroseconds }: RecordPlan, journal: Journal): void {
  if (!instance.has('buffer_percent')) return;
  journal.set('size', instance.file('buffer_percent'), sleepMicroseconds === 0 ? '0' : WAKE_PERCENT);
}

export function applySavedCommandLines(count: number, top: TraceInstance, journal: Journal): void {
  setOrExplain(journal, 'size', top, 'saved_cmdlines_size', String(count));
}

function setOrExplain(
  journal: Journal,
  kind: 'value' | 'size',
  instance: TraceInstance,
  file: string,
  value: string,
): void {
  if (!instance.has(file)) throw new TandemError('UNSUPPORTED', file, 'this kernel does not have it');
  journal.set(kind, instance.file(file), value);
}

/** Writing the clock empties the buffer, so it comes first. */
function applyClock({ clock }: BufferPlan, instance: TraceInstance, journal: Journal): void {
  if (clock === undefined) return;
  const known = instance.clocks();
  if (!known.includes(clock)) {
    throw new TandemError('NOT_FOUND', `-C ${clock}`, 'this kernel has no such clock', `it has ${known.join(', ')}`);
  }
  journal.set('choice', instance.file('trace_clock'), clock);
}

/** The kernel takes and gives masks in groups of 32 bits with commas between. */
function applyMask(mask: string, instance: TraceInstance, journal: Journal): void {
  const bits = mask === '-1' ? allCpus(instance) : BigInt(`0x${mask.replace(/^0x/i, '').replaceAll(',', '')}`);
  const groups: string[] = [];
  for (let rest = bits; rest > 0n || groups.length === 0; rest >>= 32n) {
    groups.unshift((rest & 0xffff_ffffn).toString(16));
  }
  const padded = groups.map((group, index) => (index === 0 ? group : group.padStart(8, '0')));
  journal.set('mask', instance.file('tracing_cpumask'), padded.join(','));
}

const allCpus = (instance: TraceInstance): bigint =>
  instance.cpus().reduce((bits, cpu) => bits | (1n << BigInt(cpu)), 0n);

function applySizes({ sizeKb, subBufferKb }: BufferPlan, instance: TraceInstance, journal: Journal): void {
  const files = sizeFiles(instance);
  if (subBufferKb !== undefined) {
    // It changes the buffer's size as well, to a multiple of its own, and not back.
    for (const file of files) journal.hold('size', file);
    setOrExplain(journal, 'size', instance, 'buffer_subbuf_size_kb', String(subBufferKb));
  }
  if (sizeKb !== undefined) for (const file of files) journal.set('size', file, String(sizeKb));
}

/** One for all CPUs, unless somebody gave them different sizes: then it reads `X`. */
function sizeFiles(instance: TraceInstance): string[] {
  if (!instance.read('buffer_size_kb').startsWith('X')) return [instance.file('buffer_size_kb')];
  return instance.cpus().map((cpu) => instance.ofCpu(cpu, 'buffer_size_kb'));
}

function applyEvents(matched: readonly MatchedEvents[], instance: TraceInstance, journal: Journal): void {
  const wanted = wantedEvents(matched);
  for (const event of wanted) {
    // A filter that somebody left would silently take events away.
    journal.set('filter', settingOf(instance, event, 'filter'), '0');
  }
  for (const { plan, events } of matched) {
    if (plan.filter !== undefined && !plan.excluded) applyFilter(plan.filter, events, plan.pattern, instance, journal);
  }
  journal.enableEvents(instance.path, wanted);
}

const settingOf = (instance: TraceInstance, event: string, file: string): string =>
  instance.file('events', ...event.split(':'), file);

/** Of many events those without the filter's fields stay unfiltered; it is wrong when it fits none. */
function applyFilter(
  filter: string,
  events: readonly string[],
  pattern: string,
  instance: TraceInstance,
  journal: Journal,
): void {
  let refused: unknown;
  let fits = events.length === 0;
  for (const event of events) {
    try {
      journal.set('filter', settingOf(instance, event, 'filter'), filter);
      fits = true;
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      refused ??= error;
    }
  }
  if (fits) return;
  const problem = `the kernel did not take it for ${pattern}: ${errorLog(instance)}`;
  throw new TandemError('USAGE', `-f '${filter}'`, problem, "see the event's format file for its fields", {
    cause: refused,
  });
}

/** Triggers act while tracing is off, too, and some do so only a number of times: they come last. */
export function applyTriggers({ matched, instance }: ActiveBuffer, journal: Journal): void {
  for (const { plan, events } of matched) {
    if (plan.trigger !== undefined) for (const event of events) applyTrigger(plan.trigger, event, instance, journal);
  }
}

function applyTrigger(trigger: string, event: string, instance: TraceInstance, journal: Journal): void {
  const path = settingOf(instance, event, 'trigger');
  try {
    journal.add(path, trigger);
  } catch (cause) {
    if (!(cause instanceof OsError) || cause.errno === 'EEXIST') throw cause;
    const problem = `the kernel did not take it for ${event}: ${errorLog(instance)}`;
    throw new TandemError('USAGE', `-R '${trigger}'`, problem, 'see the trigger file of the event', { cause });
  }
}

/** The last thing that the kernel said about a filter or trigger. */
function errorLog(instance: TraceInstance): string {
  const file = instance.has('error_log') ? instance.read('error_log') : '';
  const last = file.split('\n').findLast((line) => line.includes('error:'));
  return last?.replace(/^.*error: */, '').trim() || 'it is not valid';
}

function applyTracer(
  { tracer, name }: BufferPlan,
  { functionTracing }: RecordPlan,
  instance: TraceInstance,
  journal: Journal,
): void {
  if (name === '' && functionTracing !== 'leave') switchFunctionsOff(functionTracing, instance, journal);
  if (tracer === undefined) return;
  const known = instance.tracers();
  if (!known.includes(tracer)) {
    const [code, problem]: [ErrorCode, string] = isLatencyTracer(tracer)
      ? ['UNSUPPORTED', 'this kernel was built without this latency tracer']
      : ['NOT_FOUND', 'this kernel has no such tracer'];
    throw new TandemError(code, `-p ${tracer}`, problem, `it has ${known.join(', ')}`);
  }
  try {
    const needsFunctions = tracer.startsWith('function') && functionTracing === 'leave';
    if (needsFunctions && existsSync(FTRACE_ENABLED)) journal.set('value', FTRACE_ENABLED, '1');
    journal.set('value', instance.file('current_tracer'), tracer);
  } catch (error) {
    const refused = error instanceof OsError && ['EPERM', 'EACCES'].includes(error.errno);
    throw refused && process.getuid?.() === 0 ? functionTracerRefused(error) : error;
  }
}

/** `-d` uses the option where there is one, `-D` the switch of the whole system as well. */
function switchFunctionsOff(how: 'option-off' | 'off', instance: TraceInstance, journal: Journal): void {
  const hasOption = instance.has('options', 'function-trace');
  if (hasOption) journal.set('value', instance.file('options', 'function-trace'), '0');
  if (how === 'option-off' && hasOption) return;
  try {
    journal.set('value', FTRACE_ENABLED, '0');
  } catch (error) {
    throw error instanceof OsError && error.errno === 'EPERM' ? functionTracerRefused(error) : error;
  }
}

/** Sets a trace option; after the tracer, which brings options of its own. */
export function applyOption(option: string, instance: TraceInstance, journal: Journal): void {
  const off = option.startsWith('no') && !instance.has('options', option);
  const name = off ? option.slice(2) : option;
  if (!instance.has('options', name)) {
    const near = nearNames(name, instance.list('options'));
    const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'see the options folder of tracefs';
    throw new TandemError('NOT_FOUND', `-O ${option}`, 'there is no such option', hint);
  }
  journal.set('value', instance.file('options', name), off ? '0' : '1');
}
