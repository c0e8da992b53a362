import { ByteWriter } from '../../../src/base/byte-writer.ts';
import type { PlacedRecord } from '../../../src/ring-buffer/record-cursor.ts';
import { FunctionStacks } from '../../../src/text/events/function-stacks.ts';
import { PluginOptions } from '../../../src/text/events/options.ts';
import type { ComingEvents } from '../../../src/text/report/file-context.ts';
import { reportLanes } from '../../../src/text/report/lanes.ts';
import type { EventWriter } from '../../../src/text/report/line-writer.ts';
import { LostEvents } from '../../../src/text/report/lost-events.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { reportInput, reportSettings } from '../../../src/text/report/settings.ts';
import type { TraceBuffer } from '../../../src/trace-file/types.ts';

/** An event as `tandem report --json --bounds` prints it. What is not there is not known. */
export interface JsonEvent {
  readonly pid?: number;
  readonly comm?: string;
  readonly bound?: number | null;
  readonly lost?: number;
  readonly system?: string;
  /** Null for types that the file does not describe. */
  readonly event: string | null;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly text?: string;
}

/**
 * Indents of function traces are guessed from all that came before: single events have none. Files are opened once.
 */
const PLUGIN_OPTIONS = new PluginOptions(['ftrace:indent=0']);

/** The texts of single events, in any order, by what writes reports. */
export class EventTexts {
  readonly #json: ReadonlyMap<TraceBuffer, EventWriter>;
  readonly #lines: ReadonlyMap<TraceBuffer, EventWriter>;
  readonly #out = new ByteWriter(1 << 10);
  readonly #decoder = new TextDecoder();

  /** @param coming what follows the event that is being written */
  constructor(files: readonly ReportFile[], coming: ComingEvents) {
    const shared = { options: PLUGIN_OPTIONS, functionStacks: new FunctionStacks(), coming };
    const writers = (settings: { readonly json: boolean; readonly bounds: boolean }) => {
      const inputs = files.map((file) => reportInput(file));
      const filters = files.map(() => 'all' as const);
      const plan = { inputs, filters, shared, lost: new LostEvents(), wakeup: undefined, shift: 0n, places: undefined };
      const lanes = reportLanes(plan, reportSettings(settings));
      return new Map(lanes.map(({ buffer, writer }) => [buffer, writer]));
    };
    this.#json = writers({ json: true, bounds: true });
    this.#lines = writers({ json: false, bounds: false });
  }

  event(buffer: TraceBuffer, record: PlacedRecord, stamp: bigint): JsonEvent {
    return JSON.parse(this.#write(this.#json, buffer, record, stamp)) as JsonEvent;
  }

  /** As `tandem report` prints it, without its line end; lost events stand on a line of their own before it. */
  line(buffer: TraceBuffer, record: PlacedRecord, stamp: bigint): string {
    return this.#write(this.#lines, buffer, record, stamp);
  }

  #write(
    writers: ReadonlyMap<TraceBuffer, EventWriter>,
    buffer: TraceBuffer,
    record: PlacedRecord,
    stamp: bigint,
  ): string {
    const out = this.#out;
    out.clear();
    writers.get(buffer)?.write(out, record, Number(stamp >> 32n), Number(stamp & 0xffff_ffffn));
    return this.#decoder.decode(out.view()).replace(/\n$/, '');
  }
}
