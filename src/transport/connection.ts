import { OsError } from '../kernel/os-error.ts';
import { closeSocket, POLLIN, POLLOUT, receiveNow, sendNow, shutdownSocket } from '../kernel/sockets.ts';
import { addressText, type PeerAddress } from './address.ts';
import { pollLoop } from './poll-loop.ts';

/**
 * An open byte stream to a peer. Its descriptor blocks, so that a worker thread can use it as it is (`receive`, `send`
 * of kernel/sockets.ts); `read` and `write` here never block, and are for the main thread. One of each may wait at a
 * time. Times are ms, Infinity for no limit.
 */
export class Connection {
  readonly fd: number;
  /** The other end; on TCP its numeric address. `atPort(peer, port)` is where its data ports are. */
  readonly peer: PeerAddress;
  /** The other end for messages. */
  readonly text: string;
  #open = true;

  constructor(fd: number, peer: PeerAddress) {
    this.fd = fd;
    this.peer = peer;
    this.text = addressText(peer);
  }

  /** Reads what is there. Returns its bytes; 0 when the peer or this end has closed; -1 when nothing came in time. */
  async read(into: Uint8Array, timeoutMs: number): Promise<number> {
    const deadline = performance.now() + timeoutMs;
    while (this.#open) {
      const received = receiveNow(this.fd, into, this.text);
      if (received !== -1) return received;
      if (performance.now() >= deadline) return -1;
      await pollLoop.wait(this.fd, POLLIN, deadline - performance.now());
    }
    return 0;
  }

  /** Writes all of it, in one piece while the peer has room. After an error the stream is of no more use. */
  async write(bytes: Uint8Array, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (let left = bytes; left.length > 0; ) {
      if (!this.#open) throw new OsError('EPIPE', this.text, 'the connection was closed while bytes were sent');
      const sent = sendNow(this.fd, left, this.text);
      if (sent >= 0) {
        left = left.subarray(sent);
        continue;
      }
      if (performance.now() >= deadline) {
        throw new OsError('ETIMEDOUT', this.text, `does not take what it is sent within ${timeoutMs} ms`);
      }
      await pollLoop.wait(this.fd, POLLOUT, deadline - performance.now());
    }
  }

  /** Ends both directions. Whoever waits for the other end, also a thread that blocks on `fd`, goes on at once. */
  shutdown(): void {
    if (this.#open) shutdownSocket(this.fd);
  }

  /** Closes the descriptor, whose number is then free for others: any thread that uses it must have ended before. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    pollLoop.cancel(this.fd);
    shutdownSocket(this.fd);
    closeSocket(this.fd);
  }
}
