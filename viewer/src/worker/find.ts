import { parseFilter } from '../../../src/filter/event-filter.ts';
import type { EventTable } from '../../../src/format/event-table.ts';
import type { EventRecord } from '../../../src/format/record.ts';
import { fileFilters } from '../../../src/text/report/file-filters.ts';
import { eventIdReader } from '../../../src/text/report/file-texts.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { reportInput } from '../../../src/text/report/settings.ts';
import type { TraceBuffer } from '../../../src/trace-file/types.ts';
import type { Lane } from './lane.ts';
import { NumberList } from './number-list.ts';

const NONE = new Uint32Array(0);

type Filter = Exclude<ReturnType<typeof fileFilters>[number], 'nothing'>;

/**
 * The events of each lane that a filter of trace-cmd's grammar lets pass. Rejects with a TandemError (USAGE, NOT_FOUND)
 * that says what is wrong with the filter.
 */
export async function findEvents(
  files: readonly ReportFile[],
  lanes: readonly Lane[],
  filter: string,
): Promise<Uint32Array[]> {
  parseFilter(filter);
  const inputs = files.map((file) =>
    reportInput(file, { filters: { filters: [{ text: filter, excludes: false }], repeated: [] } }),
  );
  // What a filter remembers of stacks is by CPU: one for each buffer, whose lanes are gone through one after the other.
  const filters = new Map<TraceBuffer, ReturnType<typeof fileFilters>[number]>();
  const found: Uint32Array[] = [];
  for (const lane of lanes) {
    const { buffer, file } = lane.place;
    const own = filters.get(buffer) ?? fileFilters(inputs, false)[file]!;
    filters.set(buffer, own);
    found.push(own === 'nothing' ? NONE : await findInLane(lane, files[file]!, own));
  }
  return found;
}

async function findInLane(lane: Lane, { events, env }: ReportFile, filter: Filter): Promise<Uint32Array> {
  const found = new NumberList();
  const add = (_: EventRecord, event: number): void => found.add(event);
  const readId = eventIdReader(events, env.littleEndian);
  if (filter === 'all') await lane.walk(add);
  else {
    const accepts = (record: EventRecord): boolean => filter.accepts(record, readId(record));
    if (leadsWithId(events)) await lane.walk(add, { unwanted: filter.unwanted, accepts });
    else await lane.walk((record, event) => accepts(record) && found.add(event));
  }
  return found.all();
}

/** Records of all kernels begin with their id, in 16 bits; what files say is another matter. */
export function leadsWithId(events: EventTable): boolean {
  const [first] = events;
  const type = first?.commonFields.find(({ name }) => name === 'common_type');
  return type === undefined || (type.offset === 0 && type.size === 2);
}
