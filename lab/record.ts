import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from './command.ts';
import { agentAddress, type Program, type Transport } from './machine/agent.ts';
import type { Lab } from './machine/lab.ts';
import type { GuestHardware } from './machine/qemu.ts';

/** A guest's part of a recording. */
export interface GuestPart {
  readonly number: number;
  readonly transport: Transport;
  readonly hardware?: Partial<GuestHardware>;
  /** Of its own, as after -A. */
  readonly options: readonly string[];
}

export interface RecordingPlan {
  readonly recorder: Program;
  /** Options for the host, and those for all that come before -A. */
  readonly options: readonly string[];
  readonly guests: readonly GuestPart[];
  /** What is recorded, run on the host. */
  readonly command: string;
  readonly seconds?: number;
}

export interface Recording {
  readonly status: number;
  /** All that the recorder printed. */
  readonly output: string;
  /** Host first, then guests; in the folder that was asked for. */
  readonly files: readonly string[];
}

const DEFAULT_SECONDS = 180;
/** The tests' lock on the tracefs of this machine. */
const TRACEFS_LOCK = '/run/lock/tandem-tracefs.lock';

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export function recordCommand({ recorder, options, guests, command }: RecordingPlan): string {
  const parts = guests.flatMap(({ number, transport, options: own }) => [
    ...['-A', agentAddress(transport, number)],
    // trace-cmd connects to what it calls a guest, when that has an address.
    ...(transport === 'vsock' ? ['--name', `guest${number}`] : []),
    ...own,
  ]);
  return [recorder, 'record', '-o', 'trace.dat', ...options, ...parts].map(quote).join(' ').concat(` ${command}`);
}

/** Records on the host of the lab; what it made is copied into `folder`, with what it printed. */
export function record(lab: Lab, plan: RecordingPlan, folder: string): Promise<Recording> {
  return recordBy(lab, recordCommand(plan), folder, plan.seconds ?? DEFAULT_SECONDS);
}

/** As `record`, of a command line that makes files named trace*.dat. */
export async function recordBy(lab: Lab, command: string, folder: string, seconds: number): Promise<Recording> {
  const { host } = lab;
  const name = `recording-${process.pid}`;
  const lock = lab.shape === 'flat' ? `exec 9>${TRACEFS_LOCK}; flock 9\n` : '';
  // Recorders write many small pieces: quick in memory, slow through the share.
  const script = `${lock}work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
cd "$work"
${command}
status=$?
mkdir ${host.home}/${name}
cp trace*.dat ${host.home}/${name}
exit $status`;
  const result: CommandResult = await host.exec(script, { seconds });
  const from = join(host.folder, name);
  mkdirSync(folder, { recursive: true });
  const names = existing(from).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const one of names) copyFileSync(join(from, one), join(folder, one));
  rmSync(from, { recursive: true, force: true });
  return {
    status: result.status,
    output: `${result.stdout}${result.stderr}`,
    files: names.map((one) => join(folder, one)),
  };
}

function existing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
