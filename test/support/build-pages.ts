import type { SubBufferLayout } from '../../src/ring-buffer/record-cursor.ts';
import { ByteBuilder } from './byte-builder.ts';

/** One entry of a sub-buffer, as the kernel's ring buffer knows them. `delta` has 27 bits, `high` the 32 above. */
export type PageEntry =
  | { readonly kind: 'data'; readonly delta: number; readonly data: Uint8Array; readonly longForm?: boolean }
  | { readonly kind: 'padding'; readonly delta: number; readonly size: number }
  | { readonly kind: 'extend'; readonly delta: number; readonly high: number }
  | { readonly kind: 'absolute'; readonly delta: number; readonly high: number };

export interface PageSpec {
  readonly timestamp: bigint;
  readonly entries: readonly PageEntry[];
  /** Events lost before this page; 'unknown' sets the flag without a count. */
  readonly lost?: number | 'unknown';
  /** Overrides the committed size in the commit word, to damage a page. */
  readonly commit?: number;
}

/** An event for `buildPages`: a time and the record's bytes (common fields first). */
export interface EventSpec {
  readonly time: bigint;
  readonly data: Uint8Array;
  /** Starts a new page and says that so many events were lost before it. */
  readonly lost?: number | 'unknown';
}

const DELTA_LIMIT = 1n << 27n;
const TIME_LIMIT = 1n << 59n;
const roundUp = (value: number): number => Math.ceil(value / 4) * 4;

function header(out: ByteBuilder, typeLen: number, delta: number): void {
  out.u32(out.littleEndian ? delta * 32 + typeLen : typeLen * 0x800_0000 + delta);
}

function writeEntry(out: ByteBuilder, entry: PageEntry): void {
  switch (entry.kind) {
    case 'data': {
      const words = roundUp(entry.data.length) / 4;
      if (words >= 1 && words <= 28 && !entry.longForm) header(out, words, entry.delta);
      else {
        header(out, 0, entry.delta);
        out.u32(entry.data.length + 4);
      }
      out.bytes(entry.data).zeros(roundUp(entry.data.length) - entry.data.length);
      return;
    }
    case 'padding':
      header(out, 29, entry.delta);
      out.u32(entry.size).zeros(entry.size - 4);
      return;
    case 'extend':
    case 'absolute':
      header(out, entry.kind === 'extend' ? 30 : 31, entry.delta);
      out.u32(entry.high);
  }
}

/** One sub-buffer, byte for byte as asked; throws when the entries do not fit. */
export function buildPage(layout: SubBufferLayout, spec: PageSpec): Uint8Array {
  const events = new ByteBuilder(layout.littleEndian);
  for (const entry of spec.entries) writeEntry(events, entry);
  if (layout.dataOffset + events.length > layout.size) throw new Error('the entries do not fit the page');
  const lost = spec.lost ?? 0;
  const flags = lost === 0 ? 0 : lost === 'unknown' ? 0x8000_0000 : 0xc000_0000;
  const out = new ByteBuilder(layout.littleEndian);
  out.u64(spec.timestamp).long(flags + (spec.commit ?? events.length), layout.commitSize);
  out.bytes(events.take());
  if (typeof lost === 'number' && lost > 0) out.long(lost, layout.commitSize);
  if (out.length > layout.size) throw new Error('the lost count does not fit the page');
  return out.zeros(layout.size - out.length).take();
}

/** The entries that carry one event `delta` after the one before: a time extend where 27 bits are too few. */
function entriesFor(delta: bigint, data: Uint8Array): PageEntry[] {
  if (delta < DELTA_LIMIT) return [{ kind: 'data', delta: Number(delta), data }];
  return [
    { kind: 'extend', delta: Number(delta % DELTA_LIMIT), high: Number(delta / DELTA_LIMIT) },
    { kind: 'data', delta: 0, data },
  ];
}

/** Lays events out in as many sub-buffers as they need, in the order given. Times must not go back. */
export function buildPages(layout: SubBufferLayout, events: readonly EventSpec[]): Uint8Array[] {
  const pages: Uint8Array[] = [];
  let page: { timestamp: bigint; lost: number | 'unknown'; entries: PageEntry[]; room: number } | undefined;
  let before = 0n;
  const close = (): void => {
    if (page) pages.push(buildPage(layout, page));
    page = undefined;
  };
  for (const event of events) {
    const size = 16 + roundUp(event.data.length);
    const delta = event.time - before;
    if (page && (event.lost !== undefined || size > page.room || delta >= TIME_LIMIT)) close();
    if (!page) {
      const room = layout.size - layout.dataOffset - layout.commitSize;
      page = { timestamp: event.time, lost: event.lost ?? 0, entries: [], room };
      before = event.time;
    }
    page.entries.push(...entriesFor(event.time - before, event.data));
    page.room -= size;
    before = event.time;
  }
  close();
  return pages;
}
