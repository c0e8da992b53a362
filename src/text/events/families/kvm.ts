import { utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { FamilyFactory, InfoWriter, TextContext } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { lowBits, type NumberField, numberField } from '../number-field.ts';
import { hex, inARow, unsigned } from '../pieces.ts';
import { writeAddress } from './function.ts';
import { EXIT_REASONS } from './kvm-exit-reasons.ts';

const UNKNOWN_ISA = utf8('UNKNOWN-ISA');
const NAMES = new Map(
  Object.entries(EXIT_REASONS).map(([isa, reasons]) => [
    Number(isa),
    new Map(Object.entries(reasons).map(([reason, name]) => [Number(reason), utf8(name)])),
  ]),
);
const VMX = 1;

/** `reason NAME`, by the tables of the two architectures. Old kernels, which don't say which one, had the first. */
function addReason(text: InfoBuilder, fieldName: string, context: TextContext): void {
  const reason = text.need(fieldName);
  const isa = text.number('isa');
  const readReason = lowBits(reason);
  const readIsa = isa ? lowBits(isa) : () => VMX;
  const writeUnknown = inARow(['UNKNOWN (', unsigned(reason), ')'], context.env.littleEndian);
  text.add('reason ', (out, record) => {
    const names = NAMES.get(readIsa(record));
    if (names === undefined) {
      out.bytes(UNKNOWN_ISA);
      return;
    }
    const name = names.get(readReason(record) | 0);
    if (name !== undefined) out.bytes(name);
    else writeUnknown(out, record);
  });
}

const rip = new U64();

/** ` NAME+0x1a`: the guest's function at an address, if the guest is part of the report and knows it. */
function guestFunction(text: InfoBuilder, context: TextContext, address: NumberField): InfoWriter {
  const pid = numberField(text.anyField('common_pid'), context.env.littleEndian);
  const readPid = pid ? lowBits(pid) : () => 0;
  return (out, record) => {
    address.read(record, rip);
    const symbol = context.resolveGuestSymbol(readPid(record) | 0, rip.hi, rip.lo);
    if (symbol === undefined) return;
    out.byte(0x20);
    out.constant(symbol.name);
    const lo = rip.lo - symbol.lo;
    const hi = rip.hi - symbol.hi - (lo < 0 ? 1 : 0);
    if (lo === 0 && hi === 0) return;
    out.byte(0x2b);
    writeAddress(out, hi >>> 0, lo >>> 0);
  };
}

export const kvmExit: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  addReason(text, 'exit_reason', context);
  const address = text.need('guest_rip');
  text.add(' rip 0x', hex(address), guestFunction(text, context, address));
  const info1 = text.number('info1');
  const info2 = text.number('info2');
  if (info1 && info2) text.add(' info ', hex(info1), ' ', hex(info2));
  return text.writer();
};

export const kvmEntry: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  text.print(' vcpu ', 'vcpu_id', unsigned);
  const address = text.need('rip');
  return text.add(' rip 0x', hex(address), guestFunction(text, context, address)).writer();
};

export const kvmEmulateInsn: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const [address, base, length, , failed] = ['rip', 'csbase', 'len', 'flags', 'failed'].map((name) =>
    text.need(name),
  ) as [NumberField, NumberField, NumberField, NumberField, NumberField];
  const bytes = text.field('insn');
  if (bytes === undefined) return text.add('<CANT FIND FIELD insn>').thenPrintFormat().writer();
  const readLength = lowBits(length);
  const readFailed = lowBits(failed);
  const FAIL = utf8(' FAIL');
  return text
    .add(hex(base), ':', hex(address), guestFunction(text, context, address))
    .add(': ', (out, record) => {
      const start = record.start + bytes.offset;
      const end = Math.min(start + readLength(record), start + bytes.size, record.end);
      for (let at = start; at < end; at++) {
        if (at > start) out.byte(0x20);
        out.hex(record.bytes[at] as number, 2);
      }
      if (readFailed(record) !== 0) out.bytes(FAIL);
    })
    .writer();
};

function addNestedExit(text: InfoBuilder, context: TextContext): InfoBuilder {
  addReason(text, 'exit_code', context);
  return text
    .print(' info1 ', 'exit_info1', hex)
    .print(' info2 ', 'exit_info2', hex)
    .print(' int_info ', 'exit_int_info', hex)
    .print(' int_info_err ', 'exit_int_info_err', hex);
}

/** An exit of a nested guest that its own hypervisor gets to see. */
export const kvmNestedVmexitInject: FamilyFactory = (event, context) =>
  addNestedExit(new InfoBuilder(event, context), context).writer();

export const kvmNestedVmexit: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const address = text.need('rip');
  text.add(' rip ', hex(address), guestFunction(text, context, address));
  return addNestedExit(text, context).writer();
};
