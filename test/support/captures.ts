import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One text that a stock trace-cmd printed for a capture. */
export interface StoredText {
  readonly command: 'report' | 'dump';
  /** Which trace-cmd printed it. */
  readonly version: '3.1' | '3.4';
  /** Options of the command, without files. */
  readonly options: readonly string[];
  /** Names of the trace files, in order. */
  readonly files: readonly string[];
  read(): Buffer;
}

/** Recordings of one session: a folder of gzipped trace files and the texts that stock programs make of them. */
export interface Capture {
  readonly name: string;
  readonly folder: string;
  /** Host first, then its guests. */
  readonly files: readonly string[];
  readonly texts: readonly StoredText[];
}

const FIXTURES = resolve('test/fixtures/captures');
/** More recordings than a repository should hold; used where they lie beside the checkout. */
const BESIDE = resolve('../shared/captures');
const DUMP_OPTIONS = ['--summary', '--options', '--flyrecord', '--clock'];

export function bundledCaptures(): Capture[] {
  return capturesIn(FIXTURES);
}

export function bundledCapture(name: string): Capture {
  const capture = bundledCaptures().find((one) => one.name === name);
  if (capture === undefined) throw new Error(`no capture ${name} in ${FIXTURES}`);
  return capture;
}

/** The bundled ones, and those beside the checkout that have other names. */
export function allCaptures(): Capture[] {
  const bundled = bundledCaptures();
  const names = new Set(bundled.map((capture) => capture.name));
  return [...bundled, ...capturesIn(BESIDE).filter((capture) => !names.has(capture.name))];
}

export function capturesBeside(): boolean {
  return existsSync(BESIDE);
}

/** Writes a capture's trace files into a folder under `target` and returns that folder. */
export function unpack(capture: Capture, target: string): string {
  const folder = join(target, capture.name);
  mkdirSync(folder, { recursive: true });
  for (const file of capture.files) writeFileSync(join(folder, file), readTrace(capture, file));
  return folder;
}

export function readTrace(capture: Capture, file: string): Buffer<ArrayBuffer> {
  return gunzipSync(readFileSync(join(capture.folder, `${file}.gz`)));
}

function capturesIn(parent: string): Capture[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => readCapture(entry.name, join(parent, entry.name)))
    .filter((capture) => capture.files.length > 0);
}

function readCapture(name: string, folder: string): Capture {
  const names = readdirSync(folder);
  // A guest's file is named after the host's: HOST-GUEST.dat.
  const files = names
    .filter((one) => one.endsWith('.dat.gz'))
    .map((one) => one.slice(0, -'.gz'.length))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const texts = names.flatMap((one) => storedText(one, join(folder, one), files) ?? []);
  return { name, folder, files, texts };
}

/** What a stored text is, by its name: report.txt.gz, FILE.report-R.txt.gz, FILE.dump.v34.txt, ... */
function storedText(name: string, path: string, files: readonly string[]): StoredText | undefined {
  const match = /^(?:(.+\.dat)\.)?(report|dump)(-.+?)?(\.v34)?\.txt(\.gz)?$/.exec(name);
  if (match === null) return undefined;
  const [, file, command, option, newer, zipped] = match;
  return {
    command: command as 'report' | 'dump',
    version: newer === undefined ? '3.1' : '3.4',
    options: command === 'dump' ? DUMP_OPTIONS : option === undefined ? [] : [option],
    files: file === undefined ? files : [file],
    read: () => {
      const stored = zipped === undefined ? readFileSync(path) : gunzipSync(readFileSync(path));
      return command === 'dump' ? withoutExitCode(stored) : stored;
    },
  };
}

/** The recorder of the stored dumps noted the exit code in a last line. */
function withoutExitCode(text: Buffer): Buffer {
  const end = text.lastIndexOf('dump rc=');
  return end === -1 ? text : text.subarray(0, end);
}
