import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { RecordBytes } from '../../record.ts';

/** Operation codes of SCSI commands (SPC, SBC) whose parameters are shown. */
const READ_6 = 0x08;
const WRITE_6 = 0x0a;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;
const VERIFY_10 = 0x2f;
const WRITE_SAME_10 = 0x41;
const UNMAP = 0x42;
const VARIABLE_LENGTH = 0x7f;
const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const VERIFY_16 = 0x8f;
const WRITE_SAME_16 = 0x93;
const SERVICE_ACTION_IN_16 = 0x9e;
const READ_12 = 0xa8;
const WRITE_12 = 0xaa;
const VERIFY_12 = 0xaf;

/** Service actions of SERVICE_ACTION_IN_16, and of commands of variable length. */
const CAPACITY_ACTIONS = new Map([
  [0x10, utf8('READ_CAPACITY_16 lba=')],
  [0x12, utf8('GET_LBA_STATUS lba=')],
]);
const WRITE_SAME_32 = 0x0d;
const LONG_ACTIONS = new Map([
  [0x09, utf8('READ_32 lba=')],
  [0x0a, utf8('VERIFY_32 lba=')],
  [0x0b, utf8('WRITE_32 lba=')],
  [WRITE_SAME_32, utf8('WRITE_SAME_32 lba=')],
]);

const LBA = utf8('lba=');
const LENGTH = utf8(' txlen=');
const PROTECT = utf8(' protect=');
const UNMAPPED = utf8(' unmap=');
const REFERENCE_TAG = utf8(' ei_lbrt=');
const ALLOCATED = utf8(' alloc_len=');
const REGIONS = utf8('regions=');
const UNKNOWN = utf8('UNKNOWN');
const OTHER = utf8('-');

const register = new U64();

/** The command that is being written: bytes beyond the record's end are 0. */
class Command {
  bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  moveTo(record: RecordBytes, start: number): void {
    this.bytes = record.bytes;
    this.#start = start;
    this.#end = record.end;
  }

  byte(index: number): number {
    const at = this.#start + index;
    return at < this.#end ? (this.bytes[at] as number) : 0;
  }

  /** 16 bits, big endian as all of SCSI. */
  short(index: number): number {
    return this.byte(index) * 256 + this.byte(index + 1);
  }

  /** 32 bits, big endian. */
  word(index: number): number {
    return this.short(index) * 0x1_0000 + this.short(index + 2);
  }
}

const command = new Command();

/** A decimal of 64 bits whose lower half is given; trace-cmd extends its sign into the upper half. */
function writeExtended(out: ByteWriter, hi: number, lo: number): void {
  register.set(lo >= 0x8000_0000 ? 0xffff_ffff : hi, lo);
  out.decimalU64(register);
}

/** The parameters of the SCSI command at `start` in the record's memory. */
export function writeScsiCommand(out: ByteWriter, record: RecordBytes, start: number): void {
  command.moveTo(record, start);
  switch (command.byte(0)) {
    case READ_6:
    case WRITE_6:
      writeShort(out);
      break;
    case READ_10:
    case VERIFY_10:
    case WRITE_10:
    case WRITE_SAME_10:
      writeTransfer(out, false, command.short(7), WRITE_SAME_10);
      break;
    case READ_12:
    case VERIFY_12:
    case WRITE_12:
      writeTransfer(out, false, command.word(6), -1);
      break;
    case READ_16:
    case VERIFY_16:
    case WRITE_16:
    case WRITE_SAME_16:
      writeTransfer(out, true, command.word(10), WRITE_SAME_16);
      break;
    case UNMAP:
      out.bytes(REGIONS);
      out.decimal(((command.short(7) - 8) >>> 0) >>> 4);
      break;
    case SERVICE_ACTION_IN_16:
      writeCapacity(out);
      break;
    case VARIABLE_LENGTH:
      writeLong(out);
      break;
    default:
      out.bytes(OTHER);
  }
}

function writeShort(out: ByteWriter): void {
  out.bytes(LBA);
  out.decimal(((command.byte(1) & 0x1f) << 16) | command.short(2));
  out.bytes(LENGTH);
  out.decimal(command.byte(4));
}

/** A block address of 8 bytes when it is `wide`, else of 4. `unmaps` is the operation code that may unmap. */
function writeTransfer(out: ByteWriter, wide: boolean, length: number, unmaps: number): void {
  out.bytes(LBA);
  writeAddress(out, 2, wide);
  out.bytes(LENGTH);
  writeExtended(out, 0, length);
  out.bytes(PROTECT);
  out.decimal(command.byte(1) >> 5);
  if (command.byte(0) === unmaps) writeUnmap(out, 1);
}

function writeAddress(out: ByteWriter, index: number, wide: boolean): void {
  if (wide) writeExtended(out, command.word(index), command.word(index + 4));
  else writeExtended(out, 0, command.word(index));
}

function writeUnmap(out: ByteWriter, index: number): void {
  out.bytes(UNMAPPED);
  out.decimal((command.byte(index) >> 3) & 1);
}

function writeCapacity(out: ByteWriter): void {
  const name = CAPACITY_ACTIONS.get(command.byte(1) & 0x1f);
  if (name === undefined) {
    out.bytes(UNKNOWN);
    return;
  }
  out.bytes(name);
  writeAddress(out, 2, true);
  out.bytes(ALLOCATED);
  out.decimal(command.word(10));
}

function writeLong(out: ByteWriter): void {
  const action = command.short(8);
  const name = LONG_ACTIONS.get(action);
  if (name === undefined) {
    out.bytes(OTHER);
    return;
  }
  out.bytes(name);
  writeAddress(out, 12, true);
  out.bytes(LENGTH);
  writeExtended(out, 0, command.word(28));
  out.bytes(PROTECT);
  out.decimal(command.byte(10) >> 5);
  out.bytes(REFERENCE_TAG);
  out.decimal(command.word(20));
  if (action === WRITE_SAME_32) writeUnmap(out, 10);
}
