import { OPTION } from '../../trace-file/ids.ts';
import type { SourceReader } from '../../trace-file/source-reader.ts';
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
   * Options up to and with DONE, which in v6 is an id only (`doneHasData` false).
   * @returns the file offset of more options, 0 for none
   */
  async dumpBlock(reader: SourceReader, doneHasData: boolean): Promise<number> {
    for (;;) {
      const id = await reader.u16();
      if (id === OPTION.DONE && !doneHasData) return 0;
      const size = await reader.u32();
      this.count++;
      if (id === OPTION.DONE) return this.#done(reader, size);
      await this.#option(reader, id, size);
      await this.#writer.drain();
    }
  }

  async #done(reader: SourceReader, size: number): Promise<number> {
    this.#writer.write(SHOWN, `\t\t[Option DONE, ${size | 0} bytes]\n`);
    if (size < 8) return 0;
    const next = await reader.u64();
    this.#writer.write(SHOWN, `${next}\n`);
    return next;
  }

  async #option(reader: SourceReader, id: number, size: number): Promise<void> {
    const text = this.#known.texts.get(id);
    const pointer = this.#known.pointers.get(id);
    const numbers = NUMBERS.get(id);
    if (text) await this.#text(reader, text, size);
    else if (numbers) await this.#numbers(reader, id, size, ...numbers);
    else if (pointer) await this.#pointer(reader, id, size, pointer);
    else if (id === OPTION.TRACECLOCK) await this.#clock(reader, size);
    else if (id === OPTION.BUFFER || id === OPTION.BUFFER_TEXT) {
      const data = this.#data(reader, id, size);
      await this.#damage.attempt(() => this.#dumpBuffer(data, this.#writer, id));
    } else {
      this.#writer.write(SHOWN, ` ${id} ${size | 0}\t[Unknown option, size - skipping]\n`);
      reader.skip(size);
    }
  }

  async #text(reader: SourceReader, name: string, size: number): Promise<void> {
    this.#writer.write(SHOWN, `\t\t[Option ${name}, ${size | 0} bytes]\n`);
    if (size === 0) return;
    await this.#writer.copyText(SHOWN, reader, size);
    this.#writer.write(SHOWN, '\n');
  }

  async #clock(reader: SourceReader, size: number): Promise<void> {
    const parts = ['options', 'clock'] as const;
    this.#writer.write(SHOWN, `\t\t[Option TRACECLOCK, ${size | 0} bytes]\n`);
    await this.#writer.copyText(parts, reader, size);
    this.#writer.write(parts, '\n');
    this.clockStored = true;
  }

  async #numbers(reader: SourceReader, id: number, size: number, start: string, lines: DumpData): Promise<void> {
    this.#writer.write(SHOWN, `${start}, ${size | 0} bytes]\n`);
    const data = this.#data(reader, id, size);
    await this.#damage.attempt(() => lines(data, this.#writer));
  }

  async #pointer(reader: SourceReader, id: number, size: number, { name, parts }: PointerName): Promise<void> {
    const data = this.#data(reader, id, size);
    await this.#damage.attempt(async () => {
      const offset = await data.u64();
      this.#writer.write(SHOWN, `\t\t[Option ${name}, ${size} bytes] @ ${offset}\n`);
      this.sections.push({ id, offset, parts });
    });
  }

  #data(reader: SourceReader, id: number, size: number): SourceReader {
    return reader.part(size, `${reader.subject}: option ${id}`);
  }
}
