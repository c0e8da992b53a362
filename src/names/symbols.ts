/** A function's name and where it starts. */
export interface KernelSymbol {
  readonly name: Uint8Array;
  readonly module: Uint8Array | undefined;
  readonly hi: number;
  readonly lo: number;
}

/** Function names by address, from kallsyms text. */
export interface SymbolTable {
  /** The symbol that contains an address (in halves), or undefined. No allocation: the same object every time. */
  find(hi: number, lo: number): KernelSymbol | undefined;
  /** The address of a name, as a number to compare with pointer fields, or undefined. */
  addressOf(name: string): bigint | undefined;
}
