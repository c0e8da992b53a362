import type { GuestInfo, TraceFile } from '../trace-file/types.ts';

/** What pairing needs to know of a file. */
export type PairedFile = Pick<TraceFile, 'traceId' | 'guests' | 'timeShift'>;

/** A guest's CPU: index of its file, and the CPU as that file numbers it. */
export interface GuestCpu {
  readonly file: number;
  readonly cpu: number;
}

/** What is odd about a set of files; files by index. */
export type PairingProblem =
  /** A guest whose times are on the clock of a host that is not among the files. */
  | { readonly kind: 'guest-without-host'; readonly guest: number }
  /** A file whose trace id another file before it has: most likely a copy. It is paired with none. */
  | { readonly kind: 'same-recording'; readonly file: number; readonly first: number }
  /** A guest that several hosts name, and that names none of the files itself: the first of them has it. */
  | { readonly kind: 'several-hosts'; readonly guest: number; readonly hosts: readonly number[] };

export interface Pairing {
  /** For each file the file of its host. */
  readonly hostOf: readonly (number | undefined)[];
  /** For each file the files of its guests, in the order of the files. */
  readonly guestsOf: readonly (readonly number[])[];
  /** Host threads of a host's file, to what runs in them. */
  readonly guestCpusOf: readonly ReadonlyMap<number, GuestCpu>[];
  readonly problems: readonly PairingProblem[];
}

/**
 * Pairs hosts with their guests by trace id, in whatever order they are named: a guest's TIME_SHIFT names its host,
 * a host's GUEST options name its guests.
 */
export function pairFiles(files: readonly PairedFile[]): Pairing {
  const problems: PairingProblem[] = [];
  const firstOf = new Map<bigint, number>();
  for (const [file, { traceId }] of files.entries()) {
    if (traceId === undefined) continue;
    const first = firstOf.get(traceId);
    if (first === undefined) firstOf.set(traceId, file);
    else problems.push({ kind: 'same-recording', file, first });
  }
  const isCopy = (file: number): boolean => problems.some((one) => one.kind === 'same-recording' && one.file === file);
  const hostOf = files.map((file, guest) => {
    if (isCopy(guest)) return undefined;
    const naming = [...files.keys()].filter((host) => host !== guest && !isCopy(host) && names(files[host]!, file));
    const peer = firstOf.get(file.timeShift?.peerTraceId ?? -1n);
    if (peer !== undefined && peer !== guest) return peer;
    if (naming.length > 1) problems.push({ kind: 'several-hosts', guest, hosts: naming });
    if (naming.length === 0 && file.timeShift) problems.push({ kind: 'guest-without-host', guest });
    return naming[0];
  });
  return { ...mapped(files, hostOf), problems };
}

/** trace-cmd's pairing: the first file is the host, the others are its guests if it says so. */
export function pairWithFirst(files: readonly PairedFile[]): Pairing {
  const [host] = files;
  const hostOf = files.map((file, i) => (i > 0 && host && names(host, file) ? 0 : undefined));
  return { ...mapped(files, hostOf), problems: [] };
}

const names = (host: PairedFile, guest: PairedFile): boolean => guestInfo(host, guest) !== undefined;

/** The option GUEST that means a file; of several the last, which replaces those before it. */
function guestInfo(host: PairedFile, guest: PairedFile): GuestInfo | undefined {
  return host.guests.findLast(({ traceId }) => traceId === guest.traceId);
}

function mapped(files: readonly PairedFile[], hostOf: Pairing['hostOf']): Omit<Pairing, 'problems'> {
  const guestsOf = files.map((_, host) => [...hostOf.keys()].filter((guest) => hostOf[guest] === host));
  const guestCpusOf = files.map((host, i) => {
    const cpus = guestsOf[i]!.flatMap((file) =>
      (guestInfo(host, files[file]!)?.vcpus ?? []).map(({ cpu, pid }): [number, GuestCpu] => [pid, { file, cpu }]),
    );
    // 0 and -1 say that the thread is not known.
    return new Map(cpus.filter(([pid]) => pid > 0));
  });
  return { hostOf, guestsOf, guestCpusOf };
}

/**
 * Which files of a host's directory may be those of its guests, the likeliest first. trace-cmd stores them beside
 * `HOST.dat` as `HOST-NAME.dat`, where NAME is the guest's name or what `record --name` says instead, which the host's
 * file does not tell. Whether a candidate is a guest's file, its trace id tells.
 */
export function guestFileCandidates(
  hostName: string,
  guests: readonly Pick<GuestInfo, 'name'>[],
  listing: readonly string[],
): string[] {
  if (guests.length === 0) return [];
  const dot = hostName.lastIndexOf('.');
  const base = dot > 0 ? hostName.slice(0, dot) : hostName;
  const extension = hostName.slice(base.length);
  const candidates = listing.filter((name) => name.startsWith(`${base}-`) && name.endsWith(extension));
  const expected = new Set(guests.map(({ name }) => `${base}-${name}${extension}`));
  return [
    ...candidates.filter((name) => expected.has(name)),
    ...candidates.filter((name) => !expected.has(name)).sort(),
  ];
}
