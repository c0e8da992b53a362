import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { neighbourGuest } from './neighbours.ts';

const proc = mkdtempSync(join(tmpdir(), 'tandem-neighbours-'));
afterAll(() => rmSync(proc, { recursive: true }));

mkdirSync(join(proc, 'net'));
writeFileSync(
  join(proc, 'net/arp'),
  `IP address       HW type     Flags       HW address            Mask     Device
10.0.0.1         0x1         0x2         52:54:00:00:00:01     *        virbr0
10.0.0.2         0x1         0x0         00:00:00:00:00:00     *        virbr0
10.0.0.3         0x1         0x2         52:54:00:00:00:03     *        virbr0
10.0.0.4         0x1         0x2         52:54:00:00:00:04     *        virbr0
10.0.0.5         0x1         0x6         52:54:00:00:00:01     *        virbr0
10.0.0.6         0x1         0x2         52:54:00:00:00:01     *        virbr0
10.0.0.6         0x1         0x2         52:54:00:00:00:01     *        virbr1
`,
);
for (const [pid, cards] of [
  ['100', [1, 2]],
  ['200', [3]],
  ['300', [3]],
] as const) {
  const words = cards.flatMap((n) => ['-device', `virtio-net-pci,mac=52:54:00:00:00:0${n}`]);
  mkdirSync(join(proc, pid));
  writeFileSync(join(proc, pid, 'cmdline'), ['qemu-system-x86_64', ...words].join('\0'));
}

test.each<[string, string, number | undefined]>([
  ['a VM', '10.0.0.1', 100],
  ['what somebody wrote into the table', '10.0.0.5', 100],
  ['nobody who answered', '10.0.0.2', undefined],
  ['cards of two VMs', '10.0.0.3', undefined],
  ["another machine's card", '10.0.0.4', undefined],
  ['two networks with one address', '10.0.0.6', undefined],
  ['what is beyond a router', '10.9.9.9', undefined],
  ['no IPv4', 'fd00::1', undefined],
])('%s has the address %s: process %s', (_what, host, pid) => {
  expect(neighbourGuest(host, proc)?.pid).toBe(pid);
});

test('a kernel without IPv4 has no neighbours', () => {
  expect(neighbourGuest('10.0.0.1', join(proc, 'nothing'))).toBeUndefined();
});
