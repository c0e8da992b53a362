import fc from 'fast-check';
import type { Message } from '../../../src/wire/messages.ts';

/*
 * Messages as fast-check makes them: all that can be sent.
 */

const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);
const cpus = fc.integer({ min: 1, max: 4096 });
const pageSize = fc.integer({ min: 12, max: 24 }).map((bits) => 2 ** bits);
const protocol = fc.stringMatching(/^[\x21-\x7e]{1,15}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'));
const ports = fc.array(u32, { maxLength: 300 });
const parameters = {
  args: fc.array(text, { maxLength: 20 }),
  syncProtocols: fc.option(fc.array(protocol, { maxLength: 20 }), { nil: undefined }),
};
const bytes = fc.uint8Array({ maxLength: 8100 });
const request = { useFifos: fc.boolean(), traceId: u64, ...parameters };

const of = <Name extends string>(command: Name): { command: fc.Arbitrary<Name> } => ({ command: fc.constant(command) });

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record(of('CLOSE')),
  fc.record({ ...of('TINIT'), cpus, pageSize, options: fc.array(text, { maxLength: 20 }) }),
  fc.record({ ...of('RINIT'), ports }),
  fc.record({ ...of('SEND_DATA'), bytes }),
  fc.record(of('FIN_DATA')),
  fc.record({ ...of('NOT_SUPP'), reason: fc.stringMatching(/^([!-~]{1,9} ){0,9}[!-~]{1,9}$/) }),
  fc.record({ ...of('TRACE_REQ'), ...request }),
  fc.record({
    ...of('TRACE_RESP'),
    useFifos: fc.boolean(),
    pageSize,
    traceId: u64,
    syncProtocol: fc.oneof(fc.constant(''), protocol),
    syncPort: u32,
    ports,
  }),
  fc.record(of('CLOSE_RESP')),
  fc.record({ ...of('TIME_SYNC'), protocol, id: u32, bytes }),
  fc.record({ ...of('TRACE_PROXY'), ...request, cpus }),
  fc.record(of('CONT')),
  fc
    .record({ ...of('UNKNOWN'), number: fc.integer({ min: 12, max: 0xffff_ffff }), fixedSize: fc.nat(8100), bytes })
    .filter((message) => message.fixedSize <= message.bytes.length),
);

/** Cuts bytes into pieces at random places; some pieces are empty. */
export function cutInto(whole: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((cut) => (whole.length === 0 ? 0 : cut % (whole.length + 1))).sort((a, b) => a - b);
  return [0, ...places].map((start, index) => whole.subarray(start, places[index] ?? whole.length));
}
