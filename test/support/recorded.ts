import { expect } from 'vitest';
import { run } from './run.ts';

/** What the installed trace-cmd finds in trace files. */
export interface Recorded {
  /** Output of a trace-cmd command that must succeed without a word on stderr. */
  trace(verb: string, ...args: string[]): Promise<string>;
  /** How many events there are of each kind. */
  kinds(file: string): Promise<Map<string, number>>;
  /** What dump says of a file, without what differs from run to run: places, sizes, counts, ids. */
  metadata(file: string): Promise<string[]>;
}

/** What happens often enough to happen in every recording of the workload. */
export const common = (counts: Map<string, number>): string[] =>
  [...counts].filter(([, count]) => count >= 30).map(([name]) => name);

/** Of the files in a folder. */
export function recordedIn(folder: string): Recorded {
  const trace = async (verb: string, ...args: string[]): Promise<string> => {
    const { stdout, stderr, status } = await run('trace-cmd', [verb, ...args], { cwd: folder });
    expect([status, stderr], `trace-cmd ${verb} ${args.join(' ')}`).toEqual([0, '']);
    return stdout.toString();
  };

  async function kinds(file: string): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const line of (await trace('report', '-i', file)).split('\n')) {
      const name = /^(?:.*: )?.{16}-\S+ +\[\d+\] +\S+: +([^:]+):/.exec(line)?.[1];
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  async function metadata(file: string): Promise<string[]> {
    const parts = ['--summary', '--options', '--systems', '--clock', '--ftrace-events', '--flyrecord'];
    const text = await trace('dump', ...parts, '-i', file);
    const lines = text.split('\n').map((line) =>
      line
        .replace(/ @ \d+|, \d+ bytes\]|, \d+ bytes|\d+ bytes/g, '')
        .replace(/^(0x)?[0-9A-F]+$|^ +\d+ \d+\t\d+|\d+( \[offset\])|in file .*|\d+ cpus|^\d+ \[CPUs\]/gi, '$2')
        .replace(/^(tandem|3\.1\.6) .*|^((?:now|oldest event) ts|entries|bytes|read events): .*/, '$2')
        .replace(/\[Option ([\w ]+), .*/, '[Option $1]')
        .replace(/^[0-9a-f]{5,} [0-9a-f]{5,} |^[0-9a-f]+ (?=[0-9a-f]+ \/)/, ''),
    );
    // Instances' CPUs come in two lines, the systems of events in the folder's order.
    return lines.filter((line) => line.trim() !== '' && !/\[(id, data offset|offset, size of cpu)/.test(line)).sort();
  }

  return { trace, kinds, metadata };
}
