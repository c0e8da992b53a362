import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { RecordBytes } from '../../record.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import type { Conversion } from '../parse/literal.ts';

/** Writes source[start..end) as a `%s` conversion says: cut and aligned. */
export type Place = (out: ByteWriter, record: RecordBytes, source: Uint8Array, start: number, end: number) => void;

/** A `%s` without anything else. */
export const asIs: Place = (out, _record, source, start, end) => out.slice(source, start, end);

/** The longest width that is written. */
const WIDEST = 4096;

export function placer(conversion: Conversion, star: Evaluator | undefined): Place {
  const { width, precision, leftAligned } = conversion;
  if (star !== undefined && conversion.star?.part === 'precision') {
    return (out, record, source, start, end) => {
      const longest = star.low(record) | 0;
      const cut = longest < 0 ? end : Math.min(end, start + longest);
      aligned(out, source, start, cut, width, leftAligned);
    };
  }
  if (star !== undefined) {
    return (out, record, source, start, end) => {
      const cut = precision < 0 ? end : Math.min(end, start + precision);
      aligned(out, source, start, cut, Math.min(star.low(record) | 0, WIDEST), leftAligned);
    };
  }
  if (width === 0 && precision < 0) return asIs;
  return (out, _record, source, start, end) => {
    const cut = precision < 0 ? end : Math.min(end, start + precision);
    aligned(out, source, start, cut, width, leftAligned);
  };
}

function aligned(out: ByteWriter, source: Uint8Array, start: number, end: number, width: number, left: boolean): void {
  const missing = width - (end - start);
  if (!left) out.blanks(missing);
  out.slice(source, start, end);
  if (left) out.blanks(missing);
}
