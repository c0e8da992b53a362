import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import { evaluator } from '../evaluate/evaluate.ts';
import { locate } from '../evaluate/locate.ts';
import type { Expression } from '../parse/ast.ts';
import type { PieceWriter } from './piece-writer.ts';
import { writeScsiCommand } from './scsi.ts';
import { XEN_HYPERCALLS } from './xen.ts';

/** Functions of the kernel that print formats call: what they come to as a text; undefined for those that have none. */
export function callText(name: string, args: readonly Expression[], env: PrintEnvironment): PieceWriter | undefined {
  const first = evaluator(args[0] as Expression, env);
  switch (name) {
    case 'jiffies_to_msecs': {
      const register = new U64();
      return (out, record) => {
        first.wide(record, register);
        out.decimalI64(register);
      };
    }
    case 'jbd2_dev_to_name':
      return (out, record) => writeDevice(out, first.low(record));
    case 'xen_hypercall_name': {
      const names = XEN_HYPERCALLS.map((hypercall) => utf8(hypercall === '' ? '' : `(${hypercall})`));
      return (out, record) => {
        const text = names[first.low(record)];
        if (text !== undefined) out.bytes(text);
      };
    }
    case 'scsi_trace_parse_cdb': {
      const place = locate(args[1] as Expression, env.littleEndian);
      return place && ((out, record) => writeScsiCommand(out, record, record.start + place(record)));
    }
    default:
      return undefined;
  }
}

/** `MAJOR:MINOR` */
function writeDevice(out: ByteWriter, device: number): void {
  out.decimal(device >>> 20);
  out.byte(0x3a);
  out.decimal(device & 0xf_ffff);
}
