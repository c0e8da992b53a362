/** What the user of the lab can act on: printed without a stack. */
export class LabError extends Error {
  constructor(problem: string, hint?: string) {
    super(hint ? `${problem}; ${hint}` : problem);
    this.name = 'LabError';
  }
}

/** Something did not happen in time. */
export class TimeoutError extends LabError {}
