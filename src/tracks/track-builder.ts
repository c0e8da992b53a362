import type { ReportFile } from '../text/report/report-file.ts';
import { Correction } from '../time/correction.ts';
import { windowBytesOf } from '../timeline/open-timeline.ts';
import { Timeline } from '../timeline/timeline.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import { EventMeanings, LaneTracks } from './lane-tracks.ts';
import type { TrackPlan } from './layout.ts';
import { MachineTracks } from './machine-tracks.ts';
import { Names } from './names.ts';
import { limitToRange, relativeTime } from './plan-times.ts';
import type { TaskNames, Track, TrackChunk, TrackColumns, TrackNames } from './types.ts';

/** Columns that grow. */
interface Rows {
  /** What is kept of what was taken. */
  readonly all?: TrackColumns;
  /** From when on what happened may be in no column yet. */
  readonly openSince?: number;
  take(): TrackColumns | undefined;
}

/**
 * Fills the tracks of a plan, in one pass through all events in the order of their times:
 *
 *     const builder = new TrackBuilder(files, plan);
 *     while (!builder.ended) {
 *       await builder.fill();
 *       while (builder.step(100_000)) show(builder.takeChunks(), builder.until);
 *     }
 *     show(builder.takeChunks(), builder.until);
 */
export class TrackBuilder {
  readonly plan: TrackPlan;
  /** As in the layout. */
  readonly machines: readonly MachineTracks[];
  /** How many events were gone through. */
  events = 0;
  /** Time of the latest of them: what happened before is in the tracks, but for losses, which show at their ends. */
  until = 0;

  readonly #names = new Names();
  readonly #timeline: Timeline<LaneTracks>;
  readonly #timeOf: (hi: number, lo: number) => number;
  readonly #lanes: readonly LaneTracks[];
  /** By track. */
  readonly #rows: readonly Rows[];
  #isLimited = false;
  #namesTaken = -1;
  #isOver = false;

  /** @param open how streams are opened: whoever wants to know where events lie looks at them as they pass */
  constructor(files: readonly ReportFile[], plan: TrackPlan, open = openCpuStream) {
    const { layout, lanes } = plan;
    this.plan = plan;
    this.#timeOf = relativeTime(layout);
    this.machines = layout.machines.map(({ file }) => new MachineTracks(files[file]!, this.#names));
    const meanings = this.machines.map((machine) => new EventMeanings(machine));
    const windowBytes = windowBytesOf(lanes.length);
    this.#lanes = lanes.map(({ track, file, buffer, cpu, rules }) => {
      const { machine } = layout.tracks[track]!;
      const stream = open(files[file]!.trace, buffer, cpu, { windowBytes, lookahead: false });
      return new LaneTracks(stream, new Correction(cpu, rules), this.machines[machine]!, meanings[machine]!);
    });
    this.#timeline = new Timeline(this.#lanes);
    this.#rows = layout.tracks.map((track, place) => this.#rowsOf(track, place));
  }

  #rowsOf(track: Track, place: number): Rows {
    if (track.kind === 'events') return this.#lanes[this.plan.lanes.findIndex((lane) => lane.track === place)]!.rows;
    const start = this.plan.settings.range?.from ?? 0;
    if (track.kind === 'vcpu') return this.machines[track.host]!.addVcpu(track.pid, start).rows;
    return this.machines[track.machine]!.cpu(track.cpu)[track.kind].rows;
  }

  /** All events were gone through. */
  get ended(): boolean {
    return this.#isOver;
  }

  /** Loads what `step` needs to go on. */
  async fill(): Promise<void> {
    if (!this.#isLimited) await limitToRange(this.#timeline, this.plan);
    this.#isLimited = true;
    await this.#timeline.fill();
  }

  /** Goes through up to so many events. False when there was none: at the end, or where `fill` is needed. */
  step(most: number): boolean {
    const timeline = this.#timeline;
    const timeOf = this.#timeOf;
    let { until } = this;
    let count = 0;
    while (count < most) {
      const one = timeline.next();
      if (one === undefined) break;
      const time = one.input.saw(one.record, timeOf(one.hi, one.lo));
      if (time > until) until = time;
      count++;
    }
    this.events += count;
    this.until = until;
    if (timeline.ended) this.#finish();
    return count > 0;
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const machine of this.machines) machine.finish(this.until);
  }

  /** What is new since the last time, in memory of its own: it can be transferred. */
  takeChunks(): TrackChunk[] {
    return this.#rows.flatMap((rows, track) => {
      const columns = rows.take();
      return columns === undefined ? [] : [{ track, columns }];
    });
  }

  /** All columns of a track so far, not copied: valid until the next step. Those of lanes are not kept: undefined. */
  columns(track: number): TrackColumns | undefined {
    return this.#rows[track]?.all;
  }

  /** Time before which a track's columns hold all of what is gone through. */
  finalUntil(track: number): number {
    return this.#rows[track]?.openSince ?? Number.POSITIVE_INFINITY;
  }

  /** All names so far, tasks by machine; undefined when there is none that is new. */
  takeNames(): { readonly names: TrackNames; readonly tasks: readonly TaskNames[] } | undefined {
    const changes = this.machines.reduce((sum, { tasks }) => sum + tasks.changes, this.#names.count);
    if (changes === this.#namesTaken) return undefined;
    this.#namesTaken = changes;
    return { names: this.names, tasks: this.machines.map(({ tasks }) => tasks.copyNames()) };
  }

  /** Names of exits so far, not copied. */
  get exitNames(): readonly string[] {
    return this.#names.exits.names;
  }

  get names(): TrackNames {
    return this.#names.copy();
  }

  /** What could not be read so far, one line each. */
  get warnings(): string[] {
    return this.#lanes.flatMap(({ stream }) => [...stream.warnings]);
  }
}
