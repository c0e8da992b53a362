import { bytesOf, charactersOf } from '../../format/latin1.ts';
import { OPTION } from '../../trace-file/ids.ts';
import type { TraceFile } from '../../trace-file/types.ts';

/** What trace-cmd prints as soon as it reads a file that was recorded with hooks: a line for each. */
export function hookLines({ options }: TraceFile): Uint8Array {
  const lines = options.filter(({ id }) => id === OPTION.HOOK).map(({ data }) => hookLine(data) ?? '');
  return bytesOf(lines.join(''));
}

/** Takes a text apart at delimiters, several of them counting as one. */
class Tokens {
  readonly #text: string;
  #at = 0;
  /** What ended the last token; empty at the end. */
  delimiter = '';

  constructor(text: string) {
    this.#text = text;
  }

  /** Undefined at the end. */
  next(delimiters: string): string | undefined {
    const isDelimiter = (at: number) => delimiters.includes(this.#text[at] as string);
    let start = this.#at;
    while (start < this.#text.length && isDelimiter(start)) start++;
    let end = start;
    while (end < this.#text.length && !isDelimiter(end)) end++;
    this.delimiter = this.#text[end] ?? '';
    this.#at = Math.min(end + 1, this.#text.length);
    return end > start ? this.#text.slice(start, end) : undefined;
  }
}

/** `[SYSTEM:]EVENT,FIELD[,PID]/[SYSTEM:]EVENT,FIELD[,FLAGS]`; undefined for what is none of that. */
function hookLine(data: Uint8Array): string | undefined {
  const nul = data.indexOf(0);
  const tokens = new Tokens(charactersOf(nul < 0 ? data : data.subarray(0, nul)));
  const start = tracepoint(tokens, ',/', '/');
  const end = start && tracepoint(tokens, ',', '');
  return end && `start ${start} end ${end}\n`;
}

/** `SYSTEM:EVENT:FIELD (MORE)`, with `(null)` for what is not there. */
function tracepoint(tokens: Tokens, fieldEnd: string, moreEnd: string): string | undefined {
  let event = tokens.next(':,');
  let system: string | undefined;
  if (event !== undefined && tokens.delimiter === ':') {
    system = event;
    event = tokens.next(',');
  }
  const field = event && tokens.next(fieldEnd);
  if (field === undefined) return undefined;
  const hasMore = tokens.delimiter === ',';
  const more = hasMore ? tokens.next(moreEnd) : undefined;
  if (hasMore && more === undefined) return undefined;
  return `${system ?? '(null)'}:${event}:${field} (${more ?? '(null)'})`;
}
