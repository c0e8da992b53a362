/*
 * The commands of the message protocol that trace-cmd calls version 3, between a recorder and an agent and between a
 * recorder and a listen server. On the wire, all numbers big endian:
 *
 *     u32 size        bytes of the whole message
 *     u32 command
 *     u32 fixedSize   bytes of the fixed part; a newer peer's may be longer than ours, an older one's shorter
 *     fixed part, then the payload
 */

/** Bytes of the three numbers that each message begins with. */
export const HEADER_SIZE = 12;
/** Bytes of the longest message. */
export const MESSAGE_LIMIT = 8192;
/** Bytes of file data that fit into one SEND_DATA. */
export const DATA_LIMIT = MESSAGE_LIMIT - HEADER_SIZE;
export const CPU_LIMIT = 4096;
/** Bytes of a protocol's name on the wire, padded with NULs. */
export const NAME_SIZE = 16;

/**
 * What a place in a fixed part holds:
 *
 * - `u32`, `u64`: a number, a bigint
 * - `cpus`: u32, 1..4096
 * - `pageSize`: u32, a power of two
 * - `flag`: u32 of flags, of which only bit 0 has a meaning: a boolean
 * - `name`: 16 bytes, NUL padded: a text of printable ASCII, '' for none. Make no name of more than 15
 *   characters: stock peers expect a NUL
 * - `count`: u32, how many strings or ports the payload has: not in the message's object, which has the list
 * - `unused`: u32, written as 0
 */
export type FieldKind = 'u32' | 'u64' | 'cpus' | 'pageSize' | 'flag' | 'name' | 'count' | 'unused';

/**
 * What follows the fixed part:
 *
 * - `bytes`: file data, or the contents of a time sync message
 * - `strings`: NUL terminated texts, as many as the fixed part's `count` says
 * - `ports`: NUL terminated decimal numbers, likewise
 * - `parameters`: u32 id, u32 length, value; see `readParameters`
 * - `reason`: nothing, or a text for the user, which trace-cmd neither sends nor looks at
 */
export type PayloadKind = 'none' | 'bytes' | 'strings' | 'ports' | 'parameters' | 'reason';

export interface CommandLayout {
  readonly number: number;
  /** In the order of the wire, packed. */
  readonly fields: Readonly<Record<string, FieldKind>>;
  readonly payload: PayloadKind;
}

const REQUEST_FIELDS = {
  /** Whether the data shall go through FIFOs. */
  useFifos: 'flag',
  /** The true count of arguments is in the parameter. */
  argumentCount: 'unused',
  /** Of the recorder's own trace. */
  traceId: 'u64',
} as const satisfies CommandLayout['fields'];

export const COMMANDS = {
  /** Host to agent, client to listen server: the trace ends. */
  CLOSE: { number: 0, fields: {}, payload: 'none' },
  /** Client to listen server: what it will send. The known options are `tcp` and `vsock`; UDP without. */
  TINIT: { number: 1, fields: { cpus: 'cpus', pageSize: 'pageSize', optionCount: 'count' }, payload: 'strings' },
  /** Listen server to client: a port for each CPU. */
  RINIT: { number: 2, fields: { cpus: 'count' }, payload: 'ports' },
  /** The next bytes of a trace file's metadata. */
  SEND_DATA: { number: 3, fields: {}, payload: 'bytes' },
  FIN_DATA: { number: 4, fields: {}, payload: 'none' },
  /** Either end: the last message makes no sense here, or is refused. */
  NOT_SUPP: { number: 5, fields: {}, payload: 'reason' },
  /** Host to agent: record, with these arguments of `record`. */
  TRACE_REQ: { number: 6, fields: REQUEST_FIELDS, payload: 'parameters' },
  /** Agent to host: a port for each CPU (0 with FIFOs), its trace id, and the time sync that it chose ('' for none). */
  TRACE_RESP: {
    number: 7,
    fields: {
      useFifos: 'flag',
      cpus: 'count',
      pageSize: 'pageSize',
      traceId: 'u64',
      syncProtocol: 'name',
      /** 0 without time sync. */
      syncPort: 'u32',
    },
    payload: 'ports',
  },
  /** Agent to host: tracing is off, all data is sent. */
  CLOSE_RESP: { number: 8, fields: {}, payload: 'none' },
  /** Both ways, on a connection of its own; `id` is the protocol's. See `time-sync`. */
  TIME_SYNC: { number: 9, fields: { protocol: 'name', id: 'u32' }, payload: 'bytes' },
  /** A guest's recorder to a proxy agent on its host. `cpus` are the guest's. */
  TRACE_PROXY: { number: 10, fields: { ...REQUEST_FIELDS, cpus: 'cpus', siblings: 'unused' }, payload: 'parameters' },
  /** Recorder to proxy agent: its own file is ready, go on. */
  CONT: { number: 11, fields: {}, payload: 'none' },
} as const satisfies Record<string, CommandLayout>;

export type CommandName = keyof typeof COMMANDS;

interface FieldTypes {
  readonly u32: number;
  readonly u64: bigint;
  readonly cpus: number;
  readonly pageSize: number;
  readonly flag: boolean;
  readonly name: string;
}

/** What a recorder asks an agent for. */
export interface Parameters {
  /** Arguments of `record`, without the program's name. */
  readonly args: readonly string[];
  /** Names of the time sync protocols on offer; undefined where time sync is off. */
  readonly syncProtocols: readonly string[] | undefined;
}

interface PayloadTypes {
  readonly none: unknown;
  /** Of a received message: a view of the reader's buffer, which the next message overwrites. */
  readonly bytes: { readonly bytes: Uint8Array };
  readonly strings: { readonly options: readonly string[] };
  readonly ports: { readonly ports: readonly number[] };
  readonly parameters: Parameters;
  readonly reason: { readonly reason: string };
}

type FieldsOf<Fields> = {
  readonly [Name in keyof Fields as Fields[Name] extends keyof FieldTypes
    ? Name
    : never]: Fields[Name] extends keyof FieldTypes ? FieldTypes[Fields[Name]] : never;
};

/** The message of one command, as an object: `command`, its fields by name, and what is in its payload. */
export type MessageOf<Name extends CommandName> = { readonly command: Name } & FieldsOf<
  (typeof COMMANDS)[Name]['fields']
> &
  PayloadTypes[(typeof COMMANDS)[Name]['payload']];

/** A message of a command that is not in the table. */
export interface UnknownMessage {
  readonly command: 'UNKNOWN';
  readonly number: number;
  /** Bytes of the fixed part, the first in `bytes`. */
  readonly fixedSize: number;
  readonly bytes: Uint8Array;
}

export type Message = { [Name in CommandName]: MessageOf<Name> }[CommandName] | UnknownMessage;

/** Bytes of a field in the fixed part. */
export function fieldSize(kind: FieldKind): number {
  if (kind === 'u64') return 8;
  return kind === 'name' ? NAME_SIZE : 4;
}

/** Bytes of a command's fixed part, as this table knows it. */
export function fixedSize(name: CommandName): number {
  return Object.values(COMMANDS[name].fields).reduce((size, kind) => size + fieldSize(kind), 0);
}

const BY_NUMBER: readonly CommandName[] = (Object.keys(COMMANDS) as CommandName[]).sort(
  (a, b) => COMMANDS[a].number - COMMANDS[b].number,
);

/** The name of a command's number; undefined if the table has none. */
export function commandName(number: number): CommandName | undefined {
  return BY_NUMBER[number];
}
