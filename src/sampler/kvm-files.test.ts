import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KvmVm, kvmMissing } from '../../test/support/kvm-vm.ts';
import { findKvmFolder, KvmFiles, unsound } from './kvm-files.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tandem-kvm-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(kvmMissing() !== undefined || process.getuid?.() !== 0)('a virtual machine of this kernel', () => {
  // A mount of the test's own: debugfs is everywhere the same, and the machine's mounts stay as they were.
  const debugfs = join(scratch, 'debugfs');
  const kvmFolder = join(debugfs, 'kvm');
  beforeAll(() => {
    mkdirSync(debugfs);
    execFileSync('mount', ['-t', 'debugfs', 'none', debugfs]);
  });
  afterAll(() => {
    execFileSync('umount', [debugfs]);
    rmdirSync(debugfs);
  });

  const machines: KvmVm[] = [];
  const make = (ids: readonly number[]): KvmVm => {
    const machine = new KvmVm(ids);
    machines.push(machine);
    return machine;
  };
  afterEach(() => {
    for (const machine of machines.splice(0)) machine.close();
  });

  test("offsets read as KVM tells the machine's owner, by the rank of the vCPU's id", () => {
    const ids = [12, 0, 2];
    const machine = make(ids);
    for (const id of ids) machine.setTscOffset(id, -1_234_567_890_123n * BigInt(id + 1));
    const files = KvmFiles.open(process.pid, 3, kvmFolder);
    expect([0, 1, 2].map((cpu) => files.tsc(cpu))).toEqual(
      [0, 2, 12].map((id) => ({ offset: machine.tscOffset(id), scaling: 1n, fraction: 0 })),
    );
    expect(unsound(files)).toBeUndefined();
  });

  test('a vCPU has the thread that ran it last, and none before it ran', () => {
    const machine = make([0, 7]);
    const files = KvmFiles.open(process.pid, 2, kvmFolder);
    expect(files.threads()).toEqual([undefined, undefined]);
    machine.run(7);
    const gettid = koffi.load('libc.so.6').func('int gettid()') as unknown as () => number;
    expect(files.threads()).toEqual([undefined, gettid()]);
  });

  test('a machine without vCPUs of the same process is passed over; two alike can not be told apart', () => {
    make([]);
    make([0, 1]);
    expect(KvmFiles.open(process.pid, 2, kvmFolder).cpuCount).toBe(2);
    make([3]);
    expect(KvmFiles.open(process.pid, 1, kvmFolder).cpuCount).toBe(1);
    expect(() => KvmFiles.open(process.pid, 4, kvmFolder)).toThrowError(
      /has .* vCPUs, but its guest says it has 4 CPUs/,
    );
    make([0, 1]);
    expect(() => KvmFiles.open(process.pid, 2, kvmFolder)).toThrowError(/runs several virtual machines of 2 vCPUs/);
  });

  test('a process without a machine is named', () => {
    expect(() => KvmFiles.open(process.pid, 1, kvmFolder)).toThrowError(
      `process ${process.pid}: runs no virtual machine in ${kvmFolder}`,
    );
  });

  test('debugfs is found where it is mounted', () => {
    const found = findKvmFolder();
    expect(found && readdirSync(found)).toEqual(readdirSync(kvmFolder));
  });
});

