import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { statusText } from '../kernel/status.ts';
import { openTracefs, type Tracefs } from '../kernel/tracefs.ts';
import { EXIT_HELP } from './exit-status.ts';
import { type BufferSwitches, chosenBuffers, collect, namesOfInstances } from './instances.ts';
import { print } from './print.ts';

const STACK_TRACER = '/proc/sys/kernel/stack_tracer_enabled';

interface Switches extends BufferSwitches {
  readonly o?: true;
}

/** `tandem stat`, ready to be added to the program. */
export function statCommand(): Command {
  return new Command('stat')
    .description("Show what the kernel's tracing is set up to do, as trace-cmd stat does.")
    .option('-B <name>', 'of this instance (can be given several times)', collect)
    .option('-t', 'of the top buffer too, beside those of -B')
    .option('-o', 'with all trace options')
    .addHelpText('after', EXIT_HELP)
    .action(async (switches: Switches) => {
      await print(statText(openTracefs(), switches));
    });
}

function statText(tracefs: Tracefs, { B, t, o }: Switches): string {
  // trace-cmd shows the one last named first.
  const buffers = chosenBuffers(tracefs, { ...(B && { B: B.toReversed() }), ...(t && { t }) });
  const texts = buffers.map((buffer) => {
    const status = statusText(buffer, { withOptions: o === true });
    return buffer.name === '' ? status + instancesText(tracefs) : `Instance: ${buffer.name}\n${status}`;
  });
  return `${texts.join('---------------\n')}${stackTracerText()}`;
}

function instancesText(tracefs: Tracefs): string {
  const names = namesOfInstances(tracefs);
  return names.length === 0 ? '' : `\nInstances:\n${names.map((name) => ` ${name}\n`).join('')}`;
}

/** Kernels without a stack tracer lack the file. */
function stackTracerText(): string {
  try {
    return Number.parseInt(readFileSync(STACK_TRACER, 'utf8'), 10) > 0 ? 'Stack tracing is enabled\n\n' : '';
  } catch {
    return '';
  }
}
