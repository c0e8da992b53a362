import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { openTracefs, type TraceInstance, writeControl } from '../kernel/tracefs.ts';
import { EXIT_HELP } from './exit-status.ts';
import { existingInstance } from './instances.ts';
import { printFile } from './print.ts';

interface Switches {
  readonly s?: true;
  readonly r?: true;
  readonly f?: true;
  readonly B?: string;
  readonly c?: string;
}

/** What the kernel takes in the file. */
const FREE = '0';
const TAKE = '1';
const RESET = '2';

/** `tandem snapshot`, ready to be added to the program. */
export function snapshotCommand(): Command {
  return new Command('snapshot')
    .description('Show, take, reset or free the snapshot of a buffer. Without -s, -r and -f it is shown.')
    .option('-s', 'take it: swap it with the buffer')
    .option('-r', 'empty it')
    .option('-f', 'free its memory')
    .option('-B <name>', 'of this instance')
    .option('-c <cpu>', 'of this CPU only')
    .addHelpText('after', EXIT_HELP)
    .action(async ({ s, r, f, B, c }: Switches) => {
      if (s && f) throw new TandemError('USAGE', '-s and -f', "can't be done at the same time", 'use one of them');
      const file = snapshotFile(existingInstance(openTracefs(), B), c);
      if (!s && !r && !f) await printFile(file);
      if (r) writeControl(file, RESET);
      if (f) writeControl(file, FREE);
      if (s) writeControl(file, TAKE);
    });
}

function snapshotFile(instance: TraceInstance, cpu: string | undefined): string {
  if (!instance.has('snapshot')) {
    throw new TandemError('UNSUPPORTED', 'snapshot', 'this kernel has none', 'it needs CONFIG_TRACER_SNAPSHOT');
  }
  if (cpu === undefined) return instance.file('snapshot');
  const parts = ['per_cpu', `cpu${cpu}`, 'snapshot'];
  if (/^\d+$/.test(cpu) && instance.has(...parts)) return instance.file(...parts);
  throw new TandemError('NOT_FOUND', `-c ${cpu}`, 'this CPU has no snapshot', 'leave out -c for all CPUs');
}
