import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { EventFormat } from '../../../format/event-format.ts';
import type { KernelSymbol } from '../../../names/symbols.ts';
import type { FamilyFactory, InfoWriter, TextContext } from '../context.ts';
import { ArgumentWords } from '../function-arguments.ts';
import { InfoBuilder } from '../info-builder.ts';
import type { NumberField } from '../number-field.ts';
import { signed } from '../pieces.ts';

const CALLED_BY = utf8(' <-- ');
const INDENT = 3;
/** Records are padded: fewer bytes than these are no arguments. */
const LEAST_ARGUMENT_BYTES = 24;

/** `0x…` */
export function writeAddress(out: ByteWriter, hi: number, lo: number): void {
  out.byte(0x30);
  out.byte(0x78);
  out.hex64(hi, lo);
}

/** `NAME`, or `NAME+0x1a ` with its blank. The offset is cut to 32 bits. */
export function writeFunction(out: ByteWriter, symbol: KernelSymbol, lo: number, withOffset: boolean): void {
  out.constant(symbol.name);
  if (!withOffset) return;
  out.byte(0x2b);
  writeAddress(out, 0, (lo - symbol.lo) >>> 0);
  out.byte(0x20);
}

/** The name of a function, indented below its caller's. */
export const functionCall: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  addFunction(text, event, context);
  return text.writer();
};

function addFunction(text: InfoBuilder, event: EventFormat, context: TextContext): void {
  text.add(callWriter(event, context, text.need('ip', '!'), text.need('parent_ip', '!')));
}

const ip = new U64();
const parentIp = new U64();

function callWriter(event: EventFormat, context: TextContext, own: NumberField, caller: NumberField): InfoWriter {
  const { symbols } = context.env;
  const stacks = context.functionStacks;
  const withParent = context.options.isSet('parent');
  const withOffset = context.options.isSet('offset');
  const indented = context.options.isSet('indent');
  const writeArguments = argumentsWriter(event, context);

  const writeSide = (out: ByteWriter, symbol: KernelSymbol | undefined, address: U64) => {
    if (symbol) writeFunction(out, symbol, address.lo, withOffset);
    else writeAddress(out, address.hi, address.lo);
  };
  return (out, record) => {
    own.read(record, ip);
    caller.read(record, parentIp);
    const symbol = symbols.find(ip.hi, ip.lo);
    const parent = symbols.find(parentIp.hi, parentIp.lo);
    if (indented && parent) out.blanks(INDENT * stacks.enter(record.cpu, parent, symbol));
    writeSide(out, symbol, ip);
    writeArguments?.(out, record, symbol);
    if (!withParent) return;
    out.bytes(CALLED_BY);
    writeSide(out, parent, parentIp);
  };
}

/** `(a=0x1, b=2)` after the name, for kernels and records that have arguments. */
function argumentsWriter(event: EventFormat, context: TextContext) {
  const field = event.fields.find(({ name }) => name === 'args');
  if (field === undefined || context.env.version === '3.1') return undefined;
  const words = new ArgumentWords(context.env.littleEndian, 8);
  return (out: ByteWriter, record: Parameters<InfoWriter>[1], symbol: KernelSymbol | undefined) => {
    if (record.end - record.start - field.offset < LEAST_ARGUMENT_BYTES) return;
    words.locate(record, field.offset);
    out.byte(0x28);
    context.functionArguments.write(out, symbol, words);
    out.byte(0x29);
  };
}

/** A function that was called many times in a row: how often, and when last. */
export const functionRepeats: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  addFunction(text, event, context);
  const count = text.need('count', '!');
  const deltaHi = text.need('top_delta_ts', '!');
  const deltaLo = text.need('bottom_delta_ts', '!');
  const delta = new U64();
  text
    .add(' (count: ', signed(count))
    .add('  last_ts: ', (out, record) => {
      deltaHi.read(record, delta);
      const hi = delta.lo;
      deltaLo.read(record, delta);
      context.writeTimeBefore(out, record, hi, delta.lo);
    })
    .add(')');
  return text.writer();
};
