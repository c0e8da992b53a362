import { createInterface } from 'node:readline';
import { LabError } from '../errors.ts';
import { readPipe, writeLine } from './pipes.ts';

interface Reply {
  readonly id?: string;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

const ANSWER_SECONDS = 60;
let lastId = 0;

/** One command to a guest's QEMU through the pipe of its monitor, and its answer. */
export async function qmp(pipe: string, command: string, parameters: object = {}): Promise<unknown> {
  const output = readPipe(pipe);
  const deadline = setTimeout(() => output.destroy(), ANSWER_SECONDS * 1000);
  try {
    const id = `${process.pid}-${++lastId}`;
    // A monitor takes commands after this one; a second time it is refused, and that is all.
    writeLine(pipe, JSON.stringify({ execute: 'qmp_capabilities' }));
    writeLine(pipe, JSON.stringify({ execute: command, arguments: parameters, id }));
    for await (const line of createInterface({ input: output })) {
      const reply = parseReply(line);
      if (reply?.id !== id) continue;
      if (reply.error) throw new LabError(`${command}: ${reply.error.desc}`);
      return reply.return;
    }
    throw new LabError(`${command}: QEMU did not answer within ${ANSWER_SECONDS} s`);
  } finally {
    clearTimeout(deadline);
    output.destroy();
  }
}

/** The first line may be the end of one that nobody read. */
function parseReply(line: string): Reply | undefined {
  try {
    return JSON.parse(line) as Reply;
  } catch {
    return undefined;
  }
}
