/** How much an agent says: `info` also what goes well, `debug` every step. */
export type LogLevel = 'warning' | 'info' | 'debug';

const LEVELS: readonly LogLevel[] = ['warning', 'info', 'debug'];

/** What an agent says. Warnings go to stderr, as all errors of this program. */
export class AgentLog {
  readonly #level: number;

  constructor(level: LogLevel) {
    this.#level = LEVELS.indexOf(level);
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}); // nobody reads any more
  }

  warn(line: string): void {
    process.stderr.write(`tandem: ${line}\n`);
  }

  info(line: string): void {
    if (this.#level >= LEVELS.indexOf('info')) process.stdout.write(`${line}\n`);
  }

  debug(line: string): void {
    if (this.#level >= LEVELS.indexOf('debug')) process.stdout.write(`${line}\n`);
  }
}
