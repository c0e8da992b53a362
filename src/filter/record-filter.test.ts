import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { utf8 } from '../base/byte-writer.ts';
import { EventTable } from '../format/event-table.ts';
import type { EventRecord } from '../format/record.ts';
import { CommTable } from '../names/comms.ts';
import { contextFilter } from './context-filter.ts';
import { CpuList } from './cpu-list.ts';
import { parseFilter } from './event-filter.ts';
import { RecordFilter } from './record-filter.ts';
import { pidFilterText, pidsOfComms, splitList } from './task-filter.ts';
import type { FilterEnvironment } from './text-test.ts';

const ID = 900;
const comms = new CommTable();
const symbols = { find: () => undefined, addressOf: () => undefined };

function environment(littleEndian = true): FilterEnvironment {
  return { littleEndian, version: '3.4', symbols, comms };
}

function recordOf(bytes: Uint8Array, cpu = 0): EventRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, start: 0, end: bytes.length, cpu, tsHi: 0, tsLo: 0, missed: 0 };
}

/** A filter over one event with these fields. */
function filterOf(expression: string, fields: readonly string[], littleEndian = true): RecordFilter {
  const text = formatText('event', ID, fields, '"x"');
  const events = EventTable.parse([{ system: 'test', text }], { longSize: 8 });
  return new RecordFilter(
    [{ filter: parseFilter(`event:${expression}`), excludes: false }],
    events,
    environment(littleEndian),
  );
}

const OPERATORS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};
const ARITHMETIC: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0n ? 0n : a / b),
  '%': (a, b) => (b === 0n ? 0n : a % b),
  '<<': (a, b) => a << (b & 63n),
  '>>': (a, b) => a >> (b & 63n),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: -2, max: 2 })).map(([bit, near]) => {
    return BigInt.asUintN(64, (1n << BigInt(bit)) + BigInt(near));
  }),
);

describe('numbers are compared as unsigned 64-bit ones', () => {
  test('of every size, sign and byte order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, 8),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(...Object.keys(OPERATORS)),
        u64,
        u64,
        (size, signed, littleEndian, operator, stored, value) => {
          const field = `int value;\toffset:8;\tsize:${size};\tsigned:${signed ? 1 : 0};`;
          const bits = BigInt.asUintN(8 * size, stored);
          const read = signed ? BigInt.asUintN(64, BigInt.asIntN(8 * size, bits)) : bits;
          const bytes = recordBytes(littleEndian, { id: ID }, (out) => {
            for (let i = 0; i < size; i++) {
              out.u8(Number((bits >> BigInt(8 * (littleEndian ? i : size - 1 - i))) & 0xffn));
            }
          });
          // The value itself, too: else == would hardly ever be true.
          for (const compared of [value, read]) {
            const filter = filterOf(`value ${operator} ${compared}`, [field], littleEndian);
            expect(filter.accepts(recordOf(bytes), ID)).toBe(OPERATORS[operator]?.(read, compared));
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('arithmetic wraps at 64 bits and counts as true unless it is 0', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(ARITHMETIC)), u64, u64, (operator, a, b) => {
        const filter = filterOf(`a ${operator} b`, [
          'u64 a;\toffset:8;\tsize:8;\tsigned:0;',
          'u64 b;\toffset:16;\tsize:8;\tsigned:0;',
        ]);
        const bytes = recordBytes(true, { id: ID }, (out) => void out.u64(a).u64(b));
        const result = BigInt.asUintN(64, ARITHMETIC[operator]?.(a, b) ?? 0n);
        expect(filter.accepts(recordOf(bytes), ID)).toBe(result !== 0n);
      }),
      { numRuns: 1500 },
    );
  });

  test.each(['a / 0', '!(a / 0)', 'a == 1 || !(a % 0)', 'a & "x"', '!(a & "x")', '!(a ~ 1)'])(
    '%s never matches',
    (text) => {
      const bytes = recordBytes(true, { id: ID }, (out) => void out.u32(2));
      expect(filterOf(text, ['u32 a;\toffset:8;\tsize:4;\tsigned:0;']).accepts(recordOf(bytes), ID)).toBe(false);
    },
  );
});

