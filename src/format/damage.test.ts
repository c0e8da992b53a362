import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MIXED_KALLSYMS, MIXED_PRINTK, mixedScenario } from '../../test/support/mixed-event.ts';
import { environmentOf } from '../../test/support/print-texts.ts';
import { Random } from '../../test/support/random-records.ts';
import { ByteWriter, utf8 } from '../base/byte-writer.ts';
import { TandemError } from '../base/errors.ts';
import { EventTable } from './event-table.ts';
import { parseEventFormat } from './parse-event.ts';
import { compilePrintFormat } from './print-fmt/compile.ts';
import { compileRawFields } from './print-fmt/raw-fields.ts';

/** One of each way to look into a record. */
const PRINT_FORMATS: readonly string[] = [
  '"%d %llu %hhx %c", REC->e, REC->a, REC->c, REC->f',
  '"%s %s %s", REC->name, __get_str(str), __get_rel_str(rstr)',
  '"%s %.*s", REC->pstr, REC->d, __get_str(bad)',
  '"%s %s", __get_bitmask(mask), __get_cpumask(cpus)',
  '"%s %s", __get_bitmask(bad), __get_cpumask(bad)',
  '"%s %s", __print_hex(REC->mac, 6), __print_hex_str(__get_dynamic_array(dyn), REC->d)',
  '"%s %s", __print_array(REC->arr, REC->d, 2), __print_dynamic_array(dyn32, 4)',
  '"%s %d", __get_stacktrace(mask), __get_dynamic_array_len(bad)',
  '"%d %d", REC->arr[REC->d], ((u32 *)__get_dynamic_array(dyn32))[REC->d]',
  '"%pM %pI4 %pI6c %pISpc %pUb", REC->mac, REC->ip4, REC->ip6, REC->sa, REC->uuid',
  '"%pISpc %*ph", __get_sockaddr(dsa), REC->d, __get_dynamic_array(rdyn)',
  '"%ps %p", REC->func, __get_dynamic_array(dyn)',
  '"%s", scsi_trace_parse_cdb(p, __get_dynamic_array(dyn), 16)',
  '"%d", __le16_to_cpup(__get_dynamic_array(dyn))',
];
const scenario = mixedScenario(PRINT_FORMATS, new Random(1)).scenario;

describe('records', () => {
  for (const [what, compile] of [
    ['print formats', compilePrintFormat],
    ['raw fields', compileRawFields],
  ] as const) {
    test(`of any length and content are printed (${what}), within a bound`, () => {
      const env = environmentOf({ formats: [], kallsyms: MIXED_KALLSYMS, printk: MIXED_PRINTK }, '3.4');
      const writers = scenario.formats.map(({ system, text }) =>
        compile(parseEventFormat(text, system, { longSize: 8 }), env),
      );
      const out = new ByteWriter();
      const property = fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(40), (bytes, start) => {
        const record = { bytes, view: new DataView(bytes.buffer), start: Math.min(start, bytes.length), end: 0 };
        record.end = bytes.length;
        for (const write of writers) {
          out.clear();
          write(out, record);
          expect(out.length).toBeLessThan(20_000);
        }
      });
      fc.assert(property, { numRuns: 1000 });
    });
  }

  test('that are too short have 0 for what is missing', () => {
    const [format] = scenario.formats as [(typeof scenario.formats)[number]];
    const write = compilePrintFormat(
      parseEventFormat(format.text, format.system, { longSize: 8 }),
      environmentOf({ formats: [] }, '3.4'),
    );
    const out = new ByteWriter();
    const bytes = new Uint8Array(16).fill(1);
    write(out, { bytes, view: new DataView(bytes.buffer), start: 0, end: 16 });
    expect(new TextDecoder().decode(out.view())).toBe(`0 ${0x0101_0101_0101_0101n} 0 `);
  });
});

describe('formats', () => {
  const valid = scenario.formats.map(({ text }) => text);

  /** Everything there is to ask of a format. */
  function useAll(text: string | Uint8Array): void {
    const env = environmentOf({ formats: [] }, '3.4');
    for (const event of EventTable.parse([{ system: 'ftrace', text }], { longSize: 8 })) {
      const record = { bytes: new Uint8Array(64), view: new DataView(new ArrayBuffer(64)), start: 0, end: 64 };
      compilePrintFormat(event, env)(new ByteWriter(), record);
      compileRawFields(event, env)(new ByteWriter(), record);
    }
  }

  test('of random bytes are refused with an error that says so', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => parseEventFormat(bytes, 'sys', { longSize: 8 })).toThrow(TandemError);
      }),
    );
  });

  test('with a part replaced never fail in another way', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom(
        '"',
        '(',
        ')',
        ',',
        '\\',
        '%',
        "'",
        '[',
        ']',
        '{',
        '\n',
        '->',
        'REC',
        '?',
        ':',
        '-1',
        '99999999999',
      ),
    );
    const property = fc.property(fc.constantFrom(...valid), fc.nat(), fc.nat(8), part, (text, at, length, insert) => {
      const start = at % text.length;
      useAll(text.slice(0, start) + insert + text.slice(start + length));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  const head = 'name: deep\nID: 5\nformat:\n\n\nprint fmt: "%d", ';
  test.each([
    ['parentheses', '('.repeat(1 << 20)],
    ['signs', '!'.repeat(1 << 20)],
    ['sums', '1+'.repeat(1 << 19)],
    ['choices', '1?'.repeat(1 << 19)],
    ['casts', '(u8)'.repeat(1 << 18)],
    ['flags', '__print_flags('.repeat(1 << 16)],
    ['attributes', ''],
  ])('a megabyte of %s is given up soon', (what, argument) => {
    const attributes = `name: deep\nID: 5\nformat:\n\tfield:int __attribute__(${'('.repeat(1 << 20)}`;
    const started = performance.now();
    const event = parseEventFormat(what === 'attributes' ? attributes : head + argument, 'sys', { longSize: 8 });
    expect(event.printFormat).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('with fields beyond any sub-buffer ask for no such memory', () => {
    const text = 'name: far\nID: 5\nformat:\n\tfield:int a;\toffset:4294967290;\tsize:4;\n\n\nprint fmt: "x"\n';
    const event = parseEventFormat(text, 'sys', { longSize: 8 });
    expect([event.isKnown, event.minimumLength]).toEqual([false, 0]);
  });

  test('say what is wrong with them, and where', () => {
    const formats = ['', 'nome: x', 'name: x\nIT: 5', 'name: x\nID: -'].map((text) => ({ system: 'sys', text }));
    const { errors, size } = EventTable.parse([...formats, { system: 'sys', text: utf8(head) }], { longSize: 8 });
    expect(size).toBe(1);
    expect(errors.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'CORRUPT event format sys',
      'CORRUPT event format sys',
      'CORRUPT event format sys:x',
      'CORRUPT event format sys:x',
    ]);
  });
});
