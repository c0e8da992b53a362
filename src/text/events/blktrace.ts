import { type EventFormat, findField } from '../../format/event-format.ts';

/** The event in front of it in the kernel's list of types has been another one over time. */
const PREDECESSORS = ['power', 'kmem_free', 'user_stack'];
const COMMON = [
  ['unsigned short', 'common_type', 0, 2],
  ['unsigned char', 'common_flags', 2, 1],
  ['unsigned char', 'common_preempt_count', 3, 1],
  ['int', 'common_pid', 4, 4],
] as const;
const LOCK_DEPTH = ['int', 'common_lock_depth', 8, 4] as const;
/** The kernel's struct blk_io_trace, whose first bytes hold the common fields instead of their own. */
const OWN = [
  ['u64', 'sector', 16, 8],
  ['int', 'bytes', 24, 4],
  ['int', 'action', 28, 4],
  ['int', 'pid', 32, 4],
  ['int', 'device', 36, 4],
  ['int', 'cpu', 40, 4],
  ['short', 'error', 44, 2],
  ['short', 'pdu_len', 46, 2],
  ['void', 'data', 48, 0],
] as const;

type FieldFact = readonly [type: string, name: string, offset: number, size: number];

const line = ([type, name, offset, size]: FieldFact): string =>
  `\tfield:${type} ${name};\toffset:${offset};\tsize:${size};\n`;

/**
 * The `format` text of block trace events, for the `ftrace` system: the kernel records them but describes them
 * nowhere. Undefined when it is not known what their id is, or when their common fields lie elsewhere.
 */
export function blktraceFormat(find: (system: string, name: string) => EventFormat | undefined): string | undefined {
  const before = PREDECESSORS.map((name) => find('ftrace', name)).find((event) => event !== undefined);
  if (before === undefined) return undefined;
  const lies = ([, name, offset, size]: FieldFact): boolean => {
    const field = findField(before, name);
    return field?.offset === offset && field.size === size;
  };
  const hasLockDepth = findField(before, LOCK_DEPTH[1]) !== undefined;
  if (!COMMON.every(lies) || (hasLockDepth && !lies(LOCK_DEPTH))) return undefined;
  const common = [...COMMON, ...(hasLockDepth ? [LOCK_DEPTH] : [])];
  const fields = `${common.map(line).join('')}\n${OWN.map(line).join('')}`;
  return `name: blktrace\nID: ${before.id + 1}\nformat:\n${fields}\nprint fmt: "%d", REC->pid\n`;
}
