import type { EventFormat } from '../../format/event-format.ts';
import type { EventTable } from '../../format/event-table.ts';
import type { Field } from '../../format/field.ts';
import { type SmallReader, smallReader } from '../../format/field-reader.ts';
import { compileRawFields } from '../../format/print-fmt/raw-fields.ts';
import type { InfoWriter, TextContext } from '../events/context.ts';
import { infoWriter } from '../events/table.ts';
import type { EventChoice } from './event-choice.ts';
import type { EventLookup } from './line-writer.ts';

/** How the texts of events are chosen, for all files of a report. */
export interface TextChoices {
  /** `-R`: fields instead of texts, for all events. */
  readonly raw: boolean;
  /** `-r` */
  readonly rawEvents: EventChoice;
  /** `-n`: the print format instead of the text that is known for an event. */
  readonly plainEvents: EventChoice;
  /** False with `-N`: print formats only. */
  readonly knownTexts: boolean;
}

/** The common fields of every record, where a file without a single format has them too. */
const USUAL_PLACES: Readonly<Record<string, Pick<Field, 'offset' | 'size' | 'signed'>>> = {
  common_type: { offset: 0, size: 2, signed: false },
  common_flags: { offset: 2, size: 1, signed: false },
  common_pid: { offset: 4, size: 4, signed: true },
};

/** The texts of one file's events: common fields, types, and a writer for each type. */
export class FileTexts implements EventLookup {
  readonly readId: SmallReader;
  readonly readPid: SmallReader;
  readonly readFlags: SmallReader;
  readonly commonSize: number;
  /** Records begin with their id, in 16 bits, as those of all kernels do. */
  readonly idsLead: boolean;
  readonly #events: EventTable;
  readonly #context: TextContext;
  readonly #choices: TextChoices;

  constructor(events: EventTable, context: TextContext, choices: TextChoices) {
    this.#events = events;
    this.#context = context;
    this.#choices = choices;
    const { littleEndian } = context.env;
    const usual = (name: keyof typeof USUAL_PLACES) => usualReader(events, name, littleEndian);
    this.readId = eventIdReader(events, littleEndian);
    this.readPid = usual('common_pid');
    this.readFlags = usual('common_flags');
    const { offset, size } = commonField(events, 'common_type');
    this.idsLead = offset === 0 && size === 2;
    const places = Object.keys(USUAL_PLACES).map((name) => commonField(events, name));
    this.commonSize = Math.max(...places.map(({ offset, size }) => offset + size));
  }

  find(id: number): EventFormat | undefined {
    return this.#events.get(id);
  }

  infoWriter(event: EventFormat): InfoWriter {
    const { raw, rawEvents, plainEvents, knownTexts } = this.#choices;
    const { env } = this.#context;
    if (raw || rawEvents(event)) return compileRawFields(event, env);
    if (!knownTexts || plainEvents(event)) return this.#context.printFormat(event);
    return infoWriter(event, this.#context);
  }
}

/** The event id that every record of a file begins with. */
export function eventIdReader(events: EventTable, littleEndian: boolean): SmallReader {
  return usualReader(events, 'common_type', littleEndian);
}

function usualReader(events: EventTable, name: keyof typeof USUAL_PLACES, littleEndian: boolean): SmallReader {
  return smallReader(commonField(events, name), littleEndian);
}

/** All records of a file begin alike: the first event type says how. */
function commonField(events: EventTable, name: keyof typeof USUAL_PLACES): Field {
  const [first] = events;
  return first?.commonFields.find((candidate) => candidate.name === name) ?? (USUAL_PLACES[name] as Field);
}
