/** Formats of trace_printk calls by their address, from printk_formats text. */
export interface PrintkTable {
  find(hi: number, lo: number): Uint8Array | undefined;
}
