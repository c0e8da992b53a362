/*
 * What happened, in a sentence with links: the answer to "why was it not running?".
 */
import { isOutside } from '../../../src/tracks/explain.ts';
import { type Machine, UNKNOWN_PID, VCPU_STATE, type VcpuTrack } from '../../../src/tracks/types.ts';
import type { Scene } from '../draw/scene.ts';
import { exitText, taskAndPid } from '../draw/words.ts';
import { countUntil } from './ascending.ts';
import { exactTime, lengthText } from './exact.ts';
import { isSameTask, spanOf } from './item.ts';
import type { Item, Span, Task } from './page.ts';
import type { StateSeries, TaskSeries } from './series.ts';
import { trackOf } from './track-key.ts';

/** A place to go to. */
export interface Link {
  readonly text: string;
  readonly track: number;
  readonly time: number;
}

export type Sentence = readonly (string | Link)[];
export type World = Pick<Scene, 'layout' | 'series' | 'taskRows' | 'names' | 'tasks'>;

const MOST_STEPS = 10_000;

export function sentenceText(sentence: Sentence): string {
  return sentence.map((part) => (typeof part === 'string' ? part : part.text)).join('');
}

/** About a slice. `time`: where in it the pointer is. Empty for events, which the worker describes. */
export function sentenceOf(world: World, item: Item, time?: number): Sentence {
  if (item.task !== undefined) return taskRowSentence(world, item.task, item.index);
  const series = world.series[item.track];
  const track = world.layout.tracks[item.track];
  if (series === undefined || track === undefined) return [];
  const span = spanOf(series, item);
  const length = lengthText(span.end - span.start, world.layout.unit);
  if (series.kind === 'vcpu' && track.kind === 'vcpu') return vcpuSentence(world, track, series, item.index);
  if (series.kind === 'tasks') {
    const stolen = time === undefined ? undefined : stolenAt(world, item.track, time);
    return stolen ?? taskSentence(world, item, series, span);
  }
  if (series.kind === 'calls' || series.kind === 'interrupts') {
    const key = series.levels[item.level]?.keys[item.index] ?? 0;
    const name = (series.kind === 'calls' ? world.names.functions : world.names.interrupts)[key] ?? 'unknown';
    return [`${name} took ${length} on CPU ${track.cpu}`];
  }
  return [];
}

function vcpuTrackOf({ layout }: World, machine: number, cpu: number): VcpuTrack | undefined {
  const track = layout.tracks[trackOf(layout, 'vcpu', machine, cpu)];
  return track?.kind === 'vcpu' ? track : undefined;
}

/** If a guest's CPU had been taken away at a time: by whom. */
function stolenAt(world: World, place: number, time: number): Sentence | undefined {
  const own = world.series[place];
  const track = world.layout.tracks[place];
  if (own?.kind !== 'tasks' || track === undefined || own.stolen.at(time) < 0) return undefined;
  const vcpu = vcpuTrackOf(world, track.machine, track.cpu);
  const states = vcpu === undefined ? undefined : world.series[world.layout.tracks.indexOf(vcpu)];
  if (vcpu === undefined || states?.kind !== 'vcpu') return undefined;
  const at = countUntil(states.shares.starts, states.shares.length, time) - 1;
  return at < 0 ? undefined : vcpuSentence(world, vcpu, states, at);
}

/** The host's tasks on the CPU, and its event there. */
function hostLinks(world: World, host: number, cpu: number, time: number, text: string): (string | Link)[] {
  const track = trackOf(world.layout, 'tasks', host, cpu);
  return track < 0 ? [text] : [{ text, track, time }];
}

function eventLink(world: World, machine: number, cpu: number, time: number, name: string): (string | Link)[] {
  const { layout } = world;
  const text = `${name} at ${exactTime(layout.base, time, layout.unit)}`;
  const track = trackOf(layout, 'events', machine, cpu);
  return track < 0 ? [text] : [{ text, track, time }];
}