describe('files of other kernels', () => {
  const PID = 4711;
  const root = join(scratch, 'kvm');
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Files of vCPUs by their id. */
  function written(vcpus: Readonly<Record<string, Readonly<Record<string, string>>>>, machine = `${PID}-12`): void {
    for (const [id, files] of Object.entries(vcpus)) {
      const folder = join(root, machine, `vcpu${id}`);
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    }
  }
  const tscOf = (files: Readonly<Record<string, string>>): unknown => {
    written({ 0: files });
    return KvmFiles.open(PID, 1, root).tsc(0);
  };
  const scaled = (ratio: bigint, bits: number): Record<string, string> => ({
    'tsc-offset': '5\n',
    'tsc-scaling-ratio': `${ratio}\n`,
    'tsc-scaling-ratio-frac-bits': `${bits}\n`,
  });

  test.each([
    ['-1000000000000\n', -1_000_000_000_000n],
    ['0\n', 0n],
    ['0x10\n', 16n],
    ['0xfffffffffffffff0', -16n],
    ['18446744073709551600', -16n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
  ])('an offset written as %j', (text, offset) => {
    expect(tscOf({ 'tsc-offset': text })).toEqual({ offset, scaling: 1n, fraction: 0 });
  });

  test.each(['', 'x', '0x', '1 2', '18446744073709551616', '-9223372036854775809', '0x1ffffffffffffffff'])(
    'an offset of %j is refused',
    (text) => {
      expect(() => tscOf({ 'tsc-offset': text })).toThrowError(/tsc-offset: .* is no number of 64 bits/);
      expect(unsound(KvmFiles.open(PID, 1, root))).toMatch(/is no number of 64 bits/);
    },
  );

  test('ratios of 1 are told as 1, whatever their fraction', () => {
    for (const bits of [32, 48, 20]) {
      expect(tscOf(scaled(1n << BigInt(bits), bits))).toEqual({ offset: 5n, scaling: 1n, fraction: 0 });
    }
  });

  test('other ratios are told as they are', () => {
    const ratio = 5n << 46n;
    expect(tscOf(scaled(ratio, 48))).toEqual({ offset: 5n, scaling: ratio, fraction: 48 });
    // The usual 1 of an AMD machine is no 1 where ratios have 48 binary digits.
    expect(tscOf(scaled(1n << 32n, 48))).toEqual({ offset: 5n, scaling: 1n << 32n, fraction: 48 });
  });

  test('without fraction bits only the usual ratios mean something', () => {
    for (const bits of [32n, 48n]) {
      expect(tscOf({ 'tsc-offset': '5', 'tsc-scaling-ratio': `${1n << bits}` })).toEqual({
        offset: 5n,
        scaling: 1n,
        fraction: 0,
      });
    }
    for (const files of [
      { 'tsc-scaling-ratio': '5' },
      { 'tsc-scaling-ratio-frac-bits': '48' },
      { 'tsc-scaling-ratio': '0', 'tsc-scaling-ratio-frac-bits': '48' },
      { 'tsc-scaling-ratio': '7', 'tsc-scaling-ratio-frac-bits': '64' },
    ]) {
      rmSync(root, { recursive: true });
      expect(() => tscOf({ 'tsc-offset': '5', ...files })).toThrowError(/TSC scaling ratio/);
    }
  });

  test('vCPUs are sorted by number, and only the asked machine is looked at', () => {
    written({ 10: { 'tsc-offset': '10' }, 9: { 'tsc-offset': '9' }, 100: { 'tsc-offset': '100' } });
    written({ 0: {} }, '471-3');
    written({ 0: {} }, '47110-3');
    const files = KvmFiles.open(PID, 3, root);
    expect([0, 1, 2].map((cpu) => files.tsc(cpu).offset)).toEqual([9n, 10n, 100n]);
    expect(unsound(files)).toBeUndefined();
    expect(unsound(KvmFiles.open(471, 1, root))).toMatch(/has no tsc-offset/);
    expect(() => files.tsc(3)).toThrowError(/has no vCPU for the guest's CPU 3/);
  });

  test('a guest with fewer CPUs than its machine is served while all vCPUs are alike', () => {
    const alike = { 'tsc-offset': '-7' };
    written({ 0: alike, 1: { ...alike, pid: '99' }, 2: alike });
    const files = KvmFiles.open(PID, 2, root);
    expect([0, 1].map((cpu) => files.tsc(cpu).offset)).toEqual([-7n, -7n]);
    expect(files.threads()).toEqual([]);
    written({ 2: { 'tsc-offset': '-8' } });
    expect(() => files.tsc(0)).toThrowError(/more vCPUs than its guest has CPUs, and their TSCs differ/);
    expect(() => KvmFiles.open(PID, 2, root)).toThrowError(/their TSCs differ/);
    expect(() => KvmFiles.open(PID, 4, root)).toThrowError(/has 3 vCPUs, but its guest says it has 4 CPUs/);
  });

  test('one bad vCPU makes the machine unsound', () => {
    written({ 0: { 'tsc-offset': '1' }, 1: { 'tsc-offset': '1', 'tsc-scaling-ratio': '3' } });
    expect(unsound(KvmFiles.open(PID, 2, root))).toMatch(/vcpu1: a TSC scaling ratio of 3/);
  });
});
