import { COMMANDS, type CommandName, CPU_LIMIT, type FieldKind, fieldSize, NAME_SIZE } from './messages.ts';
import { paddedName, readName, wrong } from './text.ts';

const SMALLEST_PAGE = 4096;
const LARGEST_PAGE = 1 << 24;

export interface FixedPart {
  /** What belongs into the message's object, by name. */
  readonly values: Record<string, unknown>;
  /** How many entries the payload has; undefined where the fixed part doesn't say. */
  readonly count: number | undefined;
}

/** Reads a fixed part. `view` has as many bytes as the table says. */
export function readFixedPart(command: CommandName, view: DataView, subject: string): FixedPart {
  const values: Record<string, unknown> = {};
  let count: number | undefined;
  let offset = 0;
  for (const [name, kind] of Object.entries<FieldKind>(COMMANDS[command].fields)) {
    if (kind === 'count') count = inRange(view.getUint32(offset), 0, CPU_LIMIT, command, name, subject);
    else if (kind !== 'unused') values[name] = readField(kind, view, offset, command, name, subject);
    offset += fieldSize(kind);
  }
  return { values, count };
}

function readField(
  kind: Exclude<FieldKind, 'count' | 'unused'>,
  view: DataView,
  offset: number,
  command: CommandName,
  name: string,
  subject: string,
): unknown {
  switch (kind) {
    case 'u32':
      return view.getUint32(offset);
    case 'u64':
      return view.getBigUint64(offset);
    case 'flag':
      return (view.getUint32(offset) & 1) !== 0;
    case 'cpus':
      return inRange(view.getUint32(offset), 1, CPU_LIMIT, command, name, subject);
    case 'pageSize': {
      const size = inRange(view.getUint32(offset), SMALLEST_PAGE, LARGEST_PAGE, command, name, subject);
      if ((size & (size - 1)) !== 0) throw wrong(subject, `sent a ${command} with a page size of ${size}`);
      return size;
    }
    case 'name':
      return readName(
        new Uint8Array(view.buffer, view.byteOffset + offset, NAME_SIZE),
        `a ${command} with a name`,
        subject,
      );
  }
}

function inRange(value: number, from: number, to: number, command: CommandName, name: string, subject: string): number {
  if (value >= from && value <= to) return value;
  throw wrong(subject, `sent a ${command} with ${name} ${value}`, `possible are ${from} to ${to}`);
}

/** Writes a fixed part into zeroed bytes, the inverse of `readFixedPart`. */
export function writeFixedPart(
  command: CommandName,
  view: DataView,
  values: Readonly<Record<string, unknown>>,
  count: number,
): void {
  let offset = 0;
  for (const [name, kind] of Object.entries<FieldKind>(COMMANDS[command].fields)) {
    const value = kind === 'count' ? count : values[name];
    if (kind === 'u64') view.setBigUint64(offset, value as bigint);
    else if (kind === 'name') {
      new Uint8Array(view.buffer, view.byteOffset + offset, NAME_SIZE).set(paddedName(value as string));
    } else if (kind !== 'unused') view.setUint32(offset, Number(value));
    offset += fieldSize(kind);
  }
}
