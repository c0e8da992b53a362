import { mendClock, proveClocks, type TimeShift, type TraceFile } from '../../src/index.ts';
import { recordWell } from '../attempts.ts';
import { type RecordedFiles, withFiles } from '../checks/files.ts';
import { guestSyncError } from '../checks/sync-error.ts';
import { knownVcpus, tscFrequency } from '../checks/tsc-offset.ts';
import { AGENT_PORT, vsockCid } from '../machine/agent.ts';
import { type Context, type Scenario, STOCK, TANDEM } from '../scenario.ts';

const GUEST = 1;
/** trace-cmd's PTP takes a minute for each vCPU. */
const HARDWARE = { vcpus: 1 };
const HOST_EVENTS = ['kvm:kvm_entry', 'kvm:kvm_exit', 'kvm:kvm_inj_virq', 'vsock'];
/** Interrupts are next to entries, idle CPUs next to exits. */
const GUEST_EVENTS = ['sched_switch', 'irq_vectors', 'cpu_idle', 'vsock'];
/** Connections that begin and end meanwhile: of those that go on, not all packets are recorded. */
const CONNECTING = `sh -c 'for i in 1 2 3; do sleep 1; socat -u /dev/null VSOCK-CONNECT:${vsockCid(GUEST)}:${AGENT_PORT}; done'`;
/** Of stock's error. */
const MOST = 0.2;

/** Clocks that KVM told contradict no event; those that trace-cmd measured are mended to what KVM would have told. */
export const clock: Scenario = {
  name: 'clock',
  about: 'the proof of clocks, and what mends them, by the TSC offset that KVM set',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 600,
  async run(context) {
    const told = await recorded(context, 'kvm', CONNECTING, false);
    if (told) await withFiles(told, (files) => checkTold(context, files));
    const measured = await recorded(context.of(STOCK), 'ptp', 'sleep 3', true);
    if (measured) await withFiles(measured, (files) => checkMeasured(context, files));
  },
};

function recorded(
  context: Context,
  name: string,
  command: string,
  hidesKvm: boolean,
): Promise<readonly string[] | undefined> {
  const events = (list: readonly string[]): string[] => list.flatMap((one) => ['-e', one]);
  return recordWell(context, name, {
    options: ['-C', 'x86-tsc', ...events(HOST_EVENTS)],
    guests: [{ number: GUEST, transport: 'vsock', hardware: HARDWARE, options: events(GUEST_EVENTS) }],
    ...{ command, seconds: 300, hidesKvm },
  });
}

/** Counts by rule: kept, violated, not judged. */
async function rulesOf(files: RecordedFiles, timeShift?: TimeShift): Promise<Record<string, readonly number[]>> {
  const { host, guests } = files;
  const guest = guests[0] as TraceFile;
  const [proof] = await proveClocks([host, timeShift ? { ...guest, timeShift } : guest]);
  const rules = proof?.causality?.rules ?? [];
  return Object.fromEntries(rules.map(({ rule, kept, violated, unjudged }) => [rule, [kept, violated, unjudged]]));
}

const violations = (rules: Record<string, readonly number[]>): number =>
  Object.values(rules).reduce((sum, [, violated = 0]) => sum + violated, 0);

async function checkTold(context: Context, files: RecordedFiles): Promise<void> {
  const rules = await rulesOf(files);
  context.figure('kvm: rules: kept, violated, not judged', rules);
  context.check(violations(rules) === 0, 'kvm: no event contradicts the offset that KVM told');
  for (const rule of ['run', 'halt', 'interrupt', 'packet'])
    context.check((rules[rule]?.[0] ?? 0) > 0, `kvm: events tell of the rule "${rule}"`);
  await checkMended(
    context,
    'apart',
    files,
    { ...files.host, guests: [] },
    {
      ...(files.guests[0] as TraceFile),
      timeShift: undefined,
    },
  );
}

async function checkMeasured(context: Context, files: RecordedFiles): Promise<void> {
  const guest = files.guests[0] as TraceFile;
  context.figure('ptp: rules: kept, violated, not judged', await rulesOf(files));
  const stock = await errorOf(context, guest);
  context.figure('ptp: error of trace-cmd, ns', stock);
  const mended = await checkMended(context, 'ptp', files, files.host, guest);
  if (mended === undefined) return;
  const ratio = mended / stock;
  context.figure('ptp: mended error, by trace-cmd’s', ratio);
  context.check(ratio <= MOST, 'ptp: at most a fifth of the error of trace-cmd');
}

/** Mends a guest's clock; gives how far it is then from the truth, ns. */
async function checkMended(
  context: Context,
  name: string,
  files: RecordedFiles,
  host: TraceFile,
  guest: TraceFile,
): Promise<number | undefined> {
  const mended = await mendClock(host, guest);
  context.check(mended.kind === 'mended', `${name}: events prove an offset`);
  if (mended.kind !== 'mended') return undefined;
  const error = await errorOf(context, { ...guest, timeShift: mended.timeShift });
  const bounds = mended.timeShift.cpus.flat().map(({ bound = 0n }) => Number(bound));
  const bound = (Math.min(...bounds) * 1e9) / (await tscFrequency(context.lab.host));
  context.figure(`${name}: mended, error and bound, ns`, { error, bound, events: mended.events });
  context.check(error <= bound, `${name}: the mended offset is as right as its bound says`);
  context.check(
    violations(await rulesOf(files, mended.timeShift)) === 0,
    `${name}: no event contradicts the mended clock`,
  );
  return error;
}

/** Root mean square of the error of times along the recording, ns. */
async function errorOf(context: Context, guest: TraceFile): Promise<number> {
  const { lab } = context;
  const { pid } = lab.guests.find(({ number }) => number === GUEST)!;
  const offset = (await knownVcpus(lab.host, pid))[0]!.offset;
  const times = (guest.timeShift?.cpus ?? []).flat().map(({ time }) => time);
  const range = [times.reduce((a, b) => (a < b ? a : b)), times.reduce((a, b) => (a > b ? a : b))] as const;
  const { times: errors } = guestSyncError(guest, (time) => time - offset, range, await tscFrequency(lab.host));
  return errors.rootMeanSquare;
}
