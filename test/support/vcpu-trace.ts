import { guestOption, traceIdOption } from '../../src/trace-file/write/content.ts';
import { formatText, recordBytes } from './build-events.ts';
import type { EventSpec } from './build-pages.ts';
import { buildTrace } from './build-trace.ts';
import type { ByteBuilder } from './byte-builder.ts';

/** An event of a made trace. Times in ns. */
export interface Happening {
  readonly time: number;
  readonly cpu: number;
  readonly data: Uint8Array;
  /** Events lost before it. */
  readonly lost?: number;
}

const [SWITCH, WAKING, ENTRY, EXIT, IRQ_ENTRY, IRQ_EXIT, SOFT_ENTRY, SOFT_EXIT, CALL, RETURN] = [
  ...[310, 311, 300, 301, 320, 321, 322, 323, 11, 10],
];

const u32 = (name: string, offset: number): string => `u32 ${name};\toffset:${offset};\tsize:4;\tsigned:0;`;
const s32 = (name: string, offset: number): string => `int ${name};\toffset:${offset};\tsize:4;\tsigned:1;`;
const comm = (name: string, offset: number): string => `char ${name}[16];\toffset:${offset};\tsize:16;\tsigned:0;`;
const u64 = (name: string, offset: number): string => `unsigned long ${name};\toffset:${offset};\tsize:8;\tsigned:0;`;

const SYSTEMS = [
  {
    name: 'sched',
    formats: [
      formatText(
        'sched_switch',
        SWITCH!,
        [
          ...[comm('prev_comm', 8), s32('prev_pid', 24), s32('prev_prio', 28)],
          'long prev_state;\toffset:32;\tsize:8;\tsigned:1;',
          ...[comm('next_comm', 40), s32('next_pid', 56), s32('next_prio', 60)],
        ],
        '"%d ==> %d", REC->prev_pid, REC->next_pid',
      ),
      formatText(
        'sched_waking',
        WAKING!,
        [comm('comm', 8), s32('pid', 24), s32('prio', 28), s32('target_cpu', 32)],
        '"%d", REC->pid',
      ),
    ],
  },
  {
    name: 'kvm',
    formats: [
      formatText('kvm_entry', ENTRY!, [u32('vcpu_id', 8), u64('rip', 16)], '"vcpu %u", REC->vcpu_id'),
      formatText('kvm_exit', EXIT!, [u32('exit_reason', 8), u32('isa', 12)], '"reason %u", REC->exit_reason'),
    ],
  },
  {
    name: 'irq',
    formats: [
      formatText(
        'irq_handler_entry',
        IRQ_ENTRY!,
        [s32('irq', 8), '__data_loc char[] name;\toffset:12;\tsize:4;\tsigned:0;'],
        '"irq=%d name=%s", REC->irq, __get_str(name)',
      ),
      formatText('irq_handler_exit', IRQ_EXIT!, [s32('irq', 8), s32('ret', 12)], '"irq=%d", REC->irq'),
      formatText('softirq_entry', SOFT_ENTRY!, [u32('vec', 8)], '"vec=%u", REC->vec'),
      formatText('softirq_exit', SOFT_EXIT!, [u32('vec', 8)], '"vec=%u", REC->vec'),
    ],
  },
];

const FTRACE_FORMATS = [
  formatText(
    'funcgraph_entry',
    CALL!,
    [u64('func', 8), s32('depth', 16)],
    '"--> %ps (%d)", (void *)REC->func, REC->depth',
  ),
  formatText(
    'funcgraph_exit',
    RETURN!,
    [u64('func', 8), s32('depth', 16), u32('overrun', 20), u64('calltime', 24), u64('rettime', 32)],
    '"<-- %ps (%d)", (void *)REC->func, REC->depth',
  ),
];

/** Where functions of made traces begin: `function_0` first, one after the other. */
export const FUNCTIONS_AT = 0x1000_0000;
const FUNCTION_SIZE = 0x100;

const bytes = (id: number, pid: number, body: (out: ByteBuilder) => void): Uint8Array =>
  recordBytes(true, { id, pid }, body);

