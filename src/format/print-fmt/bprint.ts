import { utf8 } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';
import type { PrintEnvironment } from '../environment.ts';
import type { EventFormat } from '../event-format.ts';
import { charactersOf } from '../latin1.ts';
import { fieldValue } from './evaluate/evaluator.ts';
import { PackedArguments } from './packed.ts';
import type { Expression } from './parse/ast.ts';
import { LiteralParser } from './parse/literal.ts';
import { compilePieces } from './pieces.ts';
import { failedFields } from './plain-fields.ts';
import { anyLength } from './write/pad.ts';
import { type InfoWriter, nothing, type PieceWriter } from './write/piece-writer.ts';
import { pointerWriter } from './write/pointers.ts';

const SEPARATOR = utf8(': ');
const NO_FORMAT = utf8(': (NO FORMAT FOUND at ');
const CLOSING = utf8(')\n');

/** One trace_printk of the kernel: where its arguments are, and its text. */
interface Plan {
  readonly packed: PackedArguments;
  readonly args: readonly Expression[];
  readonly write: PieceWriter;
  /** Arguments that the format uses; more than any record has, when it makes no sense. */
  readonly needed: number;
  readonly format: string;
}

/**
 * The text of ftrace:bprint, a trace_printk whose record holds the address of its format and packed arguments:
 * `FUNCTION: TEXT`. Formats are made ready when they are first met.
 *
 * A record with fewer arguments than its format uses spoils the event, as in trace-cmd: it is written as far as it
 * goes, and all records after it as not parsed. A new function starts anew.
 */
export function compileBprint(event: EventFormat, env: PrintEnvironment): InfoWriter {
  const find = (name: string) => event.fields.find((field) => field.name === name);
  const ip = find('ip');
  const fmt = find('fmt');
  const buf = find('buf');
  const failed = failedFields(event, env);
  if (ip === undefined || fmt === undefined || buf === undefined) return anyLength(event, failed);
  const writeFunction = pointerWriter('s', { kind: 'field', field: ip }, undefined, false, env);
  const formatAddress = fieldValue(fmt, env.littleEndian);
  const address = new U64();
  const plans = new Map<Uint8Array, Plan>();
  let isSpoiled = false;
  return anyLength(event, (out, record) => {
    if (isSpoiled) {
      failed(out, record);
      return;
    }
    writeFunction(out, record);
    formatAddress.wide(record, address);
    const text = env.printk.find(address.hi, address.lo);
    if (text === undefined) {
      out.bytes(NO_FORMAT);
      out.hex64(address.hi, address.lo);
      out.bytes(CLOSING);
      return;
    }
    let plan = plans.get(text);
    if (plan === undefined) {
      plan = makePlan(charactersOf(text), env);
      plans.set(text, plan);
    }
    out.bytes(SEPARATOR);
    const count = plan.packed.read(record, buf.offset);
    isSpoiled = count < plan.needed;
    if (isSpoiled) writePartly(plan, count, env)(out, record);
    else plan.write(out, record);
  });
}

function makePlan(format: string, env: PrintEnvironment): Plan {
  const packed = new PackedArguments(format, env.longSize, env.littleEndian, env.version);
  const args = packed.args.map((argument): Expression => ({ kind: 'packed', argument }));
  const parser = new LiteralParser(format, Number.POSITIVE_INFINITY, env.version);
  const needed = parser.fits ? parser.argumentsUsed : Number.POSITIVE_INFINITY;
  const write = needed > args.length ? nothing : compilePieces({ isPacked: true, literal: format, args }, env);
  return { packed, args, write, needed, format };
}

/** What the first `count` arguments make of a format. */
function writePartly({ format, args }: Plan, count: number, env: PrintEnvironment): PieceWriter {
  return compilePieces({ isPacked: true, literal: format, args: args.slice(0, count) }, env);
}
