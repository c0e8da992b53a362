import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { fsError } from '../kernel/os-error.ts';
import type { InstanceEvent } from './marker-instance.ts';

/** Switches events of an instance on and off: they are only recorded while a measurement goes on. */
export class EventSwitches {
  readonly #files: { readonly fd: number; readonly path: string }[] = [];

  /** @throws TandemError where there are none */
  constructor(instancePath: string, events: readonly InstanceEvent[]) {
    try {
      for (const { system, name } of events) {
        const path = join(instancePath, 'events', system, name, 'enable');
        this.#files.push({ fd: openAt(path, constants.O_WRONLY), path });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Returns why that is not possible, of the last one of which it isn't. */
  turn(way: 'on' | 'off'): string | undefined {
    let problem: string | undefined;
    for (const { fd, path } of this.#files) {
      try {
        writeSync(fd, way === 'on' ? '1' : '0', 0);
      } catch (error) {
        const failure = fsError(error, path, `can not be switched ${way}`);
        if (!(failure instanceof TandemError)) throw failure;
        problem = failure.message;
      }
    }
    return problem;
  }

  /** Only now can the instance be removed. */
  close(): void {
    for (const { fd } of this.#files) closeSync(fd);
  }
}

/** Has an event recorded only where its filter says so. `event`: its folder. */
export function limitEvent(event: string, filter: string): void {
  try {
    writeFileSync(join(event, 'filter'), filter);
  } catch (error) {
    throw fsError(error, event, 'can not be written');
  }
}

export function openAt(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw fsError(error, path, 'can not be opened');
  }
}
