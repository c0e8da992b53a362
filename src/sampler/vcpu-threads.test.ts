import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { namedVcpuThreads } from './vcpu-threads.ts';

test.each(['CPU 1/KVM', 'fc_vcpu 1', 'vcpu1', 'crosvm_vcpu1'])(
  "a guest's CPU is found by a thread's name: %s",
  async (name) => {
    const script = `printf "${name}" > /proc/self/comm; echo named; read stop`;
    const qemu = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(createInterface(qemu.stdout), 'line');
    const pid = qemu.pid as number;
    expect(namedVcpuThreads(pid, 3)).toEqual([undefined, pid, undefined]);
    expect(namedVcpuThreads(pid, 1)).toEqual([undefined]);
    qemu.stdin.end();
    await once(qemu, 'exit');
    expect(namedVcpuThreads(pid, 2)).toEqual([undefined, undefined]);
  },
);
