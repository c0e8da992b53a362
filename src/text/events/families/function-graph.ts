import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { EventFormat } from '../../../format/event-format.ts';
import type { EventRecord } from '../../../format/record.ts';
import type { KernelSymbol } from '../../../names/symbols.ts';
import { type FamilyFactory, lazyPrintFormat, type TextContext } from '../context.ts';
import { ArgumentWords } from '../function-arguments.ts';
import { lowBits, type NumberField, NumberFields } from '../number-field.ts';
import { inARow, unsigned } from '../pieces.ts';
import { writeDuration, writeOverhead } from './function-graph-columns.ts';

const NO_DURATION = utf8('             |  ');
const INDENT = 2;
/** Deeper calls than any kernel records come from damage. They are not indented further. */
const DEEPEST = 4096;
const BRACE = 0x7d;

const LEAF_END = utf8(');');
const LEAF_END_BARE = utf8('();');
const NESTED_END = utf8(') {');
const NESTED_END_BARE = utf8('() {');
const RETURNS_TO = utf8(' /* <-');
const RETURNS_TO_BEFORE_BRACE = utf8(') /* <-');
const RETURNS_TO_BARE = utf8('() /* <-');
const COMMENT_END = utf8(' */');
const COMMENT_END_BRACE = utf8(' */ {');
const COMMENT = utf8(' /* ');
const RETURN_HEX = utf8(' (ret=0x');
const RETURN_DECIMAL = utf8(' (ret=');

/** What an exit event tells, and what an entry that is shown in one line with its exit needs of it. */
interface ExitFields {
  readonly id: number;
  readonly type: NumberField;
  readonly pid: NumberField;
  readonly func: NumberField | undefined;
  readonly depth: NumberField;
  readonly callTime: NumberField;
  readonly returnTime: NumberField;
  readonly returnValue: NumberField | undefined;
  /** Bytes that a record needs for all of these. */
  readonly extent: number;
}

function exitFields(event: EventFormat, { env }: TextContext): ExitFields | undefined {
  const fields = new NumberFields(event, env.littleEndian);
  const [type, pid, func, depth] = ['common_type', 'common_pid', 'func', 'depth'].map((name) => fields.get(name));
  const [callTime, returnTime] = [fields.get('calltime'), fields.get('rettime')];
  const returnValue = env.version === '3.1' ? undefined : fields.get('retval');
  if (!type || !pid || !depth || !callTime || !returnTime) return undefined;
  return { id: event.id, type, pid, func, depth, callTime, returnTime, returnValue, extent: fields.extent };
}

const called = new U64();
const returned = new U64();
const returnValue = new U64();
const duration = new U64();

function readDuration(exit: ExitFields, record: EventRecord): void {
  exit.callTime.read(record, called);
  exit.returnTime.read(record, returned);
  const lo = returned.lo - called.lo;
  duration.set(returned.hi - called.hi - (lo < 0 ? 1 : 0), lo);
}

function writeIndent(out: ByteWriter, depth: number): void {
  out.blanks(Math.min((depth * INDENT) | 0, DEEPEST * INDENT));
}

/** ` (DEPTH)` where the option asks for it. */
function depthWriter(field: NumberField, context: TextContext): (out: ByteWriter, record: EventRecord) => void {
  if (!context.options.isSet('depth')) return () => {};
  return inARow([' (', unsigned(field), ')'], context.env.littleEndian);
}

/** ` (ret=…)`: error numbers in decimal and all else in hex, unless an option says otherwise. */
function returnValueWriter(context: TextContext): (out: ByteWriter, value: U64) => void {
  const { options } = context;
  if (options.isSet('retval-skip')) return () => {};
  const inDecimal = options.isSet('retval-dec');
  const inHex = !inDecimal && options.isSet('retval-hex');
  return (out, value) => {
    const isError = value.hi === 0xffff_ffff && value.lo >= 0xffff_f001;
    if (inDecimal || (isError && !inHex)) {
      out.bytes(RETURN_DECIMAL);
      out.decimalI64(value);
    } else {
      out.bytes(RETURN_HEX);
      out.hex64(value.hi, value.lo);
    }
    out.byte(0x29);
  };
}