function vcpuSentence(world: World, track: VcpuTrack, series: StateSeries, at: number): Sentence {
  const { layout } = world;
  const { shares, cpus } = series;
  const span = spanOf(series, { level: 0, index: at });
  const state = shares.kinds[at]!;
  const cpu = cpus[at]!;
  const length = lengthText(span.end - span.start, layout.unit);
  const guest = guestLink(world, track, span.start);
  const on = cpu < 0 ? [] : [' on ', ...hostLinks(world, track.host, cpu, span.start, `host CPU ${cpu}`)];
  if (state === VCPU_STATE.inGuest)
    return [...guest, ` in guest for ${length}`, ...on, ...ranThere(world, track, span.start)];
  if (state === VCPU_STATE.halted) return [...guest, ` halted for ${length}: the guest had nothing to do`];
  if (state === VCPU_STATE.unknown) return [...guest, ` unknown for ${length}`];
  return [...guest, ...stretchSentence(world, track, series, at)];
}

const MOST_CAUSES = 3;

/** Why the thread was not in the guest, from when it left until it was there again: what took longest first. */
function stretchSentence(world: World, track: VcpuTrack, series: StateSeries, at: number): Sentence {
  const { shares, details, cpus } = series;
  const { unit } = world.layout;
  const { first, next } = stretchOf(series, at);
  const sizes = Array.from({ length: next - first }, (_, place) => first + place)
    .map((place) => ({ place, length: shares.endOf(place) - shares.starts[place]! }))
    .sort((a, b) => b.length - a.length);
  const whole = shares.endOf(next - 1) - shares.starts[first]!;
  const causes = sizes
    .slice(0, MOST_CAUSES)
    .flatMap(({ place, length }, number) => [
      ...(number === 0 ? [] : ['; ']),
      ...(sizes.length > 1 ? [`${lengthText(length, unit)} `] : []),
      ...causeOf(world, track, shares.kinds[place]!, details[place]!, cpus[place]!, shares.starts[place]!),
    ]);
  const more = sizes.length > MOST_CAUSES ? [`; and ${sizes.length - MOST_CAUSES} shorter ones`] : [];
  return [` not running ${lengthText(whole, unit)}: `, ...causes, ...more];
}

function causeOf(
  world: World,
  { host }: VcpuTrack,
  state: number,
  detail: number,
  cpu: number,
  time: number,
): (string | Link)[] {
  const place = cpu < 0 ? [] : [' on ', ...hostLinks(world, host, cpu, time, `host CPU ${cpu}`)];
  const who = taskAndPid(world, host, detail);
  if (state === VCPU_STATE.preempted) {
    const by = hostLinks(world, host, cpu, time, who);
    return ['preempted', ...place, ' by ', ...by, ' (', ...eventLink(world, host, cpu, time, 'sched_switch'), ')'];
  }
  if (state === VCPU_STATE.waking) {
    const by =
      detail === UNKNOWN_PID ? [' waits for a CPU'] : [' waits for ', ...hostLinks(world, host, cpu, time, who)];
    return ['woken, but', ...by, ...place, ` (since ${exactTime(world.layout.base, time, world.layout.unit)})`];
  }
  if (state === VCPU_STATE.blocked) {
    return [`blocked on the host after exit ${exitText(world, detail)}`, ...place];
  }
  return [`in the hypervisor for exit ${exitText(world, detail)}`, ...place];
}

function guestLink(world: World, track: VcpuTrack, time: number): (string | Link)[] {
  const machine: Machine | undefined = world.layout.machines[track.machine];
  const text = `CPU ${track.cpu} of ${machine?.name ?? 'guest'}`;
  const place = trackOf(world.layout, 'tasks', track.machine, track.cpu);
  return place < 0 ? [text] : [{ text, track: place, time }];
}

