import { compareHalves } from '../../base/u64.ts';
import { charactersOf } from '../../format/latin1.ts';
import type { KallsymsTable, KernelSymbol, SymbolTable } from '../../names/symbols.ts';

/** A recording of the boot before: where the kernel and its modules lay then. */
interface LoadAddress {
  readonly name: string;
  readonly address: bigint;
}

/** Addresses from a start on are moved by a distance, up to the next range. */
interface Range {
  readonly startHi: number;
  readonly startLo: number;
  readonly distanceHi: number;
  readonly distanceLo: number;
}

const TWO_32 = 0x1_0000_0000;
const KERNEL = '[kernel]';
/** The symbol that the kernel's own address is that of. */
const KERNEL_START = '_text';
const highOf = (value: bigint): number => Number(BigInt.asUintN(64, value) >> 32n);
const lowOf = (value: bigint): number => Number(value & 0xffff_ffffn);
const range = (start: bigint, distance: bigint): Range => ({
  ...{ startHi: highOf(start), startLo: lowOf(start) },
  ...{ distanceHi: highOf(distance), distanceLo: lowOf(distance) },
});

/** Lines of `ADDRESS NAME`, behind the name of the instance; undefined where one of them is something else. */
function parseLastBoot(info: Uint8Array): LoadAddress[] | undefined {
  const nul = info.indexOf(0);
  const text = charactersOf(nul < 0 ? info : info.subarray(0, nul));
  const instance = text.indexOf(':');
  const lines = instance < 0 ? [] : text.slice(instance + 1).split('\n');
  return parseLines(lines, /^\s*([0-9a-f]{1,16})\s+(\S+)/i, ([, address, name]) => ({
    name: name as string,
    address: BigInt(`0x${address}`),
  }));
}

/** /proc/modules: `NAME SIZE USERS BY STATE ADDRESS`. */
function parseModules(text: Uint8Array): ReadonlyMap<string, bigint> {
  const modules = parseLines(
    charactersOf(text).split('\n'),
    /^\s*(\S+)(?:\s+\S+){4}\s+(?:0x)?([0-9a-f]{1,16})\b/i,
    ([, name, address]) => [name as string, BigInt(`0x${address}`)] as const,
  );
  return new Map(modules);
}

/** What lines say, empty ones left out; undefined where one says something else. */
function parseLines<T>(lines: readonly string[], line: RegExp, of: (match: RegExpExecArray) => T): T[] | undefined {
  const matches = lines.filter((one) => one.trim() !== '').map((one) => line.exec(one));
  return matches.every((match) => match !== null) ? matches.map(of) : undefined;
}

/**
 * Symbols for addresses of the boot before: each is looked up where the same code lay when the symbols were stored.
 * As in trace-cmd, the symbols found keep their own addresses, and callers count offsets from there. A kernel that
 * lay above a module is not moved.
 */
export class LastBootSymbols implements SymbolTable, Iterable<KernelSymbol> {
  readonly #symbols: KallsymsTable;
  readonly #info: readonly LoadAddress[];
  readonly #modules: ReadonlyMap<string, bigint>;
  /** Ascending, from 0 on. Made when they are first needed: that reads the symbols. */
  #ranges: readonly Range[] | undefined;

  private constructor(symbols: KallsymsTable, info: readonly LoadAddress[], modules: ReadonlyMap<string, bigint>) {
    this.#symbols = symbols;
    this.#info = info;
    this.#modules = modules;
  }

  /** `info` is option LAST_BOOT_INFO, `modules` section MODULES. The same symbols where nothing was moved. */
  static of(symbols: KallsymsTable, info: Uint8Array, modules: Uint8Array): KallsymsTable | LastBootSymbols {
    const parsed = parseLastBoot(info);
    if (parsed === undefined || parsed.length === 0) return symbols;
    return new LastBootSymbols(symbols, parsed, parseModules(modules));
  }

  #makeRanges(): Range[] {
    const kernel = this.#info.find(({ name }) => name === KERNEL);
    const kernelMoved = kernel ? (this.#symbols.addressOf(KERNEL_START) ?? 0n) - kernel.address : 0n;
    const modules = this.#info.filter(({ name }) => name !== KERNEL);
    const ranges = [range(0n, kernelMoved)];
    // One module that is not known, and none of them counts.
    if (!modules.every(({ name }) => this.#modules.has(name))) return ranges;
    for (const { name, address } of modules) {
      ranges.push(range(address, (this.#modules.get(name) as bigint) - address));
    }
    if (kernel !== undefined && modules.some(({ address }) => address < kernel.address)) {
      ranges.push(range(kernel.address, 0n));
    }
    return ranges.sort((a, b) => compareHalves(a.startHi, a.startLo, b.startHi, b.startLo));
  }

  find(hi: number, lo: number): KernelSymbol | undefined {
    this.#ranges ??= this.#makeRanges();
    const ranges = this.#ranges;
    let index = ranges.length - 1;
    while (index > 0 && compareHalves(hi, lo, ranges[index]!.startHi, ranges[index]!.startLo) < 0) index--;
    const { distanceHi, distanceLo } = ranges[index] as Range;
    const moved = lo + distanceLo;
    return this.#symbols.find((hi + distanceHi + (moved < TWO_32 ? 0 : 1)) >>> 0, moved >>> 0);
  }

  addressOf(name: string): bigint | undefined {
    return this.#symbols.addressOf(name);
  }

  [Symbol.iterator](): IterableIterator<KernelSymbol> {
    return this.#symbols[Symbol.iterator]();
  }
}
