import {
  existsSync,
  mkdirSync,
  promises,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { mount } from './libc.ts';
import { fsError } from './os-error.ts';

const USUAL_PLACES = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

/** Where tracefs is mounted, by /proc/mounts; undefined when it is not. */
export function findTracefs(): string | undefined {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [, target, type] = line.split(' ');
    if (type === 'tracefs' && target !== undefined) return target;
    if (type === 'debugfs' && target !== undefined && existsSync(join(target, 'tracing/trace'))) {
      return join(target, 'tracing');
    }
  }
  return undefined;
}

/** Finds tracefs, or mounts it at its usual place. Throws a TandemError where neither is possible. */
export function openTracefs(): Tracefs {
  const found = findTracefs();
  if (found !== undefined) return new Tracefs(found);
  const target = USUAL_PLACES.find((place) => existsSync(place));
  if (target === undefined) {
    throw new TandemError(
      'UNSUPPORTED',
      'tracefs',
      'this kernel has none',
      'it needs CONFIG_TRACING and CONFIG_FTRACE',
    );
  }
  mount('tracefs', target, 'tracefs');
  return new Tracefs(target);
}

/** The tracing files of the kernel, and its instances. */
export class Tracefs {
  readonly path: string;
  /** The top buffer. */
  readonly top: TraceInstance;

  constructor(path: string) {
    this.path = path;
    this.top = new TraceInstance(path, '');
    try {
      readdirSync(path);
    } catch (error) {
      throw fsError(error, path, 'can not be read');
    }
  }

  /** Names of the instances there are. */
  instances(): string[] {
    const folder = join(this.path, 'instances');
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** The instance of that name; it must exist. */
  instance(name: string): TraceInstance {
    return name === '' ? this.top : new TraceInstance(join(this.path, 'instances', name), name);
  }

  /** Makes an instance. Throws when its name is taken or not possible. */
  createInstance(name: string): TraceInstance {
    const path = join(this.path, 'instances', name);
    if (name === '' || name.includes('/') || name.startsWith('.')) {
      throw new TandemError('USAGE', `instance "${name}"`, 'is not a possible name', 'use letters, digits, - and _');
    }
    try {
      mkdirSync(path);
    } catch (error) {
      throw fsError(error, path, 'the instance can not be made');
    }
    return new TraceInstance(path, name);
  }
}

/** One ring buffer with its settings: the top one, or an instance. Reads and writes its files, remembers nothing. */
export class TraceInstance {
  readonly path: string;
  /** Empty for the top buffer. */
  readonly name: string;

  constructor(path: string, name: string) {
    this.path = path;
    this.name = name;
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  has(...parts: string[]): boolean {
    return existsSync(this.file(...parts));
  }

  read(...parts: string[]): string {
    return readControl(this.file(...parts));
  }

  write(value: string, ...parts: string[]): void {
    writeControl(this.file(...parts), value);
  }

  list(...parts: string[]): string[] {
    return readdirSync(this.file(...parts));
  }

  /** Removes an instance. The kernel refuses (EBUSY) while somebody reads its buffers. */
  remove(): void {
    try {
      rmdirSync(this.path);
    } catch (error) {
      throw fsError(error, this.path, 'the instance can not be removed');
    }
  }

  /** CPUs that have a buffer, ascending: all possible ones, offline ones too. */
  cpus(): number[] {
    return this.list('per_cpu')
      .map((name) => Number(name.replace('cpu', '')))
      .sort((a, b) => a - b);
  }

  /** The path of a file of one CPU. */
  ofCpu(cpu: number, name: string): string {
    return this.file('per_cpu', `cpu${cpu}`, name);
  }

  /** Text of the per-CPU `stats` file: entries, overrun, ... */
  stats(cpu: number): string {
    return this.read('per_cpu', `cpu${cpu}`, 'stats');
  }

  clock(): string {
    return bracketed(this.read('trace_clock'));
  }

  clocks(): string[] {
    return this.read('trace_clock').trim().replace(/[[\]]/g, '').split(/\s+/);
  }

  tracers(): string[] {
    return this.read('available_tracers').trim().split(/\s+/);
  }

  /** Systems that have events, ascending. */
  systems(): string[] {
    return this.list('events')
      .filter((name) => statSync(this.file('events', name)).isDirectory())
      .sort();
  }

  /** Events of a system, ascending. */
  events(system: string): string[] {
    return this.list('events', system)
      .filter((name) => existsSync(this.file('events', system, name, 'format')))
      .sort();
  }

  /** `system:event` of every event that is switched on. */
  enabledEvents(): string[] {
    return this.read('set_event').split('\n').filter(Boolean);
  }
}

/** The choice in brackets of a control file: `[local] global` -> `local`. The whole text when there are none. */
export function bracketed(text: string): string {
  return /\[([^\]]*)\]/.exec(text)?.[1] ?? text.trim();
}

/** Reads a control file. Errors name it. */
export function readControl(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fsError(error, path, 'can not be read');
  }
}

/** Writes a control file, which the kernel truncates first, as `>` in a shell. Errors name it and the value. */
export function writeControl(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch (error) {
    throw fsError(error, path, `the kernel did not take "${value.trim()}"`);
  }
}

/** As `writeControl`, while this thread goes on: some writes wait long in the kernel. */
export async function writeControlAside(path: string, value: string): Promise<void> {
  try {
    await promises.writeFile(path, value);
  } catch (error) {
    throw fsError(error, path, `the kernel did not take "${value.trim()}"`);
  }
}

/** Adds to a list-like control file, as `>>` in a shell. */
export function appendControl(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: 'a' });
  } catch (error) {
    throw fsError(error, path, `the kernel did not take "${value.trim()}"`);
  }
}
