import { describe, expect, it } from 'vitest';
import { GetoptCommand } from './getopt-command.ts';
import { declareReportOptions } from './report-options.ts';
import { ReportPlan } from './report-plan.ts';

/** The plan that a command line makes. */
function plan(line: string): ReportPlan {
  const made = new ReportPlan();
  const command = new GetoptCommand('report').argument('[files...]').exitOverride();
  declareReportOptions(command, made);
  command.action((files: string[]) => made.finish(files));
  command.parse(line.split(' '), { from: 'user' });
  return made;
}

describe('a command line of report', () => {
  it('keeps the order of filters and files', () => {
    expect(plan('-F a -i x -v -F b -tRi y -F c').filters).toEqual([
      { filter: 'a' },
      'file',
      'exclude',
      { filter: 'b' },
      'file',
      { filter: 'c' },
    ]);
  });

  it('reads trace.dat without a file, and operands as files', () => {
    expect(plan('-t').inputs.map(({ path }) => path)).toEqual(['trace.dat']);
    expect(plan('a -t b').inputs.map(({ path }) => path)).toEqual(['a', 'b']);
    expect(plan('--compat 3.1 a b').inputs.map(({ path }) => path)).toEqual(['a']);
  });

  it('gives --ts-offset to the file before it, but not to the first', () => {
    const offsets = (line: string) => plan(line).inputs.map(({ tsOffset }) => tsOffset);
    expect(offsets('-i a --ts-offset 5 -i b')).toEqual([0n, 0n]);
    expect(offsets('-i a -i b --ts-offset -5 -i c')).toEqual([0n, -5n, 0n]);
  });

  it('gives --ts2secs to all files, or to the last of several', () => {
    const rates = (line: string) => plan(line).inputs.map(({ ticksPerSecond }) => ticksPerSecond);
    expect(rates('--ts2secs 1000 -i a -i b')).toEqual([1000, 1000]);
    expect(rates('-i a --ts2secs 1000 -i b --ts2secs 7')).toEqual([1000, 7]);
    expect(rates('-i a --ts2secs nonsense')).toEqual([undefined]);
  });

  it('answers the first of several questions', () => {
    expect(plan('--stat --uname -f --first-event').question).toBe('functions');
    expect(plan('--stat --uname --last-event').question).toBe('cpus');
    expect(plan('--stat --version').question).toBe('version');
    expect(plan('-R').question).toBeUndefined();
  });

  it('takes -V with and without a level, and a file behind it', () => {
    expect(plan('-V2').flags.has('quiet')).toBe(true);
    expect(plan('--verbose=warn').flags.has('quiet')).toBe(false);
    expect(plan('-V a.dat').inputs.map(({ path }) => path)).toEqual(['a.dat']);
    expect(() => plan('-Vx a.dat')).toThrow('--verbose=x: is not a level');
  });
});
