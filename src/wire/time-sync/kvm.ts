/*
 * The messages of `kvm`: 32 bytes either way, in the byte order of both machines, which is little endian.
 *
 *     REQUEST    guest to host   i64 time, guest clock, of a marker; the rest is 0
 *     RESPONSE   host to guest   i64 the same time, i64 offset, i64 scaling, i64 fraction
 *
 * Both ends keep what RESPONSE says as their sample. Its offset is the hypervisor's with the sign turned: to be added
 * to the guest's clock.
 */

export const KVM_NAME = 'kvm';
export const KVM_REQUEST = 1;
export const KVM_RESPONSE = 2;
/** Bytes of either payload. */
export const KVM_SIZE = 32;

/** Writes REQUEST's payload; returns its length. */
export function writeKvmRequest(view: DataView, offset: number, time: bigint): number {
  return writeKvmResponse(view, offset, time, 0n, 0n, 0n);
}

/** Writes RESPONSE's payload; returns its length. */
export function writeKvmResponse(
  view: DataView,
  offset: number,
  time: bigint,
  clockOffset: bigint,
  scaling: bigint,
  fraction: bigint,
): number {
  view.setBigInt64(offset, time, true);
  view.setBigInt64(offset + 8, clockOffset, true);
  view.setBigInt64(offset + 16, scaling, true);
  view.setBigInt64(offset + 24, fraction, true);
  return KVM_SIZE;
}

export function readKvmTime(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset, true);
}

export function readKvmOffset(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset + 8, true);
}

export function readKvmScaling(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset + 16, true);
}

export function readKvmFraction(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset + 24, true);
}
