import { U64 } from '../base/u64.ts';
import { findField } from '../format/event-format.ts';
import type { KernelSymbol } from '../names/symbols.ts';
import { lowBits, numberField } from '../text/events/number-field.ts';
import type { MachineTracks } from './machine-tracks.ts';
import type { TrackEvent } from './track-events.ts';

const DEEPEST = 255;

/** Beginnings and ends of calls by the function graph tracer. */
export function callEvents(machine: MachineTracks): TrackEvent[] {
  const { events, env } = machine.file;
  const functionOf = functionNames(machine);
  const address = new U64();
  return ['funcgraph_entry', 'fgraph_retaddr_entry', 'funcgraph_exit'].flatMap((name) => {
    const event = events.find('ftrace', name);
    if (event === undefined) return [];
    const { id, minimumLength } = event;
    const field = (wanted: string) => numberField(findField(event, wanted), env.littleEndian);
    const [pidField, depthField, funcField] = [field('common_pid'), field('depth'), field('func')];
    if (!pidField || !depthField) return [];
    const [pid, depth] = [lowBits(pidField), lowBits(depthField)];
    if (name === 'funcgraph_exit') {
      return [
        {
          ...{ id, minimumLength },
          handle: (cpu, record, time) =>
            cpu.calls.returned(time, pid(record) | 0, Math.min(depth(record) >>> 0, DEEPEST)),
        },
      ];
    }
    if (!funcField) return [];
    return [
      {
        ...{ id, minimumLength },
        handle: (cpu, record, time) => {
          funcField.read(record, address);
          const place = functionOf(address.hi, address.lo);
          cpu.calls.entered(time, pid(record) | 0, Math.min(depth(record) >>> 0, DEEPEST), place);
        },
      },
    ];
  }) satisfies TrackEvent[];
}

/** Places of functions' names by address; an address that no symbol contains is its own name. */
function functionNames({ names: { functions }, file }: MachineTracks): (hi: number, lo: number) => number {
  const { symbols } = file.env;
  const known = new Map<KernelSymbol, number>();
  const nameless = new Map<number, Map<number, number>>();
  const namelessPlace = (hi: number, lo: number): number => {
    let places = nameless.get(hi);
    if (places === undefined) {
      places = new Map();
      nameless.set(hi, places);
    }
    let place = places.get(lo);
    if (place === undefined) {
      place = functions.placeOf(`0x${((BigInt(hi) << 32n) | BigInt(lo)).toString(16)}`);
      places.set(lo, place);
    }
    return place;
  };
  return (hi, lo) => {
    const symbol = symbols.find(hi, lo);
    if (symbol === undefined) return namelessPlace(hi, lo);
    let place = known.get(symbol);
    if (place === undefined) {
      place = functions.placeOf(new TextDecoder().decode(symbol.name.bytes));
      known.set(symbol, place);
    }
    return place;
  };
}
