import { TandemError } from '../../base/errors.ts';
import { at, OPTION } from '../../trace-file/ids.ts';
import type { SourceReader } from '../../trace-file/source-reader.ts';
import { dumpBuffer } from './buffer-option.ts';
import type { Damage } from './damage.ts';
import type { KnownOptions } from './option-names.ts';
import { OptionsDump, type SectionPointer } from './options.ts';
import type { PartWriter } from './part-writer.ts';
import type { SectionFile } from './section-file.ts';
import { dumpSectionList } from './section-list.ts';
import {
  dumpCommandLines,
  dumpEventFormats,
  dumpFtraceFormats,
  dumpHeaderInfo,
  dumpKallsyms,
  dumpModules,
  dumpPrintkFormats,
} from './texts.ts';

type DumpBody = (reader: SourceReader, writer: PartWriter, size: number) => Promise<void>;

const BODIES: ReadonlyMap<number, DumpBody> = new Map([
  [OPTION.HEADER_INFO, dumpHeaderInfo],
  [OPTION.FTRACE_EVENTS, dumpFtraceFormats],
  [OPTION.EVENT_FORMATS, dumpEventFormats],
  [OPTION.KALLSYMS, dumpKallsyms],
  [OPTION.PRINTK, dumpPrintkFormats],
  [OPTION.CMDLINES, dumpCommandLines],
  [OPTION.MODULES, dumpModules],
]);

/** A file of version 7, which consists of sections. */
export class SectionedDump {
  readonly #file: SectionFile;
  readonly #writer: PartWriter;
  readonly #known: KnownOptions;
  readonly #damage: Damage;

  constructor(file: SectionFile, writer: PartWriter, known: KnownOptions, damage: Damage) {
    this.#file = file;
    this.#writer = writer;
    this.#known = known;
    this.#damage = damage;
  }

  /** The reader stands behind the names of the compression. */
  async dump(reader: SourceReader): Promise<void> {
    const writer = this.#writer;
    const firstOptions = await reader.u64();
    const count = await dumpSectionList(this.#file, reader, writer, this.#known.idLimit, this.#damage);
    const options = new OptionsDump(writer, this.#known, this.#damage, (data, out, id) =>
      dumpBuffer(data, out, id, this.#file),
    );
    if (await this.#damage.attempt(() => this.#optionsChain(firstOptions, options))) {
      writer.write(['summary', 'options'], `\t[${options.count} options]\n`);
    }
    for (const pointer of options.sections.toReversed()) {
      await this.#damage.attempt(() => this.#section(pointer));
      await writer.drain();
    }
    writer.write(['summary', 'sections'], `\t[${count} sections]\n`);
  }

  /** All options: a chain of sections, each with the offset of the next in its last option. */
  async #optionsChain(first: number, options: OptionsDump): Promise<void> {
    const seen = new Set<number>();
    for (let offset = first; ; ) {
      if (seen.has(offset)) {
        throw new TandemError('CORRUPT', this.#file.name, `the options at ${at(offset)} come twice in their chain`);
      }
      seen.add(offset);
      const reader = this.#file.readerAt(offset);
      const section = await this.#file.header(reader);
      this.#file.writeHeader(this.#writer, ['options'], section);
      offset = await options.dumpBlock((await this.#file.body(section, reader)).reader, true);
      if (offset === 0) return;
      this.#writer.write(['options'], '\n\n');
    }
  }

  /** What a pointer points at. */
  async #section({ id, offset, parts }: SectionPointer): Promise<void> {
    const reader = this.#file.readerAt(offset);
    const section = await this.#file.header(reader);
    this.#file.writeHeader(this.#writer, parts, section);
    const body = await this.#file.body(section, reader);
    await BODIES.get(id)?.(body.reader, this.#writer, body.size);
  }
}
