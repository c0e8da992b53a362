import { parentPort, workerData } from 'node:worker_threads';
import { TandemError } from '../base/errors.ts';
import { protocolNamed } from '../sync/registry.ts';
import { CONTROL_PROBE, writeControlProbe } from '../wire/time-sync/none.ts';
import { BlockingLink } from './blocking-link.ts';
import { answeringBurst, burst } from './burst.ts';
import { ExitStamps } from './exit-stamps.ts';
import { answerMeasurements } from './guest-loop.ts';
import { measureRounds } from './host-loop.ts';
import { KvmFiles } from './kvm-files.ts';
import { RawMarkers } from './raw-markers.ts';
import { RunTrace } from './run-trace.ts';
import { SamplingThread } from './sampling-thread.ts';
import { StopSignal } from './stop-signal.ts';
import { SystemClock } from './system-clock.ts';
import type { SamplerMessage, SamplerTask } from './types.ts';
import { warmUp } from './warm-up.ts';

/* A thread that measures, or helps to measure, one guest. It blocks for most of its life. */

const task = workerData as SamplerTask;
const say = (message: SamplerMessage): void => parentPort?.postMessage(message);

function run(markers: RawMarkers): void {
  const { fd, protocol: name, peer, timeoutMs } = task.options;
  const protocol = protocolNamed(name);
  if (protocol === undefined)
    throw new TandemError('UNSUPPORTED', peer, `chose the unknown time sync protocol "${name}"`);
  const firstTimeoutMs = task.role === 'host' ? task.options.firstTimeoutMs : timeoutMs;
  const link = new BlockingLink(fd, name, peer, timeoutMs, firstTimeoutMs);
  const thread = new SamplingThread();
  const now = (): number => performance.now();
  warmUp(markers);
  if (task.role === 'guest') {
    const exits = new ExitStamps(task.options.instance, markers, now);
    try {
      const side = protocol.guest({
        link,
        markers,
        now,
        burst: answeringBurst(thread, link),
        stampExits: (most) => exits.make(most),
      });
      answerMeasurements({ link, side, thread, say });
    } finally {
      exits.close();
    }
    return;
  }
  const { cpuCount, intervalMs, vm, wantsProbes } = task.options;
  const files = vm && KvmFiles.open(vm.pid, cpuCount, vm.kvmFolder);
  const side = protocol.host({
    link,
    markers,
    systemClock: new SystemClock(),
    vcpuTsc: files && ((cpu) => files.tsc(cpu)),
    runWatch: runs,
    ask: (cpu) => link.sendControl(CONTROL_PROBE, writeControlProbe(link.output, 0, cpu)),
    burst: burst(thread, link),
    now,
  });
  measureRounds({ link, side, cpuCount, intervalMs, wantsProbes, stop: new StopSignal(task.stop), say });
}

/** Undefined where the events can't be had: what was agreed on works without. */
function runTrace(markers: RawMarkers): RunTrace | undefined {
  const { instance } = task.options;
  if (instance.runs === undefined) return undefined;
  const tell = (why: string): void => say({ type: 'problem', problem: `when its vCPUs run is not known: ${why}` });
  try {
    return new RunTrace(instance, instance.runs, markers, tell);
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    tell(error.message);
    return undefined;
  }
}

let markers: RawMarkers | undefined;
let runs: RunTrace | undefined;
let problem: string | undefined;
try {
  markers = new RawMarkers(task.options.instance);
  runs = runTrace(markers);
  run(markers);
} catch (error) {
  problem = error instanceof TandemError ? error.message : String((error as Error).stack);
} finally {
  // The instance can be removed from here on.
  runs?.close();
  markers?.close();
}
say({ type: 'ended', problem });