function name(out: ByteBuilder, text: string): ByteBuilder {
  const padded = new Uint8Array(16);
  padded.set(new TextEncoder().encode(text));
  return out.bytes(padded);
}

export const nameOf = (pid: number): string => (pid === 0 ? 'swapper' : `task-${pid}`);

/** `state`: prev_state, 0 runnable, 1 asleep, 0x100 preempted. */
export const switchData = (previous: number, state: number, next: number): Uint8Array =>
  bytes(SWITCH!, previous, (out) => {
    name(out, nameOf(previous)).u32(previous).u32(120).u64(state);
    name(out, nameOf(next)).u32(next).u32(120);
  });
export const wakingData = (by: number, pid: number, target: number): Uint8Array =>
  bytes(WAKING!, by, (out) => void name(out, nameOf(pid)).u32(pid).u32(120).u32(target));
export const entryData = (pid: number): Uint8Array => bytes(ENTRY!, pid, (out) => void out.u32(0).u32(0).u64(0));
/** VMX reasons. */
export const exitData = (pid: number, reason: number): Uint8Array =>
  bytes(EXIT!, pid, (out) => void out.u32(reason).u32(1));
export const irqEntryData = (pid: number, irq: number, device: string): Uint8Array =>
  bytes(
    IRQ_ENTRY!,
    pid,
    (out) =>
      void out
        .u32(irq)
        .u32(((device.length + 1) << 16) | 16)
        .cString(device)
        .align(4),
  );
export const irqExitData = (pid: number, irq: number): Uint8Array =>
  bytes(IRQ_EXIT!, pid, (out) => void out.u32(irq).u32(1));
export const softEntryData = (pid: number, vector: number): Uint8Array =>
  bytes(SOFT_ENTRY!, pid, (out) => void out.u32(vector));
export const softExitData = (pid: number, vector: number): Uint8Array =>
  bytes(SOFT_EXIT!, pid, (out) => void out.u32(vector));
export const callData = (pid: number, depth: number, index: number): Uint8Array =>
  bytes(
    CALL!,
    pid,
    (out) =>
      void out
        .u64(FUNCTIONS_AT + index * FUNCTION_SIZE)
        .u32(depth)
        .u32(0),
  );
export const returnData = (pid: number, depth: number, index: number): Uint8Array =>
  bytes(RETURN!, pid, (out) => {
    out
      .u64(FUNCTIONS_AT + index * FUNCTION_SIZE)
      .u32(depth)
      .u32(0);
    out.u64(0).u64(0);
  });

const TRACE_IDS = { host: 0x1111n, guest: 0x2222n };

/** A host's file, or one of a guest on the same clock. `vcpus`: threads of the guest's CPUs, in the host's file. */
export function happeningsTrace(
  kind: 'host' | 'guest',
  happenings: readonly Happening[],
  vcpus: readonly number[] = [],
): Uint8Array {
  const cpus = [...new Set(happenings.map(({ cpu }) => cpu))].sort((a, b) => a - b);
  const vcpuList = vcpus.map((pid, cpu) => ({ cpu, pid }));
  const guest = guestOption({ name: 'vm', traceId: TRACE_IDS.guest, vcpus: vcpuList }, true);
  const options = [traceIdOption(TRACE_IDS[kind], true), ...(vcpus.length > 0 ? [guest] : [])];
  return buildTrace({
    ...{ systems: SYSTEMS, ftraceFormats: FTRACE_FORMATS, traceClock: '[mono]' },
    kallsyms: Array.from(
      { length: 17 },
      (_, i) => `${(FUNCTIONS_AT + i * FUNCTION_SIZE).toString(16)} T function_${i}\n`,
    ).join(''),
    options: options.map(({ id, data }) => ({ id, data })),
    buffers: [
      {
        clock: 'mono',
        cpus: cpus.map((cpu) => ({
          cpu,
          events: happenings
            .filter((one) => one.cpu === cpu)
            .map(({ time, data, lost }): EventSpec => ({ time: BigInt(time), data, ...(lost ? { lost } : {}) })),
        })),
      },
    ],
  });
}
