import { describe, expect, test } from 'vitest';
import { defaultClock, isOneClock, kernelClock } from './clocks.ts';
import { chooseProtocol, offeredProtocols, PROTOCOLS, protocolNamed } from './registry.ts';

const readable = { readsVcpuTsc: true, tracesVcpus: false };
const traced = { readsVcpuTsc: false, tracesVcpus: true };
const unknown = { readsVcpuTsc: false, tracesVcpus: false };

describe('negotiation', () => {
  test('a host offers kvm only for the TSC of a guest that it runs', () => {
    expect(offeredProtocols('host', 'x86-tsc', readable)).toEqual(['kvm', 'ptp4', 'ptp']);
    expect(offeredProtocols('host', 'tsc2nsec', readable)).toEqual(['kvm', 'ptp4', 'ptp']);
    expect(offeredProtocols('host', 'x86-tsc', unknown)).toEqual(['ptp4', 'ptp']);
    expect(offeredProtocols('host', 'local', readable)).toEqual(['ptp4', 'ptp']);
    expect(offeredProtocols('client', 'x86-tsc', readable)).toEqual(['ptp4', 'ptp']);
  });

  test('who can trace the vCPUs of a guest offers kvm-events, whatever leads to it', () => {
    expect(offeredProtocols('host', 'mono', traced)).toEqual(['kvm-events', 'ptp4', 'ptp']);
    expect(offeredProtocols('host', 'x86-tsc', { readsVcpuTsc: true, tracesVcpus: true })).toEqual([
      ...['kvm', 'kvm-events', 'ptp4', 'ptp'],
    ]);
    expect(offeredProtocols('client', 'mono', traced)).toEqual(['kvm-events', 'ptp4', 'ptp']);
  });

  test('the agent takes the most accurate one that both have', () => {
    const choose = (offered: string[], clock = 'x86-tsc') => chooseProtocol(offered, 'guest', clock, unknown)?.name;
    expect(choose(['ptp', 'kvm'])).toBe('kvm');
    expect(choose(['ptp', 'kvm'], 'local')).toBe('ptp');
    expect(choose(['ptp', 'ptp4'])).toBe('ptp4');
    expect(choose(['ptp'])).toBe('ptp');
    expect(choose(['kvm', 'kvm-events', 'ptp4', 'ptp'])).toBe('kvm');
    expect(choose(['kvm', 'kvm-events', 'ptp4', 'ptp'], 'mono')).toBe('kvm-events');
    expect(choose([])).toBeUndefined();
    expect(chooseProtocol(['kvm', 'ptp'], 'server', 'x86-tsc', unknown)?.name).toBe('ptp');
    expect(chooseProtocol(['kvm', 'kvm-events', 'ptp4'], 'server', 'x86-tsc', unknown)?.name).toBe('kvm-events');
  });

  test('unknown names are passed over, any number of them', () => {
    const strange = Array.from({ length: 5000 }, (_, i) => `other-${i}`);
    expect(chooseProtocol([...strange, 'ptp'], 'server', 'mono', unknown)?.name).toBe('ptp');
    expect(chooseProtocol(strange, 'server', 'mono', unknown)).toBeUndefined();
    expect(protocolNamed('other-1')).toBeUndefined();
  });

  test('names fit the message, and are found again', () => {
    for (const protocol of PROTOCOLS) {
      expect(protocol.name).toMatch(/^[!-~]{1,15}$/);
      expect(protocolNamed(protocol.name)).toBe(protocol);
    }
  });
});

describe('clocks', () => {
  test('x86-tsc is the default only where the hypervisor relates all guests’ TSCs to ours', () => {
    const choice = { current: 'local', guestsReadable: [true, true], tscRateKnown: true, available: ['x86-tsc'] };
    expect(defaultClock(choice)).toBe('x86-tsc');
    expect(defaultClock({ ...choice, guestsReadable: [true, false] })).toBe('local');
    expect(defaultClock({ ...choice, guestsReadable: [] })).toBe('local');
    expect(defaultClock({ ...choice, tscRateKnown: false })).toBe('local');
    expect(defaultClock({ ...choice, available: ['local', 'mono'] })).toBe('local');
  });

  test('names of the kernel, and what is one clock for all CPUs', () => {
    expect(['tsc2nsec', 'x86-tsc', 'mono'].map(kernelClock)).toEqual(['x86-tsc', 'x86-tsc', 'mono']);
    expect(['mono', 'boot', 'tai', 'x86-tsc', 'tsc2nsec'].map(isOneClock)).not.toContain(false);
    expect(['local', 'perf', 'counter', undefined].map(isOneClock)).not.toContain(true);
  });
});
