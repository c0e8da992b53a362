import { memorySource } from '../../base/byte-source.ts';
import { OPTION } from '../../trace-file/ids.ts';
import { parseOptions } from '../../trace-file/sections.ts';
import { SourceReader } from '../../trace-file/source-reader.ts';
import type { TraceOption } from '../../trace-file/types.ts';
import type { Damage } from './damage.ts';
import { dumpCpuCount, dumpGuest, dumpTraceId, dumpTscToNanoseconds } from './option-lines.ts';
import type { KnownOptions, PointerName } from './option-names.ts';
import type { PartWriter } from './part-writer.ts';
import type { DumpPart } from './parts.ts';
import { dumpTimeShift } from './time-shift-lines.ts';

/** A section that an option points at. */
export interface SectionPointer {
  readonly id: number;
  readonly offset: number;
  readonly parts: readonly DumpPart[];
}

/** Shows what an option holds. The reader ends where the option ends. */
type DumpData = (data: SourceReader, writer: PartWriter) => Promise<void>;

/** Shows an option BUFFER or BUFFER_TEXT, which versions of the file differ in. */
export type DumpBuffer = (data: SourceReader, writer: PartWriter, id: number) => Promise<void>;

/** Options that hold numbers: how their first line begins, and the others. */
const NUMBERS: ReadonlyMap<number, readonly [start: string, lines: DumpData]> = new Map([
  [OPTION.CPUCOUNT, ['\t\t[Option CPUCOUNT', dumpCpuCount]],
  [OPTION.TRACEID, ['\t\t[Option TRACEID', dumpTraceId]],
  [OPTION.TIME_SHIFT, ['\t\t[Option TimeShift', dumpTimeShift]],
  [OPTION.GUEST, ['\t\t[Option GUEST', dumpGuest]],
  [OPTION.TSC2NSEC, ['\n\t\t[Option TSC2NSEC', dumpTscToNanoseconds]],
]);

const SHOWN = ['options'] as const;

/** Shows options one by one and keeps what the rest of the dump needs to know of them. */
export class OptionsDump {
  readonly #writer: PartWriter;
  readonly #known: KnownOptions;
  readonly #damage: Damage;
  readonly #dumpBuffer: DumpBuffer;
  /** Options so far. */
  count = 0;
  /** Sections that options point at, in the order of the options. */
  readonly sections: SectionPointer[] = [];
  /** Whether there is an option with the clock. */
  clockStored = false;

  constructor(writer: PartWriter, known: KnownOptions, damage: Damage, dumpBuffer: DumpBuffer) {
    this.#writer = writer;
    this.#known = known;
    this.#damage = damage;
    this.#dumpBuffer = dumpBuffer;
  }

  /**
   * Options up to and with DONE; with all before it where the reader meets damage.
   * @returns the file offset of more options; 0 for none, and always without sections
   */
  async dumpBlock(reader: SourceReader, sectioned: boolean): Promise<number> {
    const options: Omit<TraceOption, 'block'>[] = [];
    try {
      return await parseOptions(reader, sectioned, (option) => options.push(option));
    } finally {
      for (const { id, data } of options) {
        const subject = `${reader.subject}: option ${id}`;
        const content = new SourceReader(memorySource(subject, data), reader.littleEndian, subject);
        await this.#damage.attempt(() => this.#option(id, content));
        await this.#writer.drain();
      }
      this.count += options.length;
    }
  }

  async #option(id: number, data: SourceReader): Promise<void> {
    const text = this.#known.texts.get(id);
    const pointer = this.#known.pointers.get(id);
    const numbers = NUMBERS.get(id);
    const size = data.remaining;
    if (text) await this.#text(text, data);
    else if (pointer) await this.#pointer(id, data, pointer);
    else if (numbers) {
      const [start, dumpData] = numbers;
      this.#writer.write(SHOWN, `${start}, ${size} bytes]\n`);
      await dumpData(data, this.#writer);
    } else if (id === OPTION.DONE) {
      this.#writer.write(SHOWN, `\t\t[Option DONE, ${size} bytes]\n`);
      this.#writer.write(SHOWN, `${await data.u64()}\n`);
    } else if (id === OPTION.TRACECLOCK) await this.#clock(data);
    else if (id === OPTION.BUFFER || id === OPTION.BUFFER_TEXT) await this.#dumpBuffer(data, this.#writer, id);
    else this.#writer.write(SHOWN, ` ${id} ${size}\t[Unknown option, size - skipping]\n`);
  }

  async #text(name: string, data: SourceReader): Promise<void> {
    const size = data.remaining;
    this.#writer.write(SHOWN, `\t\t[Option ${name}, ${size} bytes]\n`);
    if (size === 0) return;
    await this.#writer.copyText(SHOWN, data, size);
    this.#writer.write(SHOWN, '\n');
  }

  async #clock(data: SourceReader): Promise<void> {
    const parts = ['options', 'clock'] as const;
    const size = data.remaining;
    this.#writer.write(SHOWN, `\t\t[Option TRACECLOCK, ${size} bytes]\n`);
    await this.#writer.copyText(parts, data, size);
    this.#writer.write(parts, '\n');
    this.clockStored = true;
  }

  async #pointer(id: number, data: SourceReader, { name, parts }: PointerName): Promise<void> {
    const size = data.remaining;
    const offset = await data.u64();
    this.#writer.write(SHOWN, `\t\t[Option ${name}, ${size} bytes] @ ${offset}\n`);
    this.sections.push({ id, offset, parts });
  }
}