describe('damaged records', () => {
  const fields = ['u32 a;\toffset:8;\tsize:4;\tsigned:0;', '__data_loc char[] text;\toffset:12;\tsize:4;\tsigned:0;'];

  test('one too short for the fields that are asked for does not match', () => {
    const short = recordOf(recordBytes(true, { id: ID }));
    expect(filterOf('a == 0 || a != 0', fields).accepts(short, ID)).toBe(false);
    expect(filterOf('!text == "x"', fields).accepts(short, ID)).toBe(false);
    expect(filterOf('common_pid == 0', fields).accepts(short, ID)).toBe(true);
  });

  test('a locator that points anywhere is read within the record', () => {
    const filter = filterOf('text == ""', fields);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (locator) => {
        const bytes = recordBytes(true, { id: ID }, (out) => void out.u32(0).u32(locator).u32(0));
        expect(typeof filter.accepts(recordOf(bytes), ID)).toBe('boolean');
        const beyond = (locator & 0xffff) + (locator >>> 16) > bytes.length;
        if (beyond) expect(filter.accepts(recordOf(bytes), ID)).toBe(true);
      }),
    );
  });
});

test('COMM is the name that the pid has at that moment', () => {
  const filter = filterOf('COMM == "late"', []);
  const record = recordOf(recordBytes(true, { id: ID, pid: 77 }));
  expect(filter.dependsOnComms).toBe(true);
  expect(filter.accepts(record, ID)).toBe(false);
  comms.register(77, utf8('late'), 0, 4);
  expect(filter.accepts(record, ID)).toBe(true);
  expect(filterOf('common_pid == 77', []).dependsOnComms).toBe(false);
});

test('events that no format tells of pass only where nothing is wanted', () => {
  const record = recordOf(recordBytes(true, { id: 5 }));
  expect(filterOf('common_pid == 0', []).accepts(record, 5)).toBe(false);
  expect(new RecordFilter([], [], environment()).accepts(record, 5)).toBe(true);
});

test('-I and -S look at the bits of common_flags', () => {
  const text = formatText('event', ID, [], '"x"');
  const flags = [...EventTable.parse([{ system: 'test', text }], { longSize: 8 })][0]?.commonFields[1];
  const passing = (hardInterrupts: boolean, softInterrupts: boolean): number[] => {
    const passes = contextFilter({ hardInterrupts, softInterrupts }, flags as NonNullable<typeof flags>, true);
    return [0, 8, 16, 24].filter((bits) => passes(recordOf(recordBytes(true, { id: ID, flags: bits | 1 }))));
  };
  expect(passing(false, false)).toEqual([0, 8, 16, 24]);
  expect(passing(true, false)).toEqual([0, 16]);
  expect(passing(false, true)).toEqual([0, 8]);
  expect(passing(true, true)).toEqual([0]);
});

describe('--cpu', () => {
  const listed = (...texts: string[]): number[] => {
    const list = CpuList.parse(texts);
    return Array.from({ length: 12 }, (_, cpu) => cpu).filter((cpu) => list.has(cpu));
  };

  test.each<[string, number[]]>([
    ['0,2-4', [0, 2, 3, 4]],
    ['0:10', [0, 10]],
    ['0 1', [0, 1]],
    [' 3- 5,', [3, 4, 5]],
    ['2-4000000000', [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ])('%j', (text, cpus) => {
    expect(listed(text)).toEqual(cpus);
  });

  test('several are one list', () => {
    expect(listed('0', '3')).toEqual([0, 3]);
  });

  test.each(['', 'x', '1-0', '0 , 1', '1-', '-1', '1 ', '1,,2'])('%j is refused', (text) => {
    expect(() => CpuList.parse([text])).toThrow(/^--cpu /);
  });
});

describe('--pid and --comm', () => {
  test('pids become a filter, the last one first', () => {
    expect(pidFilterText(splitList(['1,2', '3']))).toBe(
      '.*:(common_pid==3)||(pid==3)||(next_pid==3)||(common_pid==2)||(pid==2)||(next_pid==2)' +
        '||(common_pid==1)||(pid==1)||(next_pid==1)',
    );
    expect(pidFilterText(splitList([',']))).toBeUndefined();
  });

  test('names become the pids that had them', () => {
    const saved = [
      [1, utf8('a')],
      [2, utf8('b')],
      [3, utf8('a')],
    ] as const;
    expect(pidsOfComms(['b', 'a', 'c'], saved)).toEqual({ pids: ['1', '3', '2'], unknown: ['c'] });
  });
});
