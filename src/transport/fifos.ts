import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { setBlocking } from '../kernel/libc.ts';
import { fsError, OsError } from '../kernel/os-error.ts';
import { checkGuestName } from './address.ts';

/*
 * The data of a CPU can take the way of a virtio-serial port: a device in the guest, and on the host two FIFOs that
 * QEMU reads (`.in`) and writes (`.out`).
 */

/** A folder per guest, with the FIFOs of its CPUs. */
export const HOST_FIFO_ROOT = '/var/lib/trace-cmd/virt';
/** Where a guest has its ports by name. */
export const GUEST_PORT_ROOT = '/dev/virtio-ports';
export const MAXIMUM_CPUS = 4096;

/** The port of a CPU, as the guest sees it. */
export const portName = (cpu: number): string => `trace-pipe-cpu${cpu}`;

export function hostFifoFolder(guest: string, root = HOST_FIFO_ROOT): string {
  return resolve(root, checkGuestName(guest));
}

/**
 * Opens what guest CPUs 0, 1, ... write, as far as there are FIFOs; without any, returns none. What was left in them
 * by an earlier recording is thrown away. The descriptors block. While QEMU runs they have no end: when the agent has
 * finished, they are to be read until they are empty.
 */
export function openHostFifos(guest: string, root = HOST_FIFO_ROOT): number[] {
  const folder = hostFifoFolder(guest, root);
  const fds: number[] = [];
  try {
    while (fds.length < MAXIMUM_CPUS) {
      const path = join(folder, `${portName(fds.length)}.out`);
      const fd = openIfThere(path, constants.O_RDONLY);
      if (fd === undefined) break;
      fds.push(fd);
      checkKind(path, fd, (found) => found.isFIFO());
      discard(fd);
      setBlocking(fd, true);
    }
    return fds;
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    throw error;
  }
}

/**
 * Opens a guest's ports for all its CPUs, for writing; the descriptors block. Undefined when one of them is missing, in
 * use or not connected: then data takes the way of the control connection.
 */
export function openGuestPorts(cpus: number, root = GUEST_PORT_ROOT): number[] | undefined {
  const fds: number[] = [];
  try {
    for (let cpu = 0; cpu < cpus; cpu += 1) {
      const path = join(root, portName(cpu));
      const fd = openIfThere(path, constants.O_WRONLY);
      if (fd === undefined) throw new OsError('ENOENT', path, 'is not there');
      fds.push(fd);
      checkKind(path, fd, (found) => found.isCharacterDevice() || found.isFIFO());
      setBlocking(fd, true);
    }
    return fds;
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    if (error instanceof OsError) return undefined;
    throw error;
  }
}

/** Opens without waiting for the other end. */
function openIfThere(path: string, access: number): number | undefined {
  try {
    return openSync(path, access | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fsError(error, path, 'can not be opened');
  }
}

function checkKind(path: string, fd: number, right: (found: Stats) => boolean): void {
  if (!right(fstatSync(fd))) throw new OsError('EINVAL', path, 'is neither a FIFO nor a port');
}

/** Reads what a pipe can hold, at most: a guest that goes on writing must not keep this from ending. */
function discard(fd: number): void {
  const LARGEST_PIPE = 1 << 20;
  const bytes = new Uint8Array(LARGEST_PIPE);
  try {
    for (let left = LARGEST_PIPE; left > 0; ) {
      const length = readSync(fd, bytes, 0, left, null);
      if (length === 0) return;
      left -= length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw fsError(error, 'FIFO', 'can not be read');
  }
}
