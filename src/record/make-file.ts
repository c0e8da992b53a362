import { TandemError } from '../base/errors.ts';
import type { Messages } from './messages.ts';
import type { Session } from './session-types.ts';

/** Makes the trace file of a session that is over, and says what is in it. When that fails, how to do it later. */
export async function makeFile(session: Session, output: string, messages: Messages): Promise<void> {
  let lines: readonly string[];
  try {
    lines = await session.assemble();
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    messages.warn(error.message);
    const hint = `what was captured is kept: tandem restore ${session.files.metadata} -o FILE`;
    throw new TandemError(error.code, output, 'the trace file could not be made', hint, { cause: error });
  }
  for (const line of lines) messages.info(line);
  for (const line of session.losses()) messages.warn(line);
}
