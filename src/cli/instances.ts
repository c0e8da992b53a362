import { TandemError } from '../base/errors.ts';
import { namesInKernelOrder } from '../kernel/folders.ts';
import type { Tracefs, TraceInstance } from '../kernel/tracefs.ts';

/** The top buffer without a name, else the instance of that name. Throws NOT_FOUND where there is none. */
export function existingInstance(tracefs: Tracefs, name = ''): TraceInstance {
  const isName = name === '' || namesOfInstances(tracefs).includes(name);
  if (isName) return tracefs.instance(name);
  const names = namesOfInstances(tracefs).join(', ') || 'none';
  throw new TandemError('NOT_FOUND', `-B ${name}`, 'there is no such instance', `there is: ${names}`);
}

/** Names of the instances, in the kernel's order. */
export const namesOfInstances = (tracefs: Tracefs): string[] =>
  tracefs.top.has('instances') ? namesInKernelOrder(tracefs.top.file('instances')) : [];

export interface BufferSwitches {
  /** Instances, in the order of the command line. */
  readonly B?: readonly string[];
  /** All instances. */
  readonly a?: true;
  /** The top buffer too. */
  readonly t?: true;
}

/** The buffers that `-B`, `-a` and `-t` name: without any of them the top buffer. That one comes first. */
export function chosenBuffers(tracefs: Tracefs, { B = [], a, t }: BufferSwitches): TraceInstance[] {
  const named = B.map((name) => existingInstance(tracefs, name));
  const all = a ? namesOfInstances(tracefs).map((name) => tracefs.instance(name)) : [];
  const withTop = t === true || (B.length === 0 && a === undefined);
  return [...(withTop ? [tracefs.top] : []), ...all, ...named];
}

/** Collects the values of an option that can be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
