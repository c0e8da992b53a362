import { TandemError } from '../base/errors.ts';
import type { Journal } from '../kernel/journal.ts';
import { OsError } from '../kernel/os-error.ts';
import type { TraceInstance } from '../kernel/tracefs.ts';
import { nearNames } from './events.ts';
import type { BufferPlan, FunctionPlan } from './plan.ts';

/** Which functions are traced (`-l -n -g --module`). Touches nothing when none were named. */
export function applyFunctions(buffer: BufferPlan, instance: TraceInstance, journal: Journal): void {
  const notGraphed = buffer.tracer === 'function_graph' && instance.has('set_graph_notrace');
  setList(buffer.functions, 'set_ftrace_filter', instance, journal);
  setList(buffer.notFunctions, notGraphed ? 'set_graph_notrace' : 'set_ftrace_notrace', instance, journal);
  setList(buffer.graphFunctions, 'set_graph_function', instance, journal);
}

function setList(functions: readonly FunctionPlan[], file: string, instance: TraceInstance, journal: Journal): void {
  if (functions.length === 0) return;
  const path = instance.file(file);
  if (!instance.has(file)) {
    const hint = 'it is built without the function tracer, or has it for the top buffer only';
    throw new TandemError('UNSUPPORTED', file, 'this kernel does not have it', hint);
  }
  const commands = functions.filter(isCommand).map(({ pattern }) => pattern);
  const words = functions.filter((one) => !isCommand(one)).flatMap((one) => kernelWords(one, instance));
  try {
    if (words.length > 0) journal.set('list', path, words.join('\n'));
    for (const command of commands) journal.add(path, command);
  } catch (error) {
    throw explain(error, functions, instance);
  }
}

/** A command of the kernel (`schedule:traceoff:3`) rather than a name. */
const isCommand = ({ pattern }: FunctionPlan): boolean => pattern.includes(':');

/** What the kernel takes for one `-l`: a glob as it is, a regular expression as all names that match it. */
function kernelWords({ pattern, module }: FunctionPlan, instance: TraceInstance): string[] {
  const ofModule = module === undefined ? '' : `:mod:${module}`;
  if (/^[\w*?.]+$/.test(pattern)) return [pattern + ofModule];
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch {
    throw new TandemError('USAGE', pattern, 'is not a regular expression');
  }
  const names = availableFunctions(instance).filter((name) => expression.test(name));
  if (names.length === 0) throw new TandemError('NOT_FOUND', pattern, 'no function that can be traced matches');
  return names.map((name) => name + ofModule);
}

/** The list is in the top buffer's folder only. */
function availableFunctions(instance: TraceInstance): string[] {
  const folder = instance.name === '' ? [] : ['..', '..'];
  return instance
    .read(...folder, 'available_filter_functions')
    .split('\n')
    .map((line) => line.split(' ')[0] as string)
    .filter((name) => name !== '');
}

function explain(error: unknown, functions: readonly FunctionPlan[], instance: TraceInstance): unknown {
  if (!(error instanceof OsError)) return error;
  if (error.errno === 'EPERM' || error.errno === 'EACCES') return functionTracerRefused(error);
  if (error.errno !== 'EINVAL') return error;
  const names = functions.map(({ pattern }) => pattern);
  const near = nearNames(names[0] as string, availableFunctions(instance));
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'see available_filter_functions of tracefs';
  return new TandemError('NOT_FOUND', names.join(' '), 'the kernel can trace no function of that name', hint);
}

/** EPERM on a file of the function tracer means that it is locked, to root too. */
export function functionTracerRefused(cause: unknown): TandemError {
  const hint = 'record events with -e instead, or allow it (kernel.ftrace_enabled, lockdown)';
  return new TandemError('UNSUPPORTED', 'function tracer', 'this kernel forbids it', hint, { cause });
}
