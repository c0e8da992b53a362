#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { utf8 } from '../base/byte-writer.ts';
import { TandemError } from '../base/errors.ts';
import { stdoutSink } from '../node/stdout.ts';
import { EXIT_HELP, EXIT_USAGE, exitStatusOf } from './exit-status.ts';
import { usageLine } from './usage-line.ts';

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Loaded when named: each command brings only what it needs into memory. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  report: {
    summary: 'print the events of trace.dat files, merged on one clock',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  view: {
    summary: 'show host and guests on one timeline, in the browser',
    load: async () => (await import('./view.ts')).viewCommand(),
  },
  dump: {
    summary: 'print what a trace.dat file holds besides events',
    load: async () => (await import('./dump.ts')).dumpCommand(),
  },
  clock: {
    summary: "prove how far guests' clocks can be trusted, and mend them",
    load: async () => (await import('./clock.ts')).clockCommand(),
  },
  attach: {
    summary: "pair a guest's file with a host's that was recorded apart",
    load: async () => (await import('./attach.ts')).attachCommand(),
  },
  demo: {
    summary: 'record a few seconds, and show what comes of it',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  record: {
    summary: 'record what the kernel does into a trace.dat file',
    load: async () => (await import('./record.ts')).recordCommand(),
  },
  start: {
    summary: 'switch tracing on, and leave it on',
    load: async () => (await import('./start.ts')).startCommand(),
  },
  extract: {
    summary: "make a trace.dat file of what is in the kernel's buffers",
    load: async () => (await import('./extract.ts')).extractCommand(),
  },
  agent: {
    summary: 'let a recorder on another machine record this one',
    load: async () => (await import('./agent.ts')).agentCommand(),
  },
  restore: {
    summary: 'make the trace.dat file of a recording that was killed',
    load: async () => (await import('./restore.ts')).restoreCommand(),
  },
  reset: {
    summary: 'put back what start, or killed recordings, left switched on',
    load: async () => (await import('./reset.ts')).resetCommand(),
  },
  list: {
    summary: 'list what can be recorded on this machine',
    load: async () => (await import('./list.ts')).listCommand(),
  },
  stat: {
    summary: 'show what tracing is set up to do',
    load: async () => (await import('./stat.ts')).statCommand(),
  },
  show: {
    summary: 'print the trace as the kernel shows it',
    load: async () => (await import('./show.ts')).showCommand(),
  },
  stop: {
    summary: 'stop writing to the buffers',
    load: async () => (await import('./switch-tracing.ts')).stopCommand(),
  },
  restart: {
    summary: 'go on writing to the buffers',
    load: async () => (await import('./switch-tracing.ts')).restartCommand(),
  },
  clear: {
    summary: 'empty the buffers',
    load: async () => (await import('./clear.ts')).clearCommand(),
  },
  snapshot: {
    summary: 'show, take, reset or free a snapshot',
    load: async () => (await import('./snapshot.ts')).snapshotCommand(),
  },
  'setup-guest': {
    summary: "make the FIFOs by which a guest's trace data can come",
    load: async () => (await import('./setup-guest.ts')).setupGuestCommand(),
  },
  options: {
    summary: 'list the options of event texts',
    load: async () => (await import('./options.ts')).optionsCommand(),
  },
  'check-events': {
    summary: 'check that event formats are understood',
    load: async () => (await import('./check-events.ts')).checkEventsCommand(),
  },
};

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** `writeOut` gets what commander itself says: help above all. */
async function buildProgram(wanted: string | undefined, writeOut: (text: string) => void): Promise<Command> {
  const program = new Command('tandem')
    .description('Host and guest kernel traces on one clock.')
    .version(packageVersion())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut, outputError: (text, write) => write(usageLine(text, helpFor(wanted))) })
    .addHelpText('after', EXIT_HELP);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = name === wanted ? await load() : new Command(name);
    program.addCommand(command.summary(summary).copyInheritedSettings(program));
  }
  return program;
}

const helpFor = (wanted: string | undefined): string =>
  wanted !== undefined && Object.hasOwn(COMMANDS, wanted) ? `tandem ${wanted} --help` : 'tandem --help';

/** One line per error that a user can act on; a bug shows its stack. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof TandemError) console.error(`tandem: ${error.message}`);
  else console.error(error);
  return exitStatusOf(error);
}

async function main(): Promise<void> {
  let said = '';
  try {
    const program = await buildProgram(process.argv[2], (text) => {
      said += text;
    });
    await program.parseAsync();
  } catch (error) {
    process.exitCode = reportError(error);
  }
  if (said !== '') await stdoutSink().write(utf8(said));
}

await main().catch((error: unknown) => {
  process.exitCode = reportError(error);
});
