import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** A trace-cmd 3.4 to take texts from anew. */
const traceCmd = process.env.TRACE_CMD_34;

/**
 * What trace-cmd 3.4, which is rarely installed, printed when `stored` was written: a JSON file of texts by name.
 * Where TRACE_CMD_34 names such a program, it is asked anew, and its texts are stored.
 */
export function from34(stored: URL, name: string, take: (traceCmd: string) => readonly string[]): readonly string[] {
  const texts: Record<string, readonly string[]> = existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')) : {};
  if (traceCmd !== undefined) {
    texts[name] = take(traceCmd);
    mkdirSync(new URL('.', stored), { recursive: true });
    writeFileSync(stored, `${JSON.stringify(texts, undefined, 1)}\n`);
  }
  return texts[name] ?? [];
}
