import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { exportView } from '../view/export.ts';
import { serveView } from '../view/serve.ts';
import { type ServedFile, servedFiles } from '../view/served-files.ts';
import { EXIT_HELP } from './exit-status.ts';
import { openGuests, openPath } from './open-files.ts';

interface Switches {
  readonly open: boolean;
  readonly port: number;
  readonly export?: string;
}

const DEFAULT_INPUT = 'trace.dat';
const MOST_PORT = 65535;

/** Built beside the command. */
const PAGE = fileURLToPath(new URL('../viewer/index.html', import.meta.url));

const NOTES = `
The page is served to this machine only, at an address that nobody can guess; files are read as they are, nothing leaves
the machine. Ctrl-C ends it. The page also works by itself: see docs/view.md.`;

/** `tandem view`, ready to be added to the program. */
export function viewCommand(): Command {
  return new Command('view')
    .description('Show host and guests on one timeline, in the browser.')
    .argument('[files...]', "trace files; those of a host's guests that lie beside it are found", [DEFAULT_INPUT])
    .option('--no-open', 'print the address only, open no browser')
    .option('--port <number>', 'the port to serve at, instead of any that is free', portNumber, 0)
    .option('--export <folder>', 'write the page and the files into a folder for any static host, and end')
    .addHelpText('after', NOTES + EXIT_HELP)
    .action(async (paths: string[], switches: Switches) => {
      const files = servedFiles(await tracesToShow(paths));
      if (!existsSync(PAGE)) throw new TandemError('NOT_FOUND', PAGE, 'the page is not built', 'run npm run build');
      if (switches.export === undefined) await serve(files, switches);
      else await exportView(PAGE, files, switches.export);
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MOST_PORT) return port;
  throw new TandemError('USAGE', `--port ${text}`, `is no port: a number from 0 to ${MOST_PORT}`);
}

/** The named files and those of their guests, each of which can be read. */
async function tracesToShow(paths: readonly string[]): Promise<string[]> {
  const traces: TraceFile[] = [];
  try {
    for (const path of paths) traces.push(await openPath(path));
    traces.push(...(await openGuests(traces)));
    return traces.map(({ source }) => source.name);
  } finally {
    for (const { source } of traces) await source.close();
  }
}

/** Until a signal ends it. */
async function serve(files: readonly ServedFile[], { open, port }: Switches): Promise<void> {
  const { url, close } = await serveView(PAGE, files, port);
  console.log(url);
  if (open) openBrowser(url);
  await new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  await close();
}

/** Where there is a screen, and a program that knows the browser. Whether it works, the user sees. */
function openBrowser(url: string): void {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (!DISPLAY && !WAYLAND_DISPLAY) return;
  const browser = spawn('xdg-open', [url], { stdio: 'ignore', detached: true });
  browser.on('error', () => {});
  browser.unref();
}
