import { TandemError } from '../base/errors.ts';

/** CPUs to show, of `--cpu`. */
export class CpuList {
  readonly #ranges: readonly { readonly first: number; readonly last: number }[];

  constructor(ranges: readonly { readonly first: number; readonly last: number }[]) {
    this.#ranges = ranges;
  }

  /**
   * Parses lists like `0,2-4` or `0:2-4`. Several lists, from several `--cpu`, are one.
   * Throws a TandemError (USAGE).
   */
  static parse(texts: Iterable<string>): CpuList {
    return new CpuList([...texts].flatMap(parseRanges));
  }

  /** Whether a CPU is listed. With several files this is the number that the CPU has among all of them. */
  has(cpu: number): boolean {
    for (let i = 0; i < this.#ranges.length; i++) {
      const range = this.#ranges[i] as { first: number; last: number };
      if (cpu >= range.first && cpu <= range.last) return true;
    }
    return false;
  }
}

const RANGE = /\s*(\d+)(?:-\s*(\d+))?[,:]?/y;

function parseRanges(text: string): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = [];
  RANGE.lastIndex = 0;
  do {
    const at = RANGE.lastIndex;
    const match = RANGE.exec(text);
    if (!match) throw usage(text, `nothing but numbers is allowed, at ">>>${text.slice(at)}"`);
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (first > last) throw usage(text, `the range ${first}-${last} ends before it starts`);
    ranges.push({ first, last });
  } while (RANGE.lastIndex < text.length);
  return ranges;
}

const usage = (text: string, problem: string): TandemError =>
  new TandemError('USAGE', `--cpu ${text}`, problem, 'lists look like 0,2-4');
