import { ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';
import type { EventFormat } from '../../format/event-format.ts';
import type { EventRecord } from '../../format/record.ts';
import type { PlacedRecord } from '../../ring-buffer/record-cursor.ts';
import type { InfoWriter } from '../events/context.ts';
import type { BoundColumn } from './bound-column.ts';
import { type FieldWriter, fieldJson } from './json-fields.ts';
import { jsonKey, writeJsonString } from './json-writer.ts';
import type { EventLookup, EventWriter, LineTime } from './line-writer.ts';

/** Where the events come from, as every line of a buffer says it. */
export interface JsonSource {
  readonly file: string;
  /** Empty for the top buffer. */
  readonly buffer: string;
  readonly littleEndian: boolean;
  readonly events: EventLookup;
  /** `--bounds` */
  readonly bound: BoundColumn | undefined;
  /** The task's name by pid. */
  comm(pid: number): Uint8Array;
  readonly line: LineTime;
}

interface KnownEvent {
  /** `,"system":"sched","event":"sched_switch","fields":{` */
  readonly head: Uint8Array;
  readonly fields: readonly { readonly key: Uint8Array; readonly write: FieldWriter }[];
  readonly info: InfoWriter;
}

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const CPU = utf8(',"cpu":');
const PID = utf8(',"pid":');
const COMM = utf8(',"comm":');
const TIME = utf8(',"time":"');
const QUOTE = utf8('"');
const BOUND = utf8(',"bound":');
const NULL = utf8('null');
const LOST = utf8(',"lost":');
const UNKNOWN = utf8(',"event":null,"id":');
const TEXT = utf8('},"text":');
const END = utf8('}\n');

/** Writes one JSON object per event and line: its place, its fields, and the text that a report shows of it. */
export class JsonEventWriter implements EventWriter {
  readonly #source: JsonSource;
  readonly #begin: Uint8Array;
  /** By event id; null for ids that the file does not describe. */
  readonly #known: (KnownEvent | null | undefined)[] = [];
  readonly #text = new ByteWriter(256);
  readonly #time = new U64();

  constructor(source: JsonSource) {
    this.#source = source;
    this.#begin = utf8(`{"file":${JSON.stringify(source.file)},"buffer":${JSON.stringify(source.buffer)}`);
  }

  write(out: ByteWriter, record: PlacedRecord, timeHi: number, timeLo: number): void {
    const { events, line } = this.#source;
    const isWhole = record.end - record.start >= events.commonSize;
    line.timeHi = timeHi;
    line.timeLo = timeLo;
    out.bytes(this.#begin);
    out.bytes(CPU);
    out.decimal(record.cpu);
    if (isWhole) this.#writeTask(out, record);
    out.bytes(TIME);
    this.#time.set(timeHi, timeLo);
    out.decimalU64(this.#time);
    out.bytes(QUOTE);
    this.#writeBound(out, record);
    if (record.missed !== 0) {
      out.bytes(LOST);
      out.decimal(record.missed);
    }
    const id = events.readId(record);
    const known = isWhole ? (this.#known[id] ?? this.#learn(id)) : null;
    if (known === null) {
      out.bytes(UNKNOWN);
      out.decimal(id);
    } else this.#writeEvent(out, record, known);
    out.bytes(END);
  }

  /** The bound of a guest's time, in units of `time`; null where nothing tells. */
  #writeBound(out: ByteWriter, record: EventRecord): void {
    const bound = this.#source.bound?.of(record);
    if (bound === undefined) return;
    out.bytes(BOUND);
    if (Number.isNaN(bound)) out.bytes(NULL);
    else out.decimal(bound);
  }

  #writeTask(out: ByteWriter, record: EventRecord): void {
    const pid = this.#source.events.readPid(record);
    const comm = this.#source.comm(pid);
    out.bytes(PID);
    out.decimal(pid);
    out.bytes(COMM);
    writeJsonString(out, comm, 0, comm.length);
  }

  #writeEvent(out: ByteWriter, record: EventRecord, { head, fields, info }: KnownEvent): void {
    out.bytes(head);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as KnownEvent['fields'][number];
      if (i > 0) out.byte(COMMA);
      out.bytes(field.key);
      field.write(out, record);
    }
    out.bytes(TEXT);
    const text = this.#text;
    text.clear();
    info(text, record);
    if (text.at(text.length - 1) === NEWLINE) text.truncate(text.length - 1);
    writeJsonString(out, text.view(), 0, text.length);
  }

  #learn(id: number): KnownEvent | null {
    const event = this.#source.events.find(id);
    const known = event === undefined ? null : this.#describe(event);
    this.#known[id] = known;
    return known;
  }

  #describe(event: EventFormat): KnownEvent {
    const { events, littleEndian } = this.#source;
    return {
      head: utf8(`,"system":${JSON.stringify(event.system)},"event":${JSON.stringify(event.name)},"fields":{`),
      fields: event.fields.map((field) => ({ key: jsonKey(field.name), write: fieldJson(field, littleEndian) })),
      info: events.infoWriter(event),
    };
  }
}
