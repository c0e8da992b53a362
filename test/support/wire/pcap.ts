/*
 * Reads classic pcap files of two link types: Ethernet with TCP over IPv4, and Linux's vsock monitor (`vsockmon`).
 */

/** Bytes that one end sent in one go. */
export interface Packet {
  readonly fromClient: boolean;
  readonly bytes: Uint8Array;
}

/** One connection; `server` is the end that was connected to, as address:port. */
export interface Connection {
  readonly client: string;
  readonly server: string;
  readonly packets: readonly Packet[];
}

interface Segment {
  readonly source: string;
  readonly target: string;
  /** Byte number of the payload; undefined where the transport never repeats or reorders. */
  readonly sequence: number | undefined;
  /** Whether it opens the connection. */
  readonly opens: boolean;
  readonly payload: Uint8Array;
}

const MAGIC = 0xa1b2c3d4;
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const ETHERNET = 1;
const VSOCK_MONITOR = 271;

/** The connections of a capture, in the order in which they were opened. */
export function readPcap(file: Uint8Array): Connection[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('not a little endian pcap file');
  const link = view.getUint32(20, true);
  const connections = new Map<string, { client: string; server: string; packets: Packet[] }>();
  const expected = new Map<string, number>();
  for (let offset = FILE_HEADER; offset < file.length; ) {
    const length = view.getUint32(offset + 8, true);
    offset += PACKET_HEADER;
    const segment = readSegment(link, file.subarray(offset, offset + length));
    offset += length;
    if (!segment) continue;
    const { source, target, sequence, payload } = segment;
    const key = [source, target].sort().join(' ');
    if (!connections.has(key)) connections.set(key, { client: source, server: target, packets: [] });
    const due = expected.get(`${source} ${target}`);
    if (payload.length > 0 && sequence !== undefined && due !== undefined && sequence !== due) {
      throw new Error(`a packet from ${source} to ${target} is missing, repeated or late`);
    }
    if (sequence !== undefined) {
      expected.set(`${source} ${target}`, (sequence + payload.length + (segment.opens ? 1 : 0)) >>> 0);
    }
    const connection = connections.get(key)!;
    if (payload.length > 0) {
      connection.packets.push({ fromClient: source === connection.client, bytes: payload.slice() });
    }
  }
  return [...connections.values()];
}

function readSegment(link: number, bytes: Uint8Array): Segment | undefined {
  if (link === ETHERNET) return readTcp(bytes);
  if (link === VSOCK_MONITOR) return readVsock(bytes);
  throw new Error(`link type ${link} is not known`);
}

function readTcp(bytes: Uint8Array): Segment | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ip = 14;
  if (view.getUint16(12) !== 0x0800 || view.getUint8(ip + 9) !== 6) return undefined;
  const tcp = ip + 4 * (view.getUint8(ip) & 15);
  const address = (at: number): string => [...bytes.subarray(at, at + 4)].join('.');
  return {
    source: `${address(ip + 12)}:${view.getUint16(tcp)}`,
    target: `${address(ip + 16)}:${view.getUint16(tcp + 2)}`,
    sequence: view.getUint32(tcp + 4),
    opens: (view.getUint8(tcp + 13) & 2) !== 0,
    payload: bytes.subarray(tcp + 4 * (view.getUint8(tcp + 12) >> 4), ip + view.getUint16(ip + 2)),
  };
}

function readVsock(bytes: Uint8Array): Segment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const operation = view.getUint16(24, true);
  const [CONNECT, PAYLOAD] = [1, 4];
  return {
    source: `${view.getBigUint64(0, true)}:${view.getUint32(16, true)}`,
    target: `${view.getBigUint64(8, true)}:${view.getUint32(20, true)}`,
    sequence: undefined,
    opens: operation === CONNECT,
    payload: operation === PAYLOAD ? bytes.subarray(32 + view.getUint16(28, true)) : new Uint8Array(),
  };
}
