import type { RecordPlan } from './plan.ts';

/** What a recording says. The traced command's output is not touched by it. */
export class Messages {
  readonly #quiet: boolean;
  readonly #verbose: boolean;
  readonly stream: NodeJS.WriteStream;
  /** Is called before each line: takes away what stands on the terminal's last line without an end. */
  beforeLine: () => void = () => {};

  constructor({ quiet, verbose, messagesToStderr }: Pick<RecordPlan, 'quiet' | 'verbose' | 'messagesToStderr'>) {
    this.#quiet = quiet;
    this.#verbose = verbose;
    this.stream = messagesToStderr ? process.stderr : process.stdout;
    this.stream.on('error', () => {}); // nobody reads any more: the recording goes on
  }

  get quiet(): boolean {
    return this.#quiet;
  }

  detail(line: string): void {
    if (this.#verbose) this.#say(line);
  }

  info(line: string): void {
    if (!this.#quiet) this.#say(line);
  }

  /** Said always. */
  warn(line: string): void {
    this.beforeLine();
    process.stderr.write(`tandem: ${line}\n`);
  }

  #say(line: string): void {
    this.beforeLine();
    this.stream.write(`${line}\n`);
  }
}
