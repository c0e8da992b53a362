import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';
import type { RecordBytes } from '../../format/record.ts';
import type { KernelSymbol } from '../../names/symbols.ts';
import { type Btf, type BtfParameter, KIND, KIND_NAMES } from './btf.ts';

const SEPARATOR = utf8(', ');
const NOT_RECORDED = utf8('...');
const COLON = 0x3a;
const CLOSING = 0x5d;

/** Writes the parameter that the word at `index` begins. Returns the index after its last word, -1 when words ran out. */
type ParameterWriter = (out: ByteWriter, words: ArgumentWords, index: number) => number;

/** The argument words of a call, where they lie in its record. One object per event type, moved from record to record. */
export class ArgumentWords {
  readonly #littleEndian: boolean;
  readonly #wordSize: 4 | 8;
  #record: RecordBytes | undefined;
  #at = 0;
  count = 0;

  constructor(littleEndian: boolean, wordSize: 4 | 8) {
    this.#littleEndian = littleEndian;
    this.#wordSize = wordSize;
  }

  /** Moves to the words from `offset` in the record to its end. */
  locate(record: RecordBytes, offset: number): void {
    this.#record = record;
    this.#at = record.start + offset;
    this.count = Math.max(0, Math.floor((record.end - this.#at) / this.#wordSize));
  }

  read(index: number, into: U64): void {
    const { view } = this.#record as RecordBytes;
    const at = this.#at + index * this.#wordSize;
    const first = view.getUint32(at, this.#littleEndian);
    if (this.#wordSize === 4) into.set(0, first);
    else {
      const second = view.getUint32(at + 4, this.#littleEndian);
      if (this.#littleEndian) into.set(second, first);
      else into.set(first, second);
    }
  }
}

const value = new U64();

function writeHex(out: ByteWriter, words: ArgumentWords, index: number): void {
  words.read(index, value);
  out.byte(0x30);
  out.byte(0x78);
  out.hex64(value.hi, value.lo);
}

/** Texts of the arguments of function calls: by name where the kernel's BTF names them, else as bare words. */
export class FunctionArguments {
  readonly #btf: Btf | undefined;
  readonly #known = new Map<KernelSymbol, readonly ParameterWriter[] | undefined>();

  constructor(btf: Btf | undefined) {
    this.#btf = btf;
  }

  /** `a=0x1, b=2`; nothing for a function without a name. */
  write(out: ByteWriter, symbol: KernelSymbol | undefined, words: ArgumentWords): void {
    if (symbol === undefined) return;
    const parameters = this.#parametersOf(symbol);
    if (parameters) writeNamed(out, parameters, words);
    else writeBare(out, words);
  }

  #parametersOf(symbol: KernelSymbol): readonly ParameterWriter[] | undefined {
    const btf = this.#btf;
    if (btf === undefined) return undefined;
    if (!this.#known.has(symbol)) this.#known.set(symbol, lookUp(btf, symbol.name.bytes));
    return this.#known.get(symbol);
  }
}

function lookUp(btf: Btf, name: Uint8Array): readonly ParameterWriter[] | undefined {
  const parameters = btf.parametersOfSymbol(String.fromCharCode(...name));
  return parameters?.map((parameter) => parameterWriter(btf, parameter));
}

function writeBare(out: ByteWriter, words: ArgumentWords): void {
  for (let i = 0; i < words.count; i++) {
    if (i > 0) out.bytes(SEPARATOR);
    words.read(i, value);
    out.hex64(value.hi, value.lo);
  }
}

function writeNamed(out: ByteWriter, parameters: readonly ParameterWriter[], words: ArgumentWords): void {
  let index = 0;
  for (let i = 0; i < parameters.length; i++) {
    if (i > 0) out.bytes(SEPARATOR);
    if (index === words.count) {
      out.bytes(NOT_RECORDED);
      return;
    }
    index = (parameters[i] as ParameterWriter)(out, words, index);
    if (index < 0) return;
  }
}

function parameterWriter(btf: Btf, { name, type: number }: BtfParameter): ParameterWriter {
  const label = utf8(`${name}=`);
  const type = btf.type(number);
  if (type === undefined) {
    return (out, _words, index) => {
      out.bytes(label);
      return index + 1;
    };
  }
  if (type.kind === KIND.int || type.kind === KIND.enum) {
    const bits = type.kind === KIND.enum ? 64 : type.bits;
    const inDecimal = type.kind === KIND.enum || type.signed;
    return (out, words, index) => {
      out.bytes(label);
      writeInteger(out, words, index, bits, inDecimal);
      return index + 1;
    };
  }
  if (type.kind === KIND.pointer) {
    return (out, words, index) => {
      out.bytes(label);
      writeHex(out, words, index);
      return index + 1;
    };
  }
  return aggregateWriter(label, KIND_NAMES[type.kind] as string, type.size);
}

/** The low `bits` of a word; signed ones are not sign-extended, only shown in decimal. */
function writeInteger(out: ByteWriter, words: ArgumentWords, index: number, bits: number, inDecimal: boolean): void {
  words.read(index, value);
  if (bits <= 32) value.hi = 0;
  if (bits < 32) value.lo = (value.lo & ((1 << bits) - 1)) >>> 0;
  else if (bits > 32 && bits < 64) value.hi = (value.hi & ((1 << (bits - 32)) - 1)) >>> 0;
  if (inDecimal) out.decimalI64(value);
  else {
    out.byte(0x30);
    out.byte(0x78);
    out.hex64(value.hi, value.lo);
  }
}

/** `s=(STRUCT)[0x1:0x2]`: a value that takes a word for each 8 bytes. */
function aggregateWriter(label: Uint8Array, kind: string, size: number): ParameterWriter {
  const opening = utf8(`(${kind})[`);
  const words = Math.max(1, Math.ceil(size / 8));
  return (out, all, index) => {
    out.bytes(label);
    out.bytes(opening);
    for (let i = 0; i < words; i++) {
      if (i > 0) out.byte(COLON);
      if (index + i === all.count) {
        out.bytes(NOT_RECORDED);
        out.byte(CLOSING);
        return -1;
      }
      writeHex(out, all, index + i);
    }
    out.byte(CLOSING);
    return index + words;
  };
}