/** The end of a call: how long it took, and a brace in the column of its beginning. */
export const functionGraphExit: FamilyFactory = (event, context) => {
  const exit = exitFields(event, context);
  if (exit === undefined) return undefined;
  const { symbols } = context.env;
  const readDepth = lowBits(exit.depth);
  const writeDepth = depthWriter(exit.depth, context);
  const writeReturnValue = returnValueWriter(context);
  const withName = context.options.isSet('tailprint');
  const printFormat = lazyPrintFormat(event, context);
  const address = new U64();

  return (out, record) => {
    if (record.end - record.start < exit.extent) {
      printFormat(out, record);
      return;
    }
    readDuration(exit, record);
    writeOverhead(out, duration);
    writeDuration(out, duration);
    writeIndent(out, readDepth(record));
    out.byte(BRACE);
    if (withName) {
      if (exit.func === undefined) return;
      exit.func.read(record, address);
      const symbol = symbols.find(address.hi, address.lo);
      if (symbol === undefined) return;
      out.bytes(COMMENT);
      out.constant(symbol.name);
      out.bytes(COMMENT_END);
    }
    writeDepth(out, record);
    if (exit.returnValue === undefined) return;
    exit.returnValue.read(record, returnValue);
    writeReturnValue(out, returnValue);
  };
};

/** What an entry event tells. */
interface EntryFields {
  readonly pid: NumberField;
  readonly func: NumberField;
  readonly depth: NumberField;
  readonly returnAddress: NumberField | undefined;
  readonly argumentsAt: number | undefined;
  readonly extent: number;
}

function entryFields(event: EventFormat, { env }: TextContext): EntryFields | undefined {
  const fields = new NumberFields(event, env.littleEndian);
  const [pid, func, depth] = [fields.get('common_pid'), fields.get('func'), fields.get('depth')];
  if (!pid || !func || !depth) return undefined;
  const newer = env.version !== '3.1';
  const returnAddress = newer ? fields.get('retaddr') : undefined;
  const argumentsAt = newer ? event.fields.find(({ name }) => name === 'args')?.offset : undefined;
  return { pid, func, depth, returnAddress, argumentsAt, extent: fields.extent };
}

/**
 * The beginning of a call. When nothing happens in it, so that its end is the next record of all, both are one line:
 * 3.1 takes the end from whatever CPU, later versions only from the same.
 */
export const functionGraphEntry: FamilyFactory = (event, context) => {
  if (event.name === 'fgraph_retaddr_entry' && context.env.version === '3.1') return undefined;
  const exitEvent = context.findEvent('ftrace', 'funcgraph_exit');
  const exit = exitEvent && exitFields(exitEvent, context);
  const entry = entryFields(event, context);
  if (exit === undefined || entry === undefined) return undefined;

  const isLeaf = leafFinder(entry, exit, context);
  const writeLeaf = leafWriter(entry, exit, context);
  const writeNested = nestedWriter(entry, context);
  const printFormat = lazyPrintFormat(event, context);
  return (out, record) => {
    if (record.end - record.start < entry.extent) printFormat(out, record);
    else if (isLeaf(record)) writeLeaf(out, record);
    else writeNested(out, record);
  };
};

const func = new U64();
const otherFunc = new U64();

