import type { OptionFacts } from './decode-options.ts';
import type { MutableTexts } from './metadata-texts.ts';
import type { Section, TraceBuffer, TraceOption } from './types.ts';

/** What the readers of v6 and v7 find, in the shape that both share. */
export interface Contents {
  readonly sections: readonly Section[];
  readonly optionSections: readonly Section[];
  readonly options: readonly TraceOption[];
  readonly facts: OptionFacts;
  readonly texts: MutableTexts;
  readonly buffers: readonly TraceBuffer[];
  /** v6: the CPU count in the file. v7: 0, it is an option. */
  readonly cpuCount: number;
  /** The section whose body has that id's content. */
  readonly find: (id: number) => Section | undefined;
}
