import { OPTION } from '../../src/trace-file/ids.ts';
import type { TimeShift } from '../../src/trace-file/types.ts';
import { guestOption, timeShiftOption, traceIdOption } from '../../src/trace-file/write/content.ts';
import { formatText, recordBytes } from './build-events.ts';
import type { EventSpec } from './build-pages.ts';
import { buildTrace } from './build-trace.ts';
import { Random } from './clock-simulator.ts';

/** A virtual machine whose host and guest are recorded, with clocks that are known. Times in ns of the true time. */
export interface Machine {
  readonly vcpus: number;
  readonly length: number;
  readonly clock?: string;
  /** Host units per ns of true time. */
  readonly rate?: number;
  /** How much faster the guest's clock runs, parts per million. */
  readonly drift?: number;
  /** Amplitude, ns, and period, ns, of a wave on the guest's clock. */
  readonly wave?: { readonly by: number; readonly period: number };
  readonly steps?: readonly { readonly at: number; readonly by: number }[];
  /** Mean times. An exit is quick, or, for a share of them, the vCPU idles. */
  readonly run?: number;
  readonly quick?: number;
  readonly idle?: number;
  readonly idleShare?: number;
  /** Mean of a guest's events in a run. */
  readonly events?: number;
  /** From kvm_entry to the guest's first instruction, and from its last one to kvm_exit. */
  readonly latency?: number;
  /** When the guest's recording begins and ends. */
  readonly recorded?: { readonly from: number; readonly to: number };
  /** What the guest's file says of its clock, given the truth: host time less guest time at a true time. */
  readonly samples?: (offsetAt: (time: number) => bigint, guestAt: (time: number) => bigint) => TimeShift;
  /** Share of the runs that end with a packet which the guest sends to the host. */
  readonly packets?: number;
  /** The host's file names no threads and the guest's file no host. */
  readonly apart?: boolean;
  readonly version?: 6 | 7;
}

export interface Recorded {
  readonly host: Uint8Array;
  readonly guest: Uint8Array;
  /** The host's stamp of the moment of a guest's stamp. */
  readonly hostAt: (guest: bigint) => bigint;
  /** True times of guest events, with their stamps. */
  readonly guestEvents: readonly { readonly cpu: number; readonly time: number; readonly stamp: bigint }[];
}

const HOST_START = 5_000_000_000_000n;
const GUEST_START = 77_000_000_000n;
const [ENTRY, EXIT, INJECT, SWITCH, TIMER, SEND, RECEIVE] = [300, 301, 302, 310, 311, 320, 321];
const WORKER = 3999;
const PACKET_FIELDS = ['src_port', 'dst_port', 'len', 'op'].map(
  (name, i) => `__u32 ${name};\toffset:${8 + 4 * i};\tsize:4;\tsigned:0;`,
);
const VSOCK = {
  name: 'vsock',
  formats: [
    formatText('virtio_transport_alloc_pkt', SEND, PACKET_FIELDS, '"%u", REC->len'),
    formatText('virtio_transport_recv_pkt', RECEIVE, PACKET_FIELDS, '"%u", REC->len'),
  ],
};
const HOST_TRACE = 0x1111n;
const GUEST_TRACE = 0x2222n;
export const FIRST_THREAD = 4000;
const TIMER_VECTOR = 236;

const HOST_FORMATS = [
  formatText(
    'kvm_entry',
    ENTRY,
    ['unsigned int vcpu_id;\toffset:8;\tsize:4;\tsigned:0;', 'unsigned long rip;\toffset:16;\tsize:8;\tsigned:0;'],
    '"vcpu %u", REC->vcpu_id',
  ),
  formatText(
    'kvm_exit',
    EXIT,
    ['unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;', 'u32 isa;\toffset:12;\tsize:4;\tsigned:0;'],
    '"reason %u", REC->exit_reason',
  ),
  formatText('kvm_inj_virq', INJECT, ['unsigned int irq;\toffset:8;\tsize:4;\tsigned:0;'], '"irq %u", REC->irq'),
];
const SWITCH_FORMAT = formatText(
  'sched_switch',
  SWITCH,
  ['pid_t prev_pid;\toffset:8;\tsize:4;\tsigned:1;', 'pid_t next_pid;\toffset:12;\tsize:4;\tsigned:1;'],
  '"%d ==> %d", REC->prev_pid, REC->next_pid',
);
const TIMER_FORMAT = formatText(
  'local_timer_entry',
  TIMER,
  ['int vector;\toffset:8;\tsize:4;\tsigned:1;'],
  '"vector=%d", REC->vector',
);

