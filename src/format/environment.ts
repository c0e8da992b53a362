import type { CommTable } from '../names/comms.ts';
import type { PrintkTable } from '../names/printk.ts';
import type { SymbolTable } from '../names/symbols.ts';

/** Which trace-cmd's text is wanted: 3.4 (with the flags column) or 3.1.6. Their texts differ in details. */
export type TextVersion = '3.4' | '3.1';

/** What the text of an event depends on besides its own bytes: facts of the file, and names. */
export interface PrintEnvironment {
  readonly littleEndian: boolean;
  /** Bytes of a kernel `long`. */
  readonly longSize: 4 | 8;
  readonly version: TextVersion;
  /** False: print formats that call functions of the kernel can't be parsed. */
  readonly knowsCalls?: boolean | undefined;
  readonly symbols: SymbolTable;
  readonly comms: CommTable;
  readonly printk: PrintkTable;
}
