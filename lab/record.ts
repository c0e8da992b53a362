import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from './command.ts';
import { LabError } from './errors.ts';
import { agentAddress, type Program, type Transport } from './machine/agent.ts';
import type { Lab } from './machine/lab.ts';
import type { GuestHardware } from './machine/qemu.ts';
import { waitFor } from './waiting.ts';

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
  /** Keeps the recorder from KVM's files, so that it has to measure clocks. */
  readonly hidesKvm?: boolean;
}

export interface Recording {
  readonly status: number;
  /** All that the recorder printed. */
  readonly output: string;
  /** Host first, then guests; in the folder that was asked for. */
  readonly files: readonly string[];
}

const DEFAULT_SECONDS = 180;
/** What the recorder says, in the host's folder. */
const OUTPUT = 'recording.out';
/** On the host, folders in which recordings are made begin so. */
const MADE_IN = '/tmp/recording';
/** A test in shell: whether the host has something that a guest recorded. */
export const ARRIVED = `[ -s "$(ls -S ${MADE_IN}.*/trace-*.dat.cpu* | head -n 1)" ]`;
/** The tests' lock on the tracefs of this machine. */
const TRACEFS_LOCK = '/run/lock/tandem-tracefs.lock';

/** In shell: trace-cmd leaves the instances in which it measured clocks. One in use can't be removed. */
const REMOVE_LEFT_BEHIND = 'rmdir /sys/kernel/tracing/instances/clock_synch-* 2>/dev/null';

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs what follows where KVM's folder is empty. */
const HIDE_KVM = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /sys/kernel/debug/kvm && exec "$@"', 'sh'];

export function recordCommand({ recorder, options, guests, command, hidesKvm }: RecordingPlan): string {
  const parts = guests.flatMap(({ number, transport, options: own }) => [
    ...['-A', agentAddress(transport, number)],
    // Pipes are found by the guest's name.
    ...(transport === 'pipes' ? ['--name', `guest${number}`] : []),
    ...own,
  ]);
  return [...(hidesKvm ? HIDE_KVM : []), recorder, 'record', '-o', 'trace.dat', ...options, ...parts]
    .map(quote)
    .join(' ')
    .concat(` ${command}`);
}

/** A recording that goes on. */
export interface LiveRecording {
  /** What the recorder has said so far. */
  output(): string;
  readonly ended: Promise<Recording>;
}

/** As `record`. Resolves when what is recorded begins to run. */
export async function startRecording(lab: Lab, plan: RecordingPlan, folder: string): Promise<LiveRecording> {
  const sign = 'recording.started';
  rmSync(join(lab.host.folder, sign), { force: true });
  const command = `sh -c ': >${lab.host.home}/${sign}; exec ${plan.command}'`;
  const ended = record(lab, { ...plan, command }, folder);
  const early = ended.then(({ output }) => {
    throw new LabError(`the recording did not begin: ${output}`);
  });
  early.catch(() => {});
  const begun = waitFor(
    'the beginning of a recording',
    plan.seconds ?? DEFAULT_SECONDS,
    () => existsSync(join(lab.host.folder, sign)) || undefined,
  );
  await Promise.race([begun, early]);
  return { output: () => readFileSync(join(lab.host.folder, OUTPUT), 'utf8'), ended };
}

/** Records on the host of the lab; what it made is copied into `folder`, with what it printed. */
export function record(lab: Lab, plan: RecordingPlan, folder: string): Promise<Recording> {
  return recordBy(lab, recordCommand(plan), folder, plan.seconds ?? DEFAULT_SECONDS);
}

/** As `record`, of a command line that makes files named trace*.dat, and logs beside them. */
export async function recordBy(lab: Lab, command: string, folder: string, seconds: number): Promise<Recording> {
  const { host } = lab;
  const name = `recording-${process.pid}`;
  const lock = lab.shape === 'flat' ? `exec 9>${TRACEFS_LOCK}; flock 9\n` : '';
  // Recorders write many small pieces: quick in memory, slow through the share.
  const script = `${lock}work=$(mktemp -d ${MADE_IN}.XXXXXX) || exit
trap 'rm -rf "$work"; ${REMOVE_LEFT_BEHIND}' EXIT
cd "$work"
${command} >${host.home}/${OUTPUT} 2>&1
status=$?
cat ${host.home}/${OUTPUT}
mkdir ${host.home}/${name}
cp trace*.dat* ${host.home}/${name}
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
    files: names.filter((one) => one.endsWith('.dat')).map((one) => join(folder, one)),
  };
}

function existing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
