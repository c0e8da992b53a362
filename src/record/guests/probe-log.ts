import { appendFileSync, closeSync, openSync } from 'node:fs';
import { TandemError } from '../../base/errors.ts';
import { fsError } from '../../kernel/os-error.ts';
import { encodeLogHeader, encodeMeasurement, type LoggedMeasurement, type LogHeader } from '../../sync/log.ts';

/** Stores every probe of a guest's session, as it is made (`--tsync-log`). What can't be stored does not end the session. */
export class ProbeLog {
  readonly #path: string;
  readonly #header: LogHeader;
  readonly #warn: (problem: string) => void;
  #fd = -1;
  #hasFailed = false;

  /** The file is made with the first measurement. `warn` hears why one could not be stored, once. */
  constructor(path: string, header: LogHeader, warn: (problem: string) => void) {
    this.#path = path;
    this.#header = header;
    this.#warn = warn;
  }

  add(measurement: LoggedMeasurement): void {
    if (this.#hasFailed) return;
    try {
      if (this.#fd < 0) {
        this.#fd = openSync(this.#path, 'w', 0o644);
        appendFileSync(this.#fd, encodeLogHeader(this.#header));
      }
      appendFileSync(this.#fd, encodeMeasurement(measurement));
    } catch (error) {
      this.#hasFailed = true;
      const reason = fsError(error, this.#path, 'can not be written');
      if (!(reason instanceof TandemError)) throw reason;
      this.#warn(`its probes are not stored from here on: ${reason.message}`);
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
