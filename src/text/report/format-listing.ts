import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { TandemError } from '../../base/errors.ts';
import { PosixRegex, RegexError } from '../../filter/regex/posix-regex.ts';
import type { TraceFile } from '../../trace-file/types.ts';

const NAME_LABEL = 'name: ';
const NEWLINE = 0x0a;

/**
 * Writes the `format` texts of the events that a pattern names: `SYSTEM:EVENT`, or one regular expression for either.
 * Those of tracers, in the `ftrace` system, are not among them, as in trace-cmd.
 * Throws a TandemError (USAGE) for a pattern that is no regular expression.
 */
export function writeFormats(out: ByteWriter, { texts }: Pick<TraceFile, 'texts'>, pattern: string): void {
  const [systemText = '', eventText] = pattern.split(':').filter((part) => part !== '');
  const system = compile(pattern, systemText);
  const event = compile(pattern, eventText ?? systemText);
  for (const { name, formats } of texts.systems) {
    const systemMatches = system.testText(name);
    if (eventText !== undefined && !systemMatches) continue;
    const wholeSystem = eventText === undefined && systemMatches;
    const wanted = formats.filter((format) => wholeSystem || event.testText(eventName(format)));
    if (wanted.length > 0) out.text(`\nsystem: ${name}\n`);
    for (const format of wanted) {
      out.bytes(format);
      out.byte(NEWLINE);
    }
  }
}

function compile(whole: string, text: string): PosixRegex {
  try {
    return new PosixRegex(utf8(text));
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw new TandemError('USAGE', `--event ${whole}`, `is no regular expression: ${error.message}`);
  }
}

/** What the first line of a format says after its label. */
function eventName(format: Uint8Array): string {
  const end = format.indexOf(NEWLINE);
  const line = new TextDecoder('latin1').decode(format.subarray(0, end < 0 ? format.length : end));
  return line.startsWith(NAME_LABEL) ? line.slice(NAME_LABEL.length) : line;
}
