import { OPTION, SECTION } from '../ids.ts';
import type { OptionContent } from './content.ts';
import { Encoder } from './encoder.ts';

/** An options section as it goes into a file of version 7. */
export interface EncodedOptions {
  readonly bytes: Uint8Array;
  /** Where in `bytes` its DONE has the file offset of the next options section: 0, as long as there is none. */
  readonly nextPlace: number;
}

const HEADER_SIZE = 16;
/** Bytes of an option in front of its data. */
const OPTION_HEADER = 6;

/** `descriptionOffset`: of its description in the strings. Options sections are never compressed. */
export function optionsSection(
  options: readonly OptionContent[],
  descriptionOffset: number,
  littleEndian: boolean,
): EncodedOptions {
  const body = new Encoder(littleEndian);
  for (const { id, data } of options) body.u16(id).u32(data.length).bytes(data);
  const nextPlace = HEADER_SIZE + body.length + OPTION_HEADER;
  body.u16(OPTION.DONE).u32(8).u64(0);
  for (const { behind } of options) if (behind) body.bytes(behind);
  const header = new Encoder(littleEndian).u16(SECTION.OPTIONS).u16(0).u32(descriptionOffset).u64(body.length);
  return { bytes: header.bytes(body.finish()).finish(), nextPlace };
}
