const LINES_BEFORE = 2;
const WIDTH = 240;

/** Throws unless both are the same bytes. The message shows the first line that differs, and how many do. */
export function expectSameText(actual: Buffer, expected: Buffer, what: string): void {
  if (actual.equals(expected)) return;
  throw new Error(`${what}: ${describeDifference(actual, expected)}`);
}

/** In words and lines: where two texts part. */
export function describeDifference(actual: Buffer, expected: Buffer): string {
  const ours = actual.toString('latin1').split('\n');
  const theirs = expected.toString('latin1').split('\n');
  const first = ours.findIndex((line, index) => line !== theirs[index]);
  const at = first === -1 ? ours.length : first;
  const differing = Math.max(ours.length, theirs.length) - countEqual(ours, theirs);
  const head = `line ${at + 1} differs (${differing} of ${theirs.length} lines do; we print ${ours.length})`;
  const before = theirs.slice(Math.max(0, at - LINES_BEFORE), at).map((line) => `    ${clip(line)}`);
  const column = firstDifference(ours[at] ?? '', theirs[at] ?? '');
  return [
    head,
    ...before,
    `  - ${show(theirs[at], column)}`,
    `  + ${show(ours[at], column)}`,
    `    at column ${column + 1}; - is expected, + is ours`,
  ].join('\n');
}

function countEqual(a: readonly string[], b: readonly string[]): number {
  let equal = 0;
  for (let index = 0; index < Math.min(a.length, b.length); index++) if (a[index] === b[index]) equal++;
  return equal;
}

function firstDifference(a: string, b: string): number {
  let column = 0;
  while (column < a.length && a[column] === b[column]) column++;
  return column;
}

const clip = (line: string): string => (line.length > WIDTH ? `${line.slice(0, WIDTH)}...` : line);

/** The part of a long line around a column, control characters made visible. */
function show(line: string | undefined, column: number): string {
  if (line === undefined) return '(the text ends here)';
  const start = Math.max(0, Math.min(column - WIDTH / 2, line.length - WIDTH));
  const part = `${start > 0 ? '...' : ''}${clip(line.slice(start))}`;
  return part.replace(/[\x00-\x1f\x7f-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
