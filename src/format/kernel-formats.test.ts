import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { labeled, ourInfos, stockInfos } from '../../test/support/print-texts.ts';
import { Random, randomText } from '../../test/support/random-records.ts';
import { utf8 } from '../base/byte-writer.ts';
import type { EventFormat } from './event-format.ts';
import type { Field } from './field.ts';
import { parseEventFormat } from './parse-event.ts';

const EVENTS = '/sys/kernel/tracing/events';
const FUNCTIONS = Array.from({ length: 50 }, (_, i) => 0xffff_ffff_8100_0000n + BigInt(64 * i));

/** The formats of all events of this machine's kernel. */
function kernelFormats(): { system: string; text: string }[] {
  const folders = (path: string) => readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders(EVENTS).flatMap(({ name: system }) =>
    folders(join(EVENTS, system))
      .map(({ name }) => join(EVENTS, system, name, 'format'))
      .filter((path) => existsSync(path))
      .map((path) => ({ system, text: readFileSync(path, 'latin1') })),
  );
}

/** A record with values that trace-cmd can print without reading outside of it, or dividing by zero. */
function recordOf(event: EventFormat, random: Random): Uint8Array {
  const { printText } = event;
  const hasCounts = /__print_array|__print_hex|__print_dynamic|scsi_trace|%\*|%\.\*/.test(printText);
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  let end = event.minimumLength;
  const number = (): bigint => {
    if (hasCounts) return BigInt(1 + random.below(4));
    return random.below(5) === 0 ? random.pick(FUNCTIONS) + BigInt(random.below(3)) : random.number(8);
  };
  const put = ({ offset, size }: Field, value: bigint): void => {
    if (size <= 8) for (let i = 0; i < size; i++) bytes[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  };
  const arrayOf = ({ isString, elementSize }: Field): Uint8Array => {
    if (isString) return utf8(`${randomText(random, 30)}\0`);
    if (/pIS/.test(printText)) return Uint8Array.from({ length: 28 }, (_, i) => [random.pick([2, 10]), 0][i] ?? 7 * i);
    return Uint8Array.from({ length: hasCounts ? 64 : random.below(5) * (elementSize || 4) }, () => random.below(256));
  };
  for (const field of event.fields) {
    const { offset, size } = field;
    if (field.isDynamic) {
      const array = arrayOf(field);
      end = Math.ceil(end / 4) * 4;
      bytes.set(array, end);
      put(field, BigInt(array.length * 0x1_0000 + (field.isRelative ? end - offset - size : end)));
      end += array.length;
    } else if (field.isArray && field.isString) {
      const text = utf8(`${randomText(random, Math.max(0, (size || 20) - 1))}\0`);
      bytes.set(text, offset);
      end = Math.max(end, offset + text.length);
    } else if (field.isArray) {
      const length = size || 16;
      for (let i = 0; i < length; i++) bytes[offset + i] = random.below(256);
      end = Math.max(end, offset + length);
    } else put(field, number() || 1n);
  }
  view.setUint16(0, event.id, true);
  view.setInt32(4, 1, true);
  return bytes.slice(0, end);
}

for (const raw of [false, true]) {
  test(`every event of this kernel prints as with trace-cmd 3.1${raw ? ' -R' : ''}`, (context) => {
    const unable = missing('tracefs', 'trace-cmd 3.1');
    context.skip(unable !== undefined, unable);
    const formats = kernelFormats();
    const events = formats.map(({ system, text }) => parseEventFormat(text, system, { longSize: 8, version: '3.1' }));
    const random = new Random(4);
    const kallsyms = FUNCTIONS.map((address, i) => `${address.toString(16)} T function_${i}\n`).join('');
    const scenario = { formats, records: events.map((event) => recordOf(event, random)), kallsyms, raw };
    const labels = events.map(({ system, name }) => `${system}:${name}`);
    const expected = labeled(stockInfos('trace-cmd', scenario), labels);
    expect(labeled(ourInfos(scenario, '3.1'), labels)).toEqual(expected);
  });
}
