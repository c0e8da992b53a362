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

type DumpBody = (reader: SourceReader, writer: PartWriter) => Promise<void>;

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

  async dump(): Promise<void> {
    const writer = this.#writer;
    const count = await dumpSectionList(this.#file, writer, this.#known.idLimit, this.#damage);
    const options = new OptionsDump(writer, this.#known, this.#damage, (data, out, id) =>
      dumpBuffer(data, out, id, this.#file),
    );
    if (await this.#damage.attempt(() => this.#optionsChain(options))) {
      writer.write(['summary', 'options'], `\t[${options.count} options]\n`);
    }
    for (const pointer of options.sections.toReversed()) {
      await this.#damage.attempt(() => this.#section(pointer));
      await writer.drain();
    }
    writer.write(['summary', 'sections'], `\t[${count} sections]\n`);
  }

  /** All options: a chain of sections, each with the offset of the next in its last option. */
  async #optionsChain(options: OptionsDump): Promise<void> {
    const { source, header } = this.#file.context;
    const seen = new Set<number>();
    for (let offset = header.firstOptions; ; ) {
      if (seen.has(offset)) {
        throw new TandemError('CORRUPT', source.name, `the options at ${at(offset)} come twice in their chain`);
      }
      seen.add(offset);
      const section = await this.#file.section(offset);
      this.#file.writeHeader(this.#writer, ['options'], section);
      offset = await options.dumpBlock(await this.#file.body(section), true);
      if (offset === 0) return;
      this.#writer.write(['options'], '\n\n');
    }
  }

  /** What a pointer points at. */
  async #section({ id, offset, parts }: SectionPointer): Promise<void> {
    const section = await this.#file.section(offset);
    this.#file.writeHeader(this.#writer, parts, section);
    await BODIES.get(id)?.(await this.#file.body(section), this.#writer);
  }
}
