import { TandemError } from '../base/errors.ts';
import type { SubBufferLayout } from './record-cursor.ts';

/** Kernels go up to 64 pages of 64 KiB; beyond this a size is damage. */
const LARGEST_SUB_BUFFER = 1 << 26;
const TIME_STAMP_SIZE = 8;

interface HeaderField {
  readonly offset: number;
  readonly size: number;
}

/** `field: TYPE NAME;  offset:N;  size:N;` of one name in the header_page text. */
function headerField(text: string, name: string): HeaderField | undefined {
  const match = new RegExp(`field:[^;]*\\b${name};\\s*offset:(\\d+);\\s*size:(\\d+);`).exec(text);
  return match ? { offset: Number(match[1]), size: Number(match[2]) } : undefined;
}

/**
 * How the sub-buffers of a file are built, from its header_page text (events/header_page of the traced kernel).
 * `size` comes from the file's header or the buffer's option. Kernels up to 2.6.30 have no such text: there
 * `userLongSize`, of the program that recorded, stands in. Throws a TandemError for layouts no kernel has.
 */
export function subBufferLayout(
  headerPage: Uint8Array,
  facts: { readonly littleEndian: boolean; readonly userLongSize: number; readonly size: number },
  subject: string,
): SubBufferLayout {
  const text = new TextDecoder('latin1').decode(headerPage);
  const timestamp = headerField(text, 'timestamp') ?? { offset: 0, size: TIME_STAMP_SIZE };
  const commit = headerField(text, 'commit') ?? { offset: TIME_STAMP_SIZE, size: facts.userLongSize };
  const { size, littleEndian } = facts;
  if (timestamp.offset !== 0 || timestamp.size !== TIME_STAMP_SIZE || commit.offset !== TIME_STAMP_SIZE) {
    throw new TandemError('UNSUPPORTED', subject, 'its header_page describes sub-buffers of an unknown shape');
  }
  if (commit.size !== 4 && commit.size !== 8) {
    throw new TandemError('CORRUPT', subject, `a commit word of ${commit.size} bytes (4 or 8 expected)`);
  }
  const dataOffset = TIME_STAMP_SIZE + commit.size;
  if (size <= dataOffset || size > LARGEST_SUB_BUFFER || size % 4 !== 0) {
    throw new TandemError('CORRUPT', subject, `impossible sub-buffer size ${size}`);
  }
  return { littleEndian, commitSize: commit.size, dataOffset, size };
}