/** Whether the next record ends the call that `record` begins. If so it is consumed, with its times and value read. */
function leafFinder(entry: EntryFields, exit: ExitFields, context: TextContext): (record: EventRecord) => boolean {
  const sameCpuOnly = context.env.version !== '3.1';
  const [type, exitPid, entryPid] = [lowBits(exit.type), lowBits(exit.pid), lowBits(entry.pid)];
  return (record) => {
    const next = context.peek(record);
    if (next === undefined || next.end - next.start < exit.extent || exit.func === undefined) return false;
    if (sameCpuOnly && next.cpu !== record.cpu) return false;
    if (type(next) !== exit.id || exitPid(next) !== entryPid(record)) return false;
    exit.func.read(next, otherFunc);
    entry.func.read(record, func);
    if (func.lo !== otherFunc.lo || func.hi !== otherFunc.hi) return false;
    readDuration(exit, next);
    exit.returnValue?.read(next, returnValue);
    context.consume(record);
    return true;
  };
}

type CallWriter = (out: ByteWriter, record: EventRecord) => void;

function leafWriter(entry: EntryFields, exit: ExitFields, context: TextContext): CallWriter {
  const { symbols } = context.env;
  const readDepth = lowBits(entry.depth);
  const writeDepth = depthWriter(entry.depth, context);
  const writeReturnValue = returnValueWriter(context);
  const findReturn = returnFinder(entry, context);
  const writeCall = nameAndArguments(entry, context);
  return (out, record) => {
    writeOverhead(out, duration);
    writeDuration(out, duration);
    writeIndent(out, readDepth(record));
    entry.func.read(record, func);
    const symbol = symbols.find(func.hi, func.lo);
    if (symbol) {
      writeCall(out, record, symbol);
      out.bytes(LEAF_END);
    } else {
      out.hex64(func.hi, func.lo);
      out.bytes(LEAF_END_BARE);
    }
    writeDepth(out, record);
    const caller = findReturn(record);
    if (caller) {
      out.bytes(RETURNS_TO);
      out.constant(caller.name);
      out.bytes(COMMENT_END);
    }
    if (exit.returnValue) writeReturnValue(out, returnValue);
  };
}

function nestedWriter(entry: EntryFields, context: TextContext): CallWriter {
  const { symbols, version } = context.env;
  const readDepth = lowBits(entry.depth);
  const writeDepth = depthWriter(entry.depth, context);
  const findReturn = returnFinder(entry, context);
  const writeCall = nameAndArguments(entry, context);
  return (out, record) => {
    out.bytes(NO_DURATION);
    writeIndent(out, readDepth(record));
    entry.func.read(record, func);
    const symbol = symbols.find(func.hi, func.lo);
    const caller = findReturn(record);
    if (symbol) writeCall(out, record, symbol);
    // An address without a name is left out by later versions, unless the caller is known.
    else if (caller || version === '3.1') out.hex64(func.hi, func.lo);
    if (caller) {
      out.bytes(symbol ? RETURNS_TO_BEFORE_BRACE : RETURNS_TO_BARE);
      out.constant(caller.name);
      out.bytes(COMMENT_END_BRACE);
    } else out.bytes(symbol || version !== '3.1' ? NESTED_END : NESTED_END_BARE);
    writeDepth(out, record);
  };
}

/** `NAME(ARGUMENTS`, without the closing parenthesis. */
function nameAndArguments(entry: EntryFields, context: TextContext) {
  const at = entry.argumentsAt;
  const words = new ArgumentWords(context.env.littleEndian, context.env.longSize);
  return (out: ByteWriter, record: EventRecord, symbol: KernelSymbol) => {
    out.constant(symbol.name);
    out.byte(0x28);
    if (at === undefined) return;
    words.locate(record, at);
    context.functionArguments.write(out, symbol, words);
  };
}

/** The function that the call returns to, where the kernel recorded that. */
function returnFinder(entry: EntryFields, context: TextContext): (record: EventRecord) => KernelSymbol | undefined {
  const field = entry.returnAddress;
  if (field === undefined) return () => undefined;
  const address = new U64();
  return (record) => {
    field.read(record, address);
    return context.env.symbols.find(address.hi, address.lo);
  };
}
