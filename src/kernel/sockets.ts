import { constants } from 'node:os';
import { attempted, checked, errno, lazy, lazyAsync } from './native.ts';
import { callError, OsError } from './os-error.ts';
import { FAMILIES, LONGEST_ADDRESS, packAddress, type SocketAddress, unpackAddress } from './socket-address.ts';

/*
 * System calls on sockets that Node lacks: it knows no vsock, lends no descriptors to blocking threads, and splices
 * nothing. All sockets are streams and close-on-exec.
 */

const { EINTR, EAGAIN, EINPROGRESS } = constants.errno;

const native = {
  socket: lazy('int socket(int family, int type, int protocol)'),
  bind: lazy('int bind(int fd, const void *address, uint length)'),
  listen: lazy('int listen(int fd, int backlog)'),
  accept4: lazy('int accept4(int fd, void *address, void *length, int flags)'),
  connect: lazy('int connect(int fd, const void *address, uint length)'),
  getsockname: lazy('int getsockname(int fd, void *address, void *length)'),
  getpeername: lazy('int getpeername(int fd, void *address, void *length)'),
  setsockopt: lazy('int setsockopt(int fd, int level, int name, const void *value, uint length)'),
  getsockopt: lazy('int getsockopt(int fd, int level, int name, void *value, void *length)'),
  recv: lazy('long recv(int fd, void *buffer, ulong length, int flags)'),
  send: lazy('long send(int fd, const void *buffer, ulong length, int flags)'),
  shutdown: lazy('int shutdown(int fd, int how)'),
  close: lazy('int close(int fd)'),
  poll: lazyAsync('int poll(void *fds, ulong count, int timeout)'),
};

const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;

/** socket(2), blocking. */
export function openSocket(family: keyof typeof FAMILIES): number {
  return checked('socket', `${family} sockets`, () => native.socket(FAMILIES[family], SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/** bind(2) */
export function bindSocket(fd: number, address: SocketAddress, subject: string): void {
  const packed = packAddress(address);
  checked('bind', subject, () => native.bind(fd, packed, packed.length));
}

/** listen(2) */
export function listenSocket(fd: number, backlog: number, subject: string): void {
  checked('listen', subject, () => native.listen(fd, backlog));
}

/** accept(2) also reports what went wrong with a connection before it was taken. */
const { ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTUNREACH } = constants.errno;
const NOBODY = [EAGAIN, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTUNREACH];

/** accept4(2); the new socket blocks. Undefined when nobody waits to be accepted (on a listener with O_NONBLOCK). */
export function acceptSocket(fd: number, subject: string): { fd: number; peer: SocketAddress } | undefined {
  const bytes = new Uint8Array(LONGEST_ADDRESS);
  const length = Uint32Array.of(LONGEST_ADDRESS);
  const accepted = attempted('accept4', subject, NOBODY, () => native.accept4(fd, bytes, length, SOCK_CLOEXEC));
  return accepted === -1 ? undefined : { fd: accepted, peer: known(bytes, length, subject) };
}

/** How connect(2) went; `full`: the listener of a Unix socket has no room just now. */
export type ConnectState = 'connected' | 'under way' | 'full';

/** connect(2) of a socket with O_NONBLOCK. One under way is done when the socket is writable: see `socketError`. */
export function connectSocket(fd: number, address: SocketAddress, subject: string): ConnectState {
  const packed = packAddress(address);
  if (native.connect(fd, packed, packed.length) !== -1) return 'connected';
  const code = errno();
  if (code === EINPROGRESS || code === EINTR) return 'under way';
  if (code === EAGAIN) return 'full';
  throw callError('connect', subject, code);
}

/** getsockopt(2) of SO_ERROR: throws what went wrong with a connect that was under way. */
export function checkConnected(fd: number, subject: string): void {
  const SO_ERROR = 4;
  const value = new Int32Array(1);
  checked('getsockopt', subject, () => native.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, Uint32Array.of(4)));
  const [code = 0] = value;
  if (code !== 0) throw callError('connect', subject, code);
}

/** getsockname(2) */
export function localAddress(fd: number): SocketAddress {
  return addressBy('getsockname', fd);
}

/** getpeername(2) */
export function peerAddress(fd: number): SocketAddress {
  return addressBy('getpeername', fd);
}

function addressBy(name: 'getsockname' | 'getpeername', fd: number): SocketAddress {
  const bytes = new Uint8Array(LONGEST_ADDRESS);
  const length = Uint32Array.of(LONGEST_ADDRESS);
  checked(name, `descriptor ${fd}`, () => native[name](fd, bytes, length));
  return known(bytes, length, `descriptor ${fd}`);
}

/** No socket of ours has another family than ours. */
function known(bytes: Uint8Array, length: Uint32Array, subject: string): SocketAddress {
  const address = unpackAddress(bytes, length[0] as number);
  if (address === undefined) throw new OsError('EAFNOSUPPORT', subject, 'has an address of an unknown kind');
  return address;
}

/** SO_PEERCRED of unix(7): the process that listens at the other end of a Unix socket; 0 when it can't be seen here. */
export function listeningProcess(fd: number): number {
  const SO_PEERCRED = 17;
  const credentials = new Int32Array(3); // struct ucred: pid, uid, gid
  const length = Uint32Array.of(credentials.byteLength);
  checked('getsockopt', `descriptor ${fd}`, () => native.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length));
  return credentials[0] as number;
}

function setOption(fd: number, level: number, name: number, value: ArrayBufferView): void {
  checked('setsockopt', `descriptor ${fd}`, () => native.setsockopt(fd, level, name, value, value.byteLength));
}

/** SO_REUSEADDR of socket(7): a port can be listened on again at once after its last user. */
export function reuseAddress(fd: number): void {
  const SO_REUSEADDR = 2;
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, Int32Array.of(1));
}

