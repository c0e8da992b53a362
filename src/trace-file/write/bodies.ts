import { type TraceContent, USUAL_PAGE_SIZE } from './content.ts';
import { Encoder } from './encoder.ts';

/** The text parts, which versions 6 and 7 store in the same form: one after the other, or as sections. */

export function headersBody({ littleEndian, texts }: TraceContent): Uint8Array {
  const { headerPage, headerEvent } = texts;
  const body = new Encoder(littleEndian);
  body.string('header_page').u64(headerPage.length).bytes(headerPage);
  body.string('header_event').u64(headerEvent.length).bytes(headerEvent);
  return body.finish();
}

function formats(body: Encoder, texts: readonly Uint8Array[]): void {
  body.u32(texts.length);
  for (const text of texts) body.u64(text.length).bytes(text);
}

export function ftraceBody({ littleEndian, texts }: TraceContent): Uint8Array {
  const body = new Encoder(littleEndian);
  formats(body, texts.ftraceFormats);
  return body.finish();
}

export function eventsBody({ littleEndian, texts }: TraceContent): Uint8Array {
  const body = new Encoder(littleEndian).u32(texts.systems.length);
  for (const system of texts.systems) {
    body.string(system.name);
    formats(body, system.formats);
  }
  return body.finish();
}

/** kallsyms and the printk formats: a 32-bit length in front. */
export function shortTextBody({ littleEndian }: TraceContent, text: Uint8Array): Uint8Array {
  return new Encoder(littleEndian, 4 + text.length).u32(text.length).bytes(text).finish();
}

/** The command lines: a 64-bit length in front. */
export function longTextBody({ littleEndian }: TraceContent, text: Uint8Array): Uint8Array {
  return new Encoder(littleEndian, 8 + text.length).u64(text.length).bytes(text).finish();
}

/** magic, version, byte order, size of a long, page size: what every version begins with. */
export function initialHeader(content: TraceContent, version: 6 | 7): Encoder {
  const top = content.buffers[0];
  const header = new Encoder(content.littleEndian).bytes(Uint8Array.of(0x17, 0x08, 0x44)).text('tracing');
  header
    .string(String(version))
    .u8(content.littleEndian ? 0 : 1)
    .u8(content.userLongSize);
  return header.u32(top?.pageSize ?? content.pageSize ?? USUAL_PAGE_SIZE);
}
