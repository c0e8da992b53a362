import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { findGuests, parseQemuCommandLine, qemuGuests } from './guests.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-guests-'));
const proc = join(folder, 'proc');
const bin = join(folder, 'bin');
const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(bin, { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

function addProcess(pid: string, words: readonly string[]): void {
  mkdirSync(join(proc, pid), { recursive: true });
  writeFileSync(join(proc, pid, 'cmdline'), words.map((word) => `${word}\0`).join(''));
}

/** A libvirt that knows `mail`, and what all can see. */
function installVirsh(script: string): void {
  mkdirSync(bin);
  writeFileSync(join(bin, 'virsh'), `#!/bin/sh\n${script}`);
  chmodSync(join(bin, 'virsh'), 0o755);
  process.env.PATH = `${bin}:${PATH}`;
}

addProcess('100', [
  '/usr/bin/qemu-system-x86_64',
  ...['-name', 'guest=web,debug-threads=on', '-S', '-machine', 'pc'],
  ...['-device', '{"driver":"virtio-serial-pci","id":"s0"}'],
  ...['-device', '{"driver":"vhost-vsock-pci","id":"vsock0","guest-cid":3,"vhostfd":"29"}', '-msg', 'timestamp=on'],
  ...['-device', '{"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:AB:cd:01"}'],
]);
addProcess('200', ['qemu-kvm', '-device', 'vhost-vsock-pci,id=v,guest-cid=42', '--name', 'db,process=qemu:db']);
addProcess('300', ['/opt/kvm', '-name', 'no, vsock']);
addProcess('400', ['/usr/bin/grep', '-name', 'grep', '-device', 'vhost-vsock-pci,guest-cid=9']);
addProcess('500', [
  '/usr/bin/qemu-system-aarch64',
  '-name',
  '../../etc',
  '-device',
  'vhost-vsock-device,guest-cid=0x10',
]);
addProcess('600', []);
mkdirSync(join(proc, '700')); // ended
mkdirSync(join(proc, 'self'));

const SEEN = [
  { name: 'web', cid: 3, macs: ['52:54:00:ab:cd:01'], pid: 100 },
  { name: 'db', cid: 42, macs: [], pid: 200 },
  { name: 'no', cid: undefined, macs: [], pid: 300 },
  { name: undefined, cid: 16, macs: [], pid: 500 },
];

describe("QEMU's processes", () => {
  test('tell of their guests', () => {
    const byPid = qemuGuests(proc).sort((a, b) => (a.pid ?? 0) - (b.pid ?? 0));
    expect(byPid).toEqual(SEEN);
  });

  test('of this machine can be listed', () => {
    expect(qemuGuests()).toEqual(expect.any(Array));
  });

  test.each<[string, string | undefined, number | undefined]>([
    ['-name a,,b=c,,', undefined, undefined],
    ['-name guest=a,,b', 'a,b', undefined],
    ['-name debug-threads=on,guest=x', 'x', undefined],
    ['-name first -name second', 'second', undefined],
    ['-device driver=vhost-vsock-ccw,guest-cid=5', undefined, 5],
    ['-device virtio-net-pci,guest-cid=5', undefined, undefined],
    ['-device vhost-vsock-pci,guest-cid=2', undefined, undefined],
    ['-device vhost-vsock-pci,guest-cid=x', undefined, undefined],
    ['-device vhost-vsock-pci,guest-cid=4294967295', undefined, undefined],
    ['-device {"driver":"vhost-vsock-pci","guest-cid":6', undefined, undefined],
    ['-device vhost-vsock-pci,guest-cid=6 -device virtio-net-pci', undefined, 6],
    ['-device', undefined, undefined],
    ['-name', undefined, undefined],
  ])('%s', (words, name, cid) => {
    expect(parseQemuCommandLine(['qemu', ...words.split(' ')])).toEqual({ name, cid, macs: [] });
  });

  test('tell the addresses of their network cards', () => {
    const words = '-nic tap,mac=52:54:00:00:00:01 -device e1000,mac=52:54:00:00:00:0A -netdev tap,id=n'.split(' ');
    expect(parseQemuCommandLine(['qemu', ...words]).macs).toEqual(['52:54:00:00:00:01', '52:54:00:00:00:0a']);
  });
});

describe('libvirt', () => {
  test('is asked for guests that are not seen', async () => {
    installVirsh(`case "$*" in
      'list --name') printf 'web\\nmail\\nquiet\\n\\n' ;;
      'dumpxml --domain mail') printf "<vsock model='virtio'>\\n  <cid auto='yes' address='77'/>\\n</vsock>" ;;
      'dumpxml --domain quiet') echo '<domain/>' ;;
      *) exit 9 ;;
    esac`);
    const found = await findGuests(proc);
    expect(found.slice(SEEN.length)).toEqual([
      { name: 'mail', cid: 77, macs: [], pid: undefined },
      { name: 'quiet', cid: undefined, macs: [], pid: undefined },
    ]);
  });

  test('may fail, or not be there', async () => {
    installVirsh('echo error: failed to connect to the hypervisor >&2; exit 1');
    expect(await findGuests(proc)).toHaveLength(SEEN.length);
    process.env.PATH = '/nowhere';
    expect(await findGuests(proc)).toHaveLength(SEEN.length);
  });
});
