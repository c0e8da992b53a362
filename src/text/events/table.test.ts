import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatText } from '../../../test/support/build-events.ts';
import { ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { parseEventFormat } from '../../format/parse-event.ts';
import { compilePrintFormat } from '../../format/print-fmt/compile.ts';
import type { EventRecord } from '../../format/record.ts';
import { CommTable } from '../../names/comms.ts';
import { parsePrintkFormats } from '../../names/printk.ts';
import { parseKallsyms } from '../../names/symbols.ts';
import type { TextContext } from './context.ts';
import { FunctionArguments } from './function-arguments.ts';
import { FunctionStacks } from './function-stacks.ts';
import { PluginOptions } from './options.ts';
import { FAMILIES, infoWriter } from './table.ts';

/** Every field that some family looks for. */
const NAMES = [
  ...['ip', 'parent_ip', 'count', 'top_delta_ts', 'bottom_delta_ts', 'args', 'func', 'depth', 'retaddr', 'retval'],
  ...['calltime', 'rettime', 'caller', 'id', 'buf', 'call_site', 'rip', 'csbase', 'len', 'flags', 'failed', 'insn'],
  ...['vcpu_id', 'exit_reason', 'guest_rip', 'isa', 'info1', 'info2', 'exit_code', 'exit_info1', 'exit_info2'],
  ...['exit_int_info', 'exit_int_info_err', 'role', 'root_count', 'unsync', 'created', 'gfn', 'wiphy_name', 'vif_name'],
  ...['vif_type', 'assoc', 'aid', 'assoc_cap', 'prev_comm', 'prev_pid', 'prev_prio', 'prev_state', 'next_comm'],
  ...['next_pid', 'next_prio', 'comm', 'pid', 'prio', 'success', 'target_cpu', 'uaddr', 'op', 'val', 'utime', 'uaddr2'],
  ...['val3', 'hrtimer', 'function', 'now', 'expires', 'softexpires', 'pages', 'reason'],
];
const OPTIONS = ['parent', 'offset', 'tailprint', 'depth', 'retval-dec'];

/** A field of any size, now and then left out. */
const field = fc.record({
  type: fc.constantFrom('u32', 'char[16]', '__data_loc char[]', 'unsigned long[]', 'long'),
  offset: fc.integer({ min: 0, max: 100 }),
  size: fc.constantFrom(0, 1, 2, 3, 4, 8, 16),
});
const fields = fc.tuple(...NAMES.map(() => fc.option(field, { freq: 8 }))).map((list) =>
  list.flatMap((given, i) => {
    if (given === null) return [];
    const [, type, array] = /^([^[]*)(\[\d*\])?$/.exec(given.type) as unknown as [string, string, string?];
    return [`${type} ${NAMES[i]}${array ?? ''};\toffset:${given.offset};\tsize:${given.size};\tsigned:0;`];
  }),
);
const records = fc.array(fc.uint8Array({ maxLength: 140 }), { minLength: 2, maxLength: 4 });

test('records of any bytes and length get some text, whatever their fields', () => {
  fc.assert(
    fc.property(
      ...[fc.constantFrom(...FAMILIES.keys()), fields, records, fc.boolean(), fc.constantFrom('3.1', '3.4')],
      fc.subarray(OPTIONS),
      (key, lines, list, littleEndian, version, options) => {
        const [system, name] = (key as string).split(':') as [string, string];
        const parse = (of: string, id: number) =>
          parseEventFormat(formatText(of, id, lines as string[], '"%d", REC->common_pid'), system, { longSize: 8 });
        const all = (list as Uint8Array[]).map((bytes): EventRecord => {
          const view = new DataView(bytes.buffer);
          return { bytes, view, start: 0, end: bytes.length, cpu: 0, tsHi: 0, tsLo: 0, missed: 0 };
        });
        const context: TextContext = {
          env: {
            littleEndian: littleEndian as boolean,
            longSize: 8,
            version: version as '3.1' | '3.4',
            symbols: parseKallsyms(utf8('0000000000000000 T low\nffffffffffffffff T high\n')),
            comms: new CommTable(),
            printk: parsePrintkFormats(new Uint8Array()),
          },
          options: new PluginOptions(options),
          functionStacks: new FunctionStacks(),
          functionArguments: new FunctionArguments(undefined),
          findEvent: (_system, wanted) => parse(wanted, 0),
          printFormat: (event) => compilePrintFormat(event, context.env),
          writeTimeBefore: () => {},
          peek: () => all[1],
          consume: () => {},
          resolveGuestSymbol: (_pid, hi, lo) => context.env.symbols.find(hi, lo),
        };
        const write = infoWriter(parse(name, 1), context);
        const out = new ByteWriter();
        for (const record of all) write(out, record);
        expect(out.length).toBeLessThan(100_000);
      },
    ),
    { numRuns: 3000 },
  );
});
