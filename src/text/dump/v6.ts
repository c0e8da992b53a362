import type { ByteSource } from '../../base/byte-source.ts';
import { TandemError } from '../../base/errors.ts';
import type { OpenContext } from '../../trace-file/sections.ts';
import { SourceReader } from '../../trace-file/source-reader.ts';
import { dumpInstance } from './buffer-option.ts';
import type { Damage } from './damage.ts';
import type { KnownOptions } from './option-names.ts';
import { OptionsDump } from './options.ts';
import type { PartWriter } from './part-writer.ts';
import {
  dumpCommandLines,
  dumpEventFormats,
  dumpFtraceFormats,
  dumpHeaderInfo,
  dumpKallsyms,
  dumpPrintkFormats,
} from './texts.ts';

const TEXTS = [
  ['headers', dumpHeaderInfo],
  ['ftrace formats', dumpFtraceFormats],
  ['event formats', dumpEventFormats],
  ['kallsyms', dumpKallsyms],
  ['printk formats', dumpPrintkFormats],
  ['command lines', dumpCommandLines],
] as const;

/** What stands before each part behind the CPU count. */
const MARK_BYTES = 10;
const OPTIONS_MARK = 'options  \0';
const LATENCY_MARK = 'latency  \0';
const FLYRECORD_MARK = 'flyrecord\0';

const latin1 = new TextDecoder('latin1');

/** A file of version 6 or older, which has its parts one after the other. */
export class SequentialDump {
  readonly #source: ByteSource;
  readonly #reader: SourceReader;
  readonly #writer: PartWriter;
  readonly #damage: Damage;
  readonly #options: OptionsDump;
  #cpuCount = 0;

  constructor({ source, header }: OpenContext, writer: PartWriter, known: KnownOptions, damage: Damage) {
    this.#source = source;
    this.#reader = new SourceReader(source, header.littleEndian, source.name, header.end);
    this.#writer = writer;
    this.#damage = damage;
    this.#options = new OptionsDump(writer, known, damage, dumpInstance);
  }

  async dump(): Promise<void> {
    for (const [name, dump] of TEXTS) {
      this.#reader.subject = `${this.#source.name}: ${name}`;
      await dump(this.#reader, this.#writer);
    }
    this.#reader.subject = `${this.#source.name}: CPU count`;
    this.#cpuCount = await this.#reader.u32();
    this.#writer.write(['summary'], `\t${this.#cpuCount | 0} [CPUs with tracing data]\n`);
    await this.#markedParts();
  }

  /** Options, then where the events are; what follows is padding or events. */
  async #markedParts(): Promise<void> {
    const reader = this.#reader;
    let eventsFound = false;
    while (reader.remaining >= MARK_BYTES) {
      const mark = latin1.decode(await reader.bytes(MARK_BYTES));
      if (mark === OPTIONS_MARK) {
        reader.subject = `${this.#source.name}: options`;
        await this.#options.dumpBlock(reader, false);
        this.#writer.write(['summary', 'options'], `\t[${this.#options.count} options]\n`);
      } else if (mark === LATENCY_MARK) {
        this.#writer.write(['summary'], '\t[Latency tracing data]\n');
        eventsFound = true;
      } else if (mark === FLYRECORD_MARK) {
        reader.subject = `${this.#source.name}: flyrecord`;
        await this.#flyrecord();
        eventsFound = true;
      } else break;
    }
    if (!eventsFound) {
      const hint = 'the recording was not finished';
      this.#damage.add(new TandemError('TRUNCATED', this.#source.name, 'has nothing behind its options', hint));
    }
  }

  async #flyrecord(): Promise<void> {
    const reader = this.#reader;
    this.#writer.write(['summary', 'flyrecord'], '\t[Flyrecord tracing data]\n');
    for (let cpu = 0; cpu < this.#cpuCount; cpu++) {
      const offset = await reader.u64();
      const size = await reader.u64();
      const columns = `\t ${blankForZero(offset)} ${blankForZero(size)}`;
      this.#writer.write(['flyrecord'], `${columns}\t[offset, size of cpu ${cpu}]\n`);
      this.#checkEvents(cpu, offset + size);
      await this.#writer.drain();
    }
    await this.#clock();
  }

  #checkEvents(cpu: number, end: number): void {
    const missing = end - this.#source.size;
    if (missing <= 0) return;
    this.#damage.add(new TandemError('TRUNCATED', `${this.#source.name}: CPU ${cpu}`, `ends ${missing} bytes early`));
  }

  async #clock(): Promise<void> {
    const parts = ['summary', 'clock'] as const;
    this.#writer.write(parts, '\t[Tracing clock]\n');
    if (!this.#options.clockStored) {
      this.#writer.write(parts, '\t\t No tracing clock saved in the file\n');
      return;
    }
    const size = await this.#reader.u64();
    this.#writer.write(parts, '\t\t');
    await this.#writer.copyText(parts, this.#reader, size);
    this.#writer.write(parts, '\n');
  }
}

/** Right-aligned to 10 columns; blank for 0, which is how C prints a zero with no digits required. */
function blankForZero(value: number): string {
  return (value === 0 ? '' : String(value)).padStart(10);
}
