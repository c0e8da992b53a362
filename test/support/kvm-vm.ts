import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

/*
 * A virtual machine made through /dev/kvm, without memory or code: enough for KVM to show its vCPUs in debugfs.
 * Requests and structs: Documentation/virt/kvm/api.rst.
 */

const KVM = '/dev/kvm';
/** _IO(0xAE, nr) */
const KVM_CREATE_VM = 0xae01;
const KVM_CREATE_VCPU = 0xae41;
const KVM_RUN = 0xae80;
/** _IOW(0xAE, nr, struct kvm_device_attr) */
const KVM_SET_DEVICE_ATTR = 0x4018_aee1;
const KVM_GET_DEVICE_ATTR = 0x4018_aee2;
/** struct kvm_device_attr: u32 flags; u32 group; u64 attr; u64 addr. Group and attribute of the TSC offset are 0. */
const ATTR_SIZE = 24;
const ATTR_ADDR_AT = 16;

type Ioctl = (fd: number, request: number, argument: number) => number;
type IoctlPointer = (fd: number, request: number, argument: Uint8Array) => number;

/** Why there can be no such machine here; undefined where there can. */
export function kvmMissing(): string | undefined {
  try {
    closeSync(openSync(KVM, 'r+'));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export class KvmVm {
  readonly #fds: number[] = [];
  readonly #vcpus = new Map<number, number>();
  readonly #ioctl: Ioctl;
  readonly #ioctlPointer: IoctlPointer;

  /** Makes a virtual machine of this process with vCPUs of these ids, in this order. */
  constructor(vcpuIds: readonly number[]) {
    const library = koffi.load('libc.so.6');
    this.#ioctl = library.func('int ioctl(int fd, ulong request, ulong argument)') as unknown as Ioctl;
    this.#ioctlPointer = library.func('int ioctl(int fd, ulong request, void *argument)') as unknown as IoctlPointer;
    const kvm = openSync(KVM, 'r+');
    const vm = this.#opened('KVM_CREATE_VM', this.#ioctl(kvm, KVM_CREATE_VM, 0));
    closeSync(kvm);
    for (const id of vcpuIds)
      this.#vcpus.set(id, this.#opened('KVM_CREATE_VCPU', this.#ioctl(vm, KVM_CREATE_VCPU, id)));
  }

  #opened(what: string, fd: number): number {
    if (fd < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
    this.#fds.push(fd);
    return fd;
  }

  /** KVM may keep another offset than it is asked for: `tscOffset` tells. */
  setTscOffset(vcpuId: number, offset: bigint): void {
    this.#tscOffsetAttribute(vcpuId, KVM_SET_DEVICE_ATTR, offset);
  }

  /** The offset by KVM's own answer to the program that owns the machine. */
  tscOffset(vcpuId: number): bigint {
    return this.#tscOffsetAttribute(vcpuId, KVM_GET_DEVICE_ATTR, 0n);
  }

  #tscOffsetAttribute(vcpuId: number, request: number, before: bigint): bigint {
    const value = new BigInt64Array(new ArrayBuffer(8));
    value[0] = before;
    const attribute = new Uint8Array(ATTR_SIZE);
    new DataView(attribute.buffer).setBigUint64(ATTR_ADDR_AT, BigInt(koffi.address(value)), true);
    const result = this.#ioctlPointer(this.#vcpu(vcpuId), request, attribute);
    if (result !== 0) throw new Error(`TSC offset of vCPU ${vcpuId}: errno ${koffi.errno()}`);
    return value[0] as bigint;
  }

  /** Enters a vCPU on the calling thread, which comes back at once: there is nothing that it could run. */
  run(vcpuId: number): void {
    this.#ioctl(this.#vcpu(vcpuId), KVM_RUN, 0);
  }

  #vcpu(id: number): number {
    const fd = this.#vcpus.get(id);
    if (fd === undefined) throw new Error(`no vCPU ${id}`);
    return fd;
  }

  close(): void {
    const close = koffi.load('libc.so.6').func('int close(int fd)') as unknown as (fd: number) => number;
    for (const fd of this.#fds.splice(0).reverse()) close(fd);
  }
}
