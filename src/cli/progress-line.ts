/** Work shorter than this, in ms, needs no progress line. */
const PATIENCE = 1500;
const PERIOD = 200;
const CLEAR_LINE = '\r\x1b[K';

/** A line on a terminal's standard error that says how far long work is; nothing where there is no terminal. */
export class ProgressLine {
  readonly #terminal: NodeJS.WriteStream;
  readonly #started = Date.now();
  #shownAt = 0;

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
  }

  /** Shows a part of the whole, 0 to 1, if it is time to. */
  show(done: number): void {
    const now = Date.now();
    if (!this.#terminal.isTTY || now - this.#started < PATIENCE || now - this.#shownAt < PERIOD) return;
    this.#shownAt = now;
    this.#terminal.write(`${CLEAR_LINE}${Math.floor(done * 100)} %`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shownAt > 0) this.#terminal.write(CLEAR_LINE);
    this.#shownAt = 0;
  }
}
