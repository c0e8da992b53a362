/**
 * One family of errors. Each says what failed (`code`), where (`subject`) and what to do next (`hint`); `message`
 * is the whole in one line, ready to print. A bug is not a TandemError: it is an ordinary Error with its stack.
 */
export type ErrorCode =
  | 'NOT_A_TRACE' // wrong magic, or a version this reader does not know
  | 'TRUNCATED' // the file ends before what it promises
  | 'CORRUPT' // a value that no writer produces
  | 'UNSUPPORTED' // well formed, but needs something that is not here (a codec, a newer reader)
  | 'IO' // the operating system refused a read or a write
  | 'USAGE' // the command line or a filter cannot be understood
  | 'PEER' // the other end of a connection refused, went away, or does not speak the protocol
  | 'TIMEOUT' // the other end of a connection stayed silent for too long
  | 'NOT_FOUND'; // a named thing (event, CPU, option) is not in the trace

export class TandemError extends Error {
  readonly code: ErrorCode;
  readonly subject: string;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, subject: string, problem: string, hint?: string, options?: ErrorOptions) {
    super(hint ? `${subject}: ${problem}; ${hint}` : `${subject}: ${problem}`, options);
    this.name = 'TandemError';
    this.code = code;
    this.subject = subject;
    this.hint = hint;
  }
}
