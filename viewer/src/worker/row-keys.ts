import type { ReportFile } from '../../../src/text/report/report-file.ts';
import type { SortKey } from '../protocol.ts';
import type { Lane } from './lane.ts';
import type { RowKeys } from './row-order.ts';

/** Numbers to sort rows by, in the order of the names that are shown. */
export function rowKeys(sort: Exclude<SortKey, 'time'>, lanes: readonly Lane[], files: readonly ReportFile[]): RowKeys {
  if (sort === 'cpu') return cpuKeys(lanes);
  const decoder = new TextDecoder();
  if (sort === 'name') {
    return namedKeys(
      lanes,
      (lane, event) => lane.events.idAt(event),
      (lane, id) => {
        const format = files[lane.place.file]!.events.get(id);
        return format === undefined ? String(id) : `${format.name} ${format.system}`;
      },
    );
  }
  return namedKeys(
    lanes,
    (lane, event) => lane.events.pidAt(event),
    (lane, pid) => {
      const name = decoder.decode(files[lane.place.file]!.env.comms.get(pid));
      return `${name} ${String(pid).padStart(10, '0')}`;
    },
  );
}

/** Machine by machine, in each the lowest CPU first. */
function cpuKeys(lanes: readonly Lane[]): RowKeys {
  const order = [...lanes.keys()].sort((a, b) => {
    const [one, other] = [lanes[a]!.place, lanes[b]!.place];
    return one.machine - other.machine || one.cpu - other.cpu;
  });
  const keys = new Uint32Array(lanes.length);
  let count = 0;
  for (const [at, lane] of order.entries()) {
    const { machine, cpu } = lanes[lane]!.place;
    const before = at > 0 ? lanes[order[at - 1]!]!.place : undefined;
    if (before?.machine !== machine || before.cpu !== cpu) count++;
    keys[lane] = count - 1;
  }
  return { count, keyOf: (lane) => keys[lane]! };
}

/** Ids or pids of a file become the places of their names among all. */
function namedKeys(
  lanes: readonly Lane[],
  numberOf: (lane: Lane, event: number) => number,
  nameOf: (lane: Lane, number: number) => string,
): RowKeys {
  const places = new Map<number, Map<number, number>>();
  const names = new Map<string, number>();
  for (const lane of lanes) {
    const known = places.get(lane.place.file) ?? new Map<number, number>();
    places.set(lane.place.file, known);
    for (let event = 0; event < lane.events.length; event++) known.set(numberOf(lane, event), 0);
  }
  const eachNumber = (visit: (known: Map<number, number>, number: number, name: string) => void): void => {
    for (const [file, known] of places) {
      const lane = lanes.find((one) => one.place.file === file) as Lane;
      for (const number of known.keys()) visit(known, number, nameOf(lane, number));
    }
  };
  eachNumber((_, __, name) => names.set(name, 0));
  const sorted = [...names.keys()].sort();
  for (const [place, name] of sorted.entries()) names.set(name, place);
  eachNumber((known, number, name) => known.set(number, names.get(name)!));
  const ofLane = lanes.map(({ place }) => places.get(place.file)!);
  return { count: sorted.length, keyOf: (lane, event) => ofLane[lane]!.get(numberOf(lanes[lane]!, event))! };
}
