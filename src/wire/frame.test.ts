import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBuilder } from '../../test/support/byte-builder.ts';
import { anyMessage, cutInto } from '../../test/support/wire/arbitrary.ts';
import { CAPTURED, capturedSession, concat, streamOf } from '../../test/support/wire/sessions.ts';
import { memorySource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import { portableCodecs } from '../trace-file/codecs.ts';
import { openTrace } from '../trace-file/open.ts';
import { MessageReader, serialize } from './frame.ts';
import type { Message, MessageOf } from './messages.ts';

/** All messages in pieces of a stream, with copies of their bytes. */
function messagesIn(...pieces: readonly Uint8Array[]): Message[] {
  const reader = new MessageReader('peer');
  const messages: Message[] = [];
  for (const piece of pieces) {
    reader.read(piece, (message) => {
      messages.push('bytes' in message ? { ...message, bytes: message.bytes.slice() } : message);
    });
  }
  expect(reader.pending).toHaveLength(0);
  return messages;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A message from its parts, whatever they claim. */
function raw(number: number, fixed: Uint8Array, payload: Uint8Array = text('')): Uint8Array {
  const size = 12 + fixed.length + payload.length;
  return new ByteBuilder(false).u32(size).u32(number).u32(fixed.length).bytes(fixed).bytes(payload).take();
}

function problemWith(...pieces: readonly Uint8Array[]): string {
  try {
    messagesIn(...pieces);
  } catch (error) {
    if (error instanceof TandemError) return error.message;
    throw error;
  }
  return 'none';
}

describe.each(CAPTURED)('the captured session %s', (name) => {
  const { control, sync } = capturedSession(name);
  const streams = [control, sync].flatMap((one) => [streamOf(one, 'client'), streamOf(one, 'server')]);

  test('comes back bit for bit', () => {
    for (const stream of streams) expect(Buffer.compare(concat(messagesIn(stream).map(serialize)), stream)).toBe(0);
  });

  test('reads the same byte by byte, and with each two messages cut at every place', () => {
    for (const stream of streams) {
      const messages = messagesIn(stream);
      expect(messagesIn(...Array.from(stream, (_, at) => stream.subarray(at, at + 1)))).toEqual(messages);
      const reader = new MessageReader('peer');
      let read: string[] = [];
      const note = (message: Message): unknown => read.push(message.command);
      let start = 0;
      for (const [index, message] of messages.slice(0, -1).entries()) {
        const middle = start + serialize(message).length;
        const end = middle + serialize(messages[index + 1]!).length;
        for (let cut = start; cut <= end; cut++) {
          read = [];
          reader.read(stream.subarray(start, cut), note);
          if (read.length !== (cut < middle ? 0 : cut < end ? 1 : 2)) expect.fail(`cut at ${cut}: ${read}`);
          reader.read(stream.subarray(cut, end), note);
          if (read.length !== 2 || reader.pending.length !== 0) expect.fail(`cut at ${cut}: ${read}`);
        }
        start = middle;
      }
    }
  });

  test("carries the start of the guest's trace file", async () => {
    const messages = messagesIn(streamOf(control, 'server'));
    const [response] = messages as [MessageOf<'TRACE_RESP'>];
    const data = messages.filter((message) => message.command === 'SEND_DATA').map(({ bytes }) => bytes);
    const file = await openTrace(memorySource(name, concat(data)), portableCodecs);
    expect(file.traceId).toBe(response.traceId);
    expect(file.cpuCount).toBe(response.ports.length);
  });
});

describe('what stock trace-cmd sent', () => {
  // By the commands in the fixtures' README, and the ids in what `trace-cmd dump --options` says of their files.
  test('over TCP', () => {
    const { control } = capturedSession('tcp-ptp');
    expect(messagesIn(streamOf(control, 'client'))).toEqual([
      {
        command: 'TRACE_REQ',
        useFifos: false,
        traceId: 0x16993be68b2f3014n,
        args: ['-C', 'local', '-e', 'sched_switch'],
        syncProtocols: ['ptp'],
      },
      { command: 'CLOSE' },
    ]);
    expect(messagesIn(streamOf(control, 'server'))[0]).toEqual({
      command: 'TRACE_RESP',
      useFifos: false,
      pageSize: 4096,
      traceId: 0xa91b2e9bda0c1861n,
      syncProtocol: 'ptp',
      syncPort: 1502,
      ports: [1500, 1501],
    });
  });

  test('over vsock', () => {
    const { control } = capturedSession('vsock-kvm');
    expect(messagesIn(streamOf(control, 'client'))[0]).toMatchObject({
      traceId: 0xf966ee637bd78ce4n,
      args: ['-C', 'x86-tsc', '-e', 'sched_switch'],
      syncProtocols: ['kvm', 'ptp'],
    });
    expect(messagesIn(streamOf(control, 'server'))[0]).toMatchObject({
      syncProtocol: 'kvm',
      syncPort: 4058603021,
      ports: [4058603019, 4058603020],
    });
  });
});

describe('messages', () => {
  test('of all kinds come back as they were, however they are cut', () => {
    const property = fc.property(fc.array(anyMessage), fc.array(fc.nat(), { maxLength: 30 }), (messages, cuts) => {
      const stream = concat(messages.map(serialize));
      expect(messagesIn(...cutInto(stream, cuts))).toEqual(messages);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('of newer peers lose the surplus of their fixed part', () => {
    const [request] = messagesIn(raw(10, new ByteBuilder(false).zeros(8).u64(7).u32(3).u32(0).u64(~0n).take()));
    expect(request).toMatchObject({ command: 'TRACE_PROXY', traceId: 7n, cpus: 3, args: [] });
    expect(messagesIn(raw(8, text('surplus')))).toEqual([{ command: 'CLOSE_RESP' }]);
    expect(messagesIn(raw(3, text('surplus'), text('data')))).toEqual([{ command: 'SEND_DATA', bytes: text('data') }]);
  });

  test('of older peers have zeros for what is missing', () => {
    const [request] = messagesIn(raw(6, new ByteBuilder(false).u32(1).take()));
    expect(request).toMatchObject({ command: 'TRACE_REQ', useFifos: true, traceId: 0n });
  });

  test('with unknown commands are skipped as a whole', () => {
    const messages = messagesIn(raw(12, text('abcd'), text('ef')), raw(0xffff_ffff, text('')), raw(11, text('')));
    expect(messages).toEqual([
      { command: 'UNKNOWN', number: 12, fixedSize: 4, bytes: text('abcdef') },
      { command: 'UNKNOWN', number: 0xffff_ffff, fixedSize: 0, bytes: text('') },
      { command: 'CONT' },
    ]);
  });

  test('with impossible sizes are refused by their first 12 bytes', () => {
    const header = (size: number, fixed = 0): Uint8Array => new ByteBuilder(false).u32(size).u32(3).u32(fixed).take();
    expect(problemWith(header(11))).toMatch('claims 11 bytes');
    expect(problemWith(header(8193))).toMatch('claims 8193 bytes');
    expect(problemWith(header(0xffff_ffff))).toMatch('claims 4294967295 bytes');
    expect(problemWith(header(20, 9))).toMatch('a message of 20 bytes whose fixed part claims 9');
    expect(problemWith(text('SSH-2.0-OpenSSH_9.2'))).toMatch('beginning with "SSH-2.0-Open"; is it a trace-cmd');
  });
});

describe('parameters', () => {
  const request = (...parts: readonly Uint8Array[]): Uint8Array => raw(6, new Uint8Array(16), concat(parts));
  const parameter = (id: number, value: Uint8Array, length = value.length): Uint8Array =>
    new ByteBuilder(false).u32(id).u32(length).bytes(value).take();
  const args = (count: number, value: string): Uint8Array =>
    parameter(0, new ByteBuilder(false).u32(count).text(value).take());

  test('of unknown ids are skipped, and a short rest is', () => {
    const bytes = request(parameter(7, text('later')), args(1, 'a\0'), parameter(1, text('')));
    expect(messagesIn(bytes)).toMatchObject([{ args: ['a'], syncProtocols: undefined }]);
  });

  test('with time sync, but without a protocol, are one NUL', () => {
    const message: Message = { command: 'TRACE_REQ', useFifos: false, traceId: 1n, args: [], syncProtocols: [] };
    const bytes = serialize(message);
    expect(bytes.subarray(28)).toEqual(parameter(1, text('\0')));
    expect(messagesIn(bytes)).toEqual([message]);
  });

  test('that contradict themselves are refused', () => {
    expect(problemWith(request(parameter(0, text('abcd'), 5)))).toMatch('parameter 0 claims 5 bytes, where 4 are left');
    expect(problemWith(request(parameter(9, text('abcd'), 0xffff_ffff)))).toMatch('claims 4294967295 bytes');
    expect(problemWith(request(args(3, 'a\0b\0')))).toMatch('counts 3 arguments, but has 2');
    expect(problemWith(request(args(0xffff_ffff, 'a\0')))).toMatch('counts 4294967295 arguments, but has 1');
    expect(problemWith(request(args(1, 'a')))).toMatch('no end');
    expect(problemWith(request(parameter(0, text('abc'))))).toMatch('cut short');
    expect(problemWith(request(parameter(1, text(`${'x'.repeat(17)}\0\0`))))).toMatch('a name of 17 characters');
    const notText = new ByteBuilder(false).u32(1).u8(0xff).u8(0).take();
    expect(problemWith(request(parameter(0, notText)))).toMatch('number 1 is not UTF-8');
  });

  test("that are too long for a message are the caller's mistake", () => {
    const message: Message = { command: 'TRACE_REQ', useFifos: false, traceId: 1n, args: [], syncProtocols: undefined };
    const fitting = { ...message, args: ['x'.repeat(8192 - 28 - 8 - 4 - 1)] };
    expect(serialize(fitting)).toHaveLength(8192);
    expect(messagesIn(serialize(fitting))).toEqual([fitting]);
    const error = expect(() => serialize({ ...fitting, args: [`${fitting.args[0]}x`] }));
    error.toThrow('options for a guest: take 8165 bytes, where a request has room for 8164; use fewer');
    expect(() => serialize({ ...message, args: ['a\0b'] })).toThrow('has a NUL character');
  });
});

describe('answers', () => {
  const response = (cpus: number, ports: string, { pageSize = 4096, name = '' } = {}): Uint8Array => {
    const fixed = new ByteBuilder(false).u32(0).u32(cpus).u32(pageSize).u64(1).text(name);
    return raw(7, fixed.zeros(40 - fixed.length).take(), text(ports));
  };

  test('may fill a name with all 16 characters', () => {
    expect(messagesIn(response(1, '1\0', { name: 'sixteen-letters!' }))).toMatchObject([
      { syncProtocol: 'sixteen-letters!' },
    ]);
  });

  test('with values that no agent has are refused', () => {
    expect(problemWith(response(4097, '1\0'))).toMatch('cpus 4097; possible are 0 to 4096');
    expect(problemWith(response(2, '1500\0'))).toMatch('counts 2 entries, but has 1');
    expect(problemWith(response(1, '1500\x001501\0'))).toMatch('counts 1 entries, but has 2');
    expect(problemWith(response(1, '1500'))).toMatch('no end');
    for (const port of ['', '-1', '+1', ' 1', '1x', '0x10', '4294967296', '99999999999', '01']) {
      expect(problemWith(response(1, `${port}\0`))).toMatch(`with '${port}' for a port`);
    }
    expect(problemWith(response(1, '1\0', { pageSize: 5000 }))).toMatch('page size of 5000');
    expect(problemWith(response(1, '1\0', { pageSize: 0 }))).toMatch('pageSize 0');
    expect(problemWith(response(1, '1\0', { name: 'p\x1btp' }))).toMatch('not printable');
  });

  test('of more CPUs than fit are refused to be sent', () => {
    const ports = Array.from({ length: 800 }, (_, cpu) => 4_000_000_000 + cpu);
    const message = { useFifos: false, pageSize: 4096, traceId: 1n, syncProtocol: '', syncPort: 0, ports };
    expect(() => serialize({ command: 'TRACE_RESP', ...message })).toThrow('takes 8852 bytes, where 8192 are possible');
  });

  test('reasons of a refusal are one harmless line', () => {
    const [message] = messagesIn(raw(5, text(''), text('no\n\x1b[31m option\u2028-F ')));
    expect(message).toEqual({ command: 'NOT_SUPP', reason: 'no [31m option -F' });
  });
});
