import type { TraceInstance } from '../kernel/tracefs.ts';

/** Bytes of a buffer's sub-buffers. Kernels before 6.8 have one size for all, which header_page tells. */
export function subBufferSize(instance: TraceInstance): number {
  if (instance.has('buffer_subbuf_size_kb')) return 1024 * Number.parseInt(instance.read('buffer_subbuf_size_kb'), 10);
  const top = instance.name === '' ? [] : ['..', '..'];
  const data = /\bdata;\s*offset:(\d+);\s*size:(\d+);/.exec(instance.read(...top, 'events', 'header_page'));
  return Number(data?.[1] ?? 0) + Number(data?.[2] ?? 0);
}
