import { closeSync, openSync } from 'node:fs';
import { lazy } from './native.ts';

const ioctl = lazy('int ioctl(int fd, ulong request, void *argument)');

/** The number by which a virtual machine's host knows it (vsock(7)); undefined where there is none. */
export function localCid(): number | undefined {
  const IOCTL_VM_SOCKETS_GET_LOCAL_CID = 0x7b9;
  const VMADDR_CID_ANY = 0xffff_ffff;
  let fd: number;
  try {
    fd = openSync('/dev/vsock', 'r');
  } catch {
    return undefined;
  }
  try {
    const cid = new Uint32Array(1);
    return ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, cid) === 0 && cid[0] !== VMADDR_CID_ANY ? cid[0] : undefined;
  } finally {
    closeSync(fd);
  }
}