/** IPV6_V6ONLY of ipv6(7), off: a socket on `::` serves IPv4 as well. */
export function serveBothFamilies(fd: number): void {
  const IPPROTO_IPV6 = 41;
  const IPV6_V6ONLY = 26;
  setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, Int32Array.of(0));
}

/** TCP_NODELAY of tcp(7): a message leaves at once, whether the last one was acknowledged or not. */
export function sendAtOnce(fd: number): void {
  const TCP_NODELAY = 1;
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, Int32Array.of(1));
}

/**
 * Keep-alive probes of tcp(7): a peer that vanished without a word is noticed (ETIMEDOUT) after `idle` seconds of
 * silence and `probes` unanswered ones, `interval` seconds apart.
 */
export function detectLostPeer(fd: number, idle: number, interval: number, probes: number): void {
  const SO_KEEPALIVE = 9;
  const TCP_KEEPIDLE = 4;
  const TCP_KEEPINTVL = 5;
  const TCP_KEEPCNT = 6;
  setOption(fd, SOL_SOCKET, SO_KEEPALIVE, Int32Array.of(1));
  setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, Int32Array.of(idle));
  setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, Int32Array.of(interval));
  setOption(fd, IPPROTO_TCP, TCP_KEEPCNT, Int32Array.of(probes));
}

/** A struct timeval (64-bit) of so many ms. */
function timeval(milliseconds: number): BigInt64Array {
  const microseconds = BigInt(Math.ceil(milliseconds * 1000));
  return BigInt64Array.of(microseconds / 1_000_000n, microseconds % 1_000_000n);
}

/** SO_RCVTIMEO and SO_SNDTIMEO of socket(7): how long `receive` and `send` wait, in ms; 0: for ever. */
export function setSocketTimeouts(fd: number, milliseconds: number): void {
  const SO_RCVTIMEO = 20;
  const SO_SNDTIMEO = 21;
  setOption(fd, SOL_SOCKET, SO_RCVTIMEO, timeval(milliseconds));
  setOption(fd, SOL_SOCKET, SO_SNDTIMEO, timeval(milliseconds));
}

/** SO_VM_SOCKETS_CONNECT_TIMEOUT of vsock(7), in ms: the kernel gives up after 2 s otherwise. */
export function setVsockConnectTimeout(fd: number, milliseconds: number): void {
  const AF_VSOCK_OPTIONS = FAMILIES.vsock;
  const SO_VM_SOCKETS_CONNECT_TIMEOUT = 6;
  setOption(fd, AF_VSOCK_OPTIONS, SO_VM_SOCKETS_CONNECT_TIMEOUT, timeval(milliseconds));
}

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** recv(2). Returns the bytes; 0 when the peer is done; -1 when nothing came within the socket's time-out. */
export function receive(fd: number, into: Uint8Array, subject: string): number {
  return receiveWith(fd, into, 0, subject);
}

/** As `receive`, without waiting, whether the socket blocks or not: -1 when there is nothing now. */
export function receiveNow(fd: number, into: Uint8Array, subject: string): number {
  return receiveWith(fd, into, MSG_DONTWAIT, subject);
}

/** A loop of its own, not `attempted`: sampling threads come through here, and must not leave garbage behind. */
function receiveWith(fd: number, into: Uint8Array, flags: number, subject: string): number {
  for (;;) {
    const received = native.recv(fd, into, into.length, flags);
    if (received !== -1) return received;
    const code = errno();
    if (code === EAGAIN) return -1;
    if (code !== EINTR) throw callError('recv', subject, code);
  }
}

/** send(2) without SIGPIPE. Returns the bytes taken; -1 when there was no room within the socket's time-out. */
export function send(fd: number, bytes: Uint8Array, subject: string): number {
  return sendWith(fd, bytes, 0, subject);
}

/** As `send`, without waiting, whether the socket blocks or not: -1 when there is no room now. */
export function sendNow(fd: number, bytes: Uint8Array, subject: string): number {
  return sendWith(fd, bytes, MSG_DONTWAIT, subject);
}

function sendWith(fd: number, bytes: Uint8Array, flags: number, subject: string): number {
  for (;;) {
    const sent = native.send(fd, bytes, bytes.length, flags | MSG_NOSIGNAL);
    if (sent !== -1) return sent;
    const code = errno();
    if (code === EAGAIN) return -1;
    if (code !== EINTR) throw callError('send', subject, code);
  }
}

/** shutdown(2): a thread that waits in `receive` gets 0, one in `send` an error; the peer sees the end. */
export function shutdownSocket(fd: number): void {
  const SHUT_RDWR = 2;
  native.shutdown(fd, SHUT_RDWR); // fails only where the connection is gone already
}

/** close(2): Node warns of descriptors that it does not know. */
export function closeSocket(fd: number): void {
  native.close(fd);
}

/** What poll(2) can be asked for, and answers. */
export const POLLIN = 1;
export const POLLOUT = 4;

/**
 * poll(2) on another thread, so that the event loop goes on: `entries` are `count` structs pollfd, which must not
 * change meanwhile. Returns how many are ready. A process that exits waits for it: see `PollLoop` of transport.
 */
export async function pollAside(entries: ArrayBuffer, count: number, timeout: number): Promise<number> {
  const ready = await native.poll(entries, count, timeout);
  if (ready !== -1) return ready;
  if (errno() === EINTR) return 0;
  throw callError('poll', 'sockets', errno());
}
