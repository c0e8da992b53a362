import { TandemError } from '../../base/errors.ts';

/** Keeps the first damage that was met, so that what is readable behind it is shown before it is reported. */
export class Damage {
  #first: TandemError | undefined;

  add(error: TandemError): void {
    this.#first ??= error;
  }

  /** Runs a step that may meet damage. True when it did not. */
  async attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.add(error);
      return false;
    }
  }

  /** Throws what was kept. */
  report(): void {
    if (this.#first) throw this.#first;
  }
}