/** Records a simulated machine: the same for a seed. */
export function recordMachine(machine: Machine, seed: number): Recorded {
  const random = new Random(seed);
  const { rate = 1, drift = 0, steps = [], wave, clock = 'mono' } = machine;
  const waveAt = (time: number): number => (wave ? wave.by * Math.sin((2 * Math.PI * time) / wave.period) : 0);
  const stepsAt = (time: number): number => steps.reduce((sum, step) => (time >= step.at ? sum + step.by : sum), 0);
  const guestAt = (time: number): bigint =>
    GUEST_START + BigInt(Math.floor(time * rate * (1 + drift / 1e6) + waveAt(time) + stepsAt(time)));
  const hostAt = (time: number): bigint => HOST_START + BigInt(Math.floor(time * rate));
  const cpus = Array.from({ length: machine.vcpus }, (_, cpu) => lifeOf(machine, cpu, random));
  const { from, to } = machine.recorded ?? { from: 0, to: machine.length };
  const guestCpus = cpus.map(({ guest }, cpu) => ({
    cpu,
    events: guest
      .filter(({ at }) => at >= from && at < to)
      .map((one): EventSpec => ({ time: guestAt(one.at), data: one.data })),
  }));
  const shift = machine.samples?.((time) => hostAt(time) - guestAt(time), guestAt);
  const trueOf = new Map<bigint, number>();
  const guestEvents = cpus.flatMap(({ guest }, cpu) =>
    guest.filter(({ at }) => at >= from && at < to).map(({ at }) => ({ cpu, time: at, stamp: guestAt(at) })),
  );
  for (const { time, stamp } of guestEvents) trueOf.set(stamp, time);
  const vcpus = cpus.map((_, cpu) => ({ cpu, pid: FIRST_THREAD + cpu }));
  const traceClock = `[${clock}]`;
  const version = machine.version ?? 7;
  const option = ({ id, data }: { readonly id: number; readonly data: Uint8Array }) => ({ id, data });
  return {
    host: buildTrace({
      ...{ version, traceClock, systems: [{ name: 'kvm', formats: HOST_FORMATS }, VSOCK] },
      options: [
        option(traceIdOption(HOST_TRACE, true)),
        ...(machine.apart ? [] : [option(guestOption({ name: 'vm', traceId: GUEST_TRACE, vcpus }, true))]),
      ],
      // Each vCPU's thread keeps to a CPU of its own, and all workers to the one behind them.
      buffers: [
        {
          clock,
          cpus: [...cpus.map(({ host }) => host), cpus.flatMap(({ worker }) => worker).sort((a, b) => a.at - b.at)].map(
            (list, cpu) => ({ cpu, events: list.map((one) => ({ time: hostAt(one.at), data: one.data })) }),
          ),
        },
      ],
    }),
    guest: buildTrace({
      ...{
        version,
        traceClock,
        systems: [{ name: 'sched', formats: [SWITCH_FORMAT] }, { name: 'irq_vectors', formats: [TIMER_FORMAT] }, VSOCK],
      },
      options: [
        option(traceIdOption(GUEST_TRACE, true)),
        ...(shift ? [{ id: OPTION.TIME_SHIFT, data: timeShiftOption(shift, true).data }] : []),
      ],
      buffers: [{ clock, cpus: guestCpus }],
    }),
    hostAt: (stamp) => {
      const time = trueOf.get(stamp);
      if (time === undefined) throw new Error(`no event has the stamp ${stamp}`);
      return hostAt(time);
    },
    guestEvents,
  };
}

interface Happening {
  readonly at: number;
  readonly data: Uint8Array;
}

/** What one vCPU's thread and its guest do, each in order. */
function lifeOf(
  machine: Machine,
  cpu: number,
  random: Random,
): { readonly host: Happening[]; readonly worker: Happening[]; readonly guest: Happening[] } {
  const { run = 60_000, quick = 2_000, idle = 1_500_000, idleShare = 0.2, events = 2, latency = 400 } = machine;
  const host: Happening[] = [];
  const worker: Happening[] = [];
  const guest: Happening[] = [];
  const pid = FIRST_THREAD + cpu;
  const onHost = (at: number, id: number, a: number, b = 2): void => {
    const body = id === ENTRY ? [a, 0, 0, 0] : [a, b];
    host.push({ at, data: recordBytes(true, { id, pid }, (out) => body.forEach((word) => void out.u32(word))) });
  };
  const inGuest = (at: number, id: number, a: number, b = 0): void => {
    guest.push({ at, data: recordBytes(true, { id, pid: 100 + cpu }, (out) => void out.u32(a).u32(b)) });
  };
  const packet = (id: number, from: number): Uint8Array =>
    recordBytes(true, { id, pid: from }, (out) => [1000 + cpu, 2000, 64, 5].forEach((word) => void out.u32(word)));
  let received = 0;
  let now = random.next() * 100_000;
  let wasIdle = false;
  while (now < machine.length) {
    if (wasIdle) onHost(now - 150, INJECT, TIMER_VECTOR);
    onHost(now, ENTRY, cpu);
    let at = now + latency + random.exponential(latency / 2);
    if (wasIdle) {
      inGuest(at, TIMER, TIMER_VECTOR);
      at += 300 + random.exponential(500);
      inGuest(at, SWITCH, 0, 100 + cpu);
    }
    const end = at + latency + random.exponential(run);
    const count = Math.floor(random.exponential(events) + 0.5);
    const times = Array.from({ length: count }, () => at + random.next() * (end - at)).sort((a, b) => a - b);
    for (const time of times) inGuest(time, SWITCH, 100 + cpu, 101 + cpu);
    const goesIdle = random.next() < idleShare;
    const last = end + 200 + random.exponential(200);
    if (goesIdle) inGuest(last, SWITCH, 100 + cpu, 0);
    const exit = last + latency + random.exponential(latency / 2);
    if (!goesIdle && random.next() < (machine.packets ?? 0)) {
      guest.push({ at: last, data: packet(SEND, 100 + cpu) });
      received = Math.max(received, exit + 2000 + random.exponential(5000));
      worker.push({ at: received, data: packet(RECEIVE, WORKER) });
    }
    onHost(exit, EXIT, goesIdle ? 0x78 : 0x7c);
    wasIdle = goesIdle;
    now = exit + (goesIdle ? 20_000 + random.exponential(idle) : 600 + random.exponential(quick));
  }
  return { host, worker, guest };
}
