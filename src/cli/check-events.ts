import type { Command } from 'commander';
import { EventTable, type FormatText } from '../format/event-table.ts';
import { eventsOfSystem } from '../kernel/event-names.ts';
import { foldersInKernelOrder } from '../kernel/folders.ts';
import { openTracefs, type TraceInstance } from '../kernel/tracefs.ts';
import { FAMILIES } from '../text/events/table.ts';
import { EXIT_FORMATS, EXIT_HELP } from './exit-status.ts';
import { GetoptCommand } from './getopt-command.ts';
import { levelOf } from './verbose-level.ts';

const NOTES = `
Names the events on standard error. Of those named, reports show the fields instead of a text.`;

interface Switches {
  readonly N?: true;
}

/** `tandem check-events`, ready to be added to the program. */
export function checkEventsCommand(): Command {
  return new GetoptCommand('check-events')
    .description("Check that the print formats of this kernel's events are understood.")
    .option('-N', 'also those of events that have a built-in text, which does not need them')
    .option('--verbose [level]', 'taken for the sake of scripts: all is said in any case', levelOf)
    .addHelpText('after', NOTES + EXIT_HELP)
    .action(({ N }: Switches) => {
      const problems = formatProblems(openTracefs().top, N === true);
      for (const problem of problems) console.error(`tandem: ${problem}`);
      if (problems.length > 0) process.exitCode = EXIT_FORMATS;
    });
}

function formatProblems(top: TraceInstance, printFormatsOnly: boolean): string[] {
  const table = EventTable.parse(localFormats(top), { longSize: longSize(top) });
  const unprintable = [...table].filter(({ system, name, printFormat }) => {
    return printFormat === undefined && (printFormatsOnly || !FAMILIES.has(`${system}:${name}`));
  });
  return [
    ...table.errors.map(({ message }) => message),
    ...unprintable.map(({ system, name }) => `${system}:${name}: the print format is not understood`),
  ];
}

function* localFormats(top: TraceInstance): Generator<FormatText> {
  for (const system of foldersInKernelOrder(top.file('events'))) {
    for (const event of eventsOfSystem(top, system)) {
      if (top.has('events', system, event, 'format'))
        yield { system, text: top.read('events', system, event, 'format') };
    }
  }
}

/** The kernel's `long`, of which a sub-buffer's header has one. */
function longSize(top: TraceInstance): 4 | 8 {
  return /\bcommit;.*size:4;/.test(top.read('events', 'header_page')) ? 4 : 8;
}