/** What the guest ran there. */
function ranThere(world: World, track: VcpuTrack, time: number): string[] {
  const own = world.series[trackOf(world.layout, 'tasks', track.machine, track.cpu)];
  if (own?.kind !== 'tasks') return [];
  const at = countUntil(own.shares.starts, own.shares.length, time) - 1;
  return at < 0 ? [] : [`, running ${taskAndPid(world, track.machine, own.pids[at]!)}`];
}

/** Out of the guest, though not because the guest has nothing to do. */
const isHeldBack = (state: number): boolean => isOutside(state) && state !== VCPU_STATE.halted;

/** Slices from when the thread was held back until it was in the guest again, or halted. */
function stretchOf({ shares }: StateSeries, at: number): { readonly first: number; readonly next: number } {
  let first = at;
  while (first > 0 && at - first < MOST_STEPS && isHeldBack(shares.kinds[first - 1]!)) first--;
  let next = at + 1;
  while (next < shares.length && next - at < MOST_STEPS && isHeldBack(shares.kinds[next]!)) next++;
  return { first, next };
}

function taskSentence(world: World, item: Item, series: TaskSeries, span: Span): Sentence {
  const { layout } = world;
  const track = layout.tracks[item.track]!;
  const pid = series.pids[item.index]!;
  const length = lengthText(span.end - span.start, layout.unit);
  const who = taskAndPid(world, track.machine, pid);
  if (pid === 0) return [`CPU ${track.cpu} idle for ${length}`];
  if (pid === UNKNOWN_PID) return [`not known what CPU ${track.cpu} did for ${length}`];
  const stolen = lengthWithin(series, span);
  const taken = stolen > 0 ? `, ${lengthText(stolen, layout.unit)} of it taken by the host` : '';
  const vcpu = layout.tracks.find(
    (other) => other.kind === 'vcpu' && other.host === track.machine && other.pid === pid,
  );
  const runs = vcpu?.kind === 'vcpu' ? [': it is ', ...vcpuLink(world, vcpu, span.start)] : [];
  return [`${who} on CPU ${track.cpu} for ${length}${taken}`, ...runs];
}

/** What a task did that has a row of its own. */
function taskRowSentence(world: World, task: Task, index: number): Sentence {
  const series = world.taskRows.find((row) => isSameTask(row, task))?.series;
  if (series === undefined) return [];
  const { start, end } = spanOf(series, { level: 0, index });
  const length = lengthText(end - start, world.layout.unit);
  const who = taskAndPid(world, task.machine, task.pid);
  const cpu = series.cpus[index]!;
  const place = cpu < 0 ? ['a CPU'] : hostLinks(world, task.machine, cpu, start, `CPU ${cpu}`);
  switch (series.shares.kinds[index]) {
    case VCPU_STATE.inGuest:
      return [`${who} ran for ${length} on `, ...place];
    case VCPU_STATE.preempted:
      return [`${who} could run but did not for ${length}: preempted on `, ...place];
    case VCPU_STATE.waking:
      return [`${who} was woken and waited ${length} for `, ...place];
    case VCPU_STATE.blocked:
    case VCPU_STATE.halted:
      return [`${who} slept for ${length}, having run on `, ...place];
    default:
      return [`not known what ${who} did for ${length}`];
  }
}

function vcpuLink(world: World, track: VcpuTrack, time: number): (string | Link)[] {
  const name = world.layout.machines[track.machine]?.name ?? 'guest';
  return [{ text: `CPU ${track.cpu} of ${name}`, track: world.layout.tracks.indexOf(track), time }];
}

/** How much of a span the host took. */
export function lengthWithin({ stolen }: TaskSeries, { start, end }: Span): number {
  const until = (time: number) => {
    const at = countUntil(stolen.starts, stolen.length, time) - 1;
    return at < 0 ? 0 : stolen.before[at]! + Math.min(time, stolen.ends[at]!) - stolen.starts[at]!;
  };
  return until(end) - until(start);
}
