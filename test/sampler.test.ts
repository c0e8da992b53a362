import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockDistance } from '../src/kernel/clock-distance.ts';
import { Journal } from '../src/kernel/journal.ts';
import { openTracefs } from '../src/kernel/tracefs.ts';
import { createMarkerInstance } from '../src/sampler/marker-instance.ts';
import type * as samplers from '../src/sampler/sampler.ts';
import type { HostSamplerOptions, Round } from '../src/sampler/types.ts';
import { connect } from '../src/transport/connect.ts';
import type { Connection } from '../src/transport/connection.ts';
import { listen } from '../src/transport/listener.ts';
import { missing } from './support/capabilities.ts';
import { KvmVm, kvmMissing } from './support/kvm-vm.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { withTracefs } from './support/tracefs-state.ts';

/** Workers are started from built files. */
const { Sampler } = (await import(resolve('dist/sampler/sampler.js'))) as typeof samplers;

const folder = temporaryFolder();
const PATIENCE_MS = 60_000;

interface Session {
  readonly host: Connection;
  readonly guest: Connection;
  startHost(options?: Partial<HostSamplerOptions>): samplers.Sampler;
  startGuest(): samplers.Sampler;
  readonly rounds: Round[];
}

/** A session of this machine with itself, over TCP. When it is over, nothing is left of it in the kernel. */
async function session(
  { protocol, hostClock, guestClock }: { protocol: string; hostClock: string; guestClock: string },
  work: (session: Session) => Promise<void>,
): Promise<void> {
  await withTracefs(async () => {
    const tracefs = openTracefs();
    const journal = new Journal(folder);
    const listener = listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    const [host, guest] = await Promise.all([
      connect({ kind: 'tcp', host: '127.0.0.1', port: listener.port }, PATIENCE_MS),
      listener.accept(PATIENCE_MS) as Promise<Connection>,
    ]);
    const rounds: Round[] = [];
    const common = { protocol, timeoutMs: PATIENCE_MS };
    try {
      const [hostInstance, guestInstance] = [hostClock, guestClock].map((clock) =>
        createMarkerInstance(tracefs, journal, clock),
      ) as [HostSamplerOptions['instance'], HostSamplerOptions['instance']];
      await work({
        host,
        guest,
        startHost: (options) =>
          Sampler.startHost(
            {
              ...{ ...common, fd: host.fd, instance: hostInstance, peer: 'the guest' },
              ...{
                firstTimeoutMs: PATIENCE_MS,
                cpuCount: 2,
                intervalMs: 0,
                vm: undefined,
                wantsProbes: false,
                ...options,
              },
            },
            { round: (round) => rounds.push(round) },
          ),
        startGuest: () => Sampler.startGuest({ ...common, fd: guest.fd, instance: guestInstance, peer: 'the host' }),
        rounds,
      });
    } finally {
      for (const end of [host, guest, listener]) end.close();
      expect(journal.undo()).toEqual([]);
    }
  });
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const middle = (values: readonly bigint[]): bigint =>
  [...values].sort((a, b) => Number(a - b))[values.length >> 1] ?? 0n;

describe.skipIf(missing('root', 'tracefs') !== undefined)('two samplers', () => {
  test.each(['kvm-events', 'ptp4', 'ptp'])('find by %s how two clocks of this machine differ', async (protocol) => {
    await session({ protocol, hostClock: 'mono', guestClock: 'tai' }, async ({ startGuest, startHost, rounds }) => {
      const guest = startGuest();
      const host = startHost({ intervalMs: 20 });
      expect(await host.firstRound).toMatchObject({ round: 0, measured: 2, problems: [] });
      await new Promise((after) => setTimeout(after, 200));
      const { measurements, problems, failure } = await host.stop(PATIENCE_MS);
      expect([problems, failure]).toEqual([[], undefined]);
      expect(await guest.ended).toEqual({ measurements: [], problems: [], failure: undefined });
      expect(rounds.length).toBeGreaterThan(2);
      expect(measurements.map(({ cpu }) => cpu)).toEqual(rounds.flatMap(() => [0, 1]));
      // Sessions are long, probes are large.
      expect(measurements.every(({ probes }) => probes === undefined)).toBe(true);
      expect(measurements.every(({ limits }) => limits !== undefined)).toBe(protocol !== 'ptp');
      const truth = clockDistance('mono', 'tai');
      const bounds = measurements.map(({ sample }) => sample.bound ?? 0n);
      expect(middle(measurements.map(({ sample }) => magnitude(sample.offset - truth)))).toBeLessThan(middle(bounds));
      expect(middle(bounds)).toBeLessThan(1_000_000n);
    });
  });

  test('end with the reason when the other one is killed', async () => {
    await session({ protocol: 'ptp4', hostClock: 'mono', guestClock: 'mono' }, async (ends) => {
      const guest = ends.startGuest();
      const host = ends.startHost({ intervalMs: 10 });
      await host.firstRound;
      ends.guest.shutdown();
      expect((await host.ended).failure).toMatch(/^the guest: (closed the time sync connection|send failed)/);
      expect((await host.ended).measurements.length).toBeGreaterThan(1);
      expect((await guest.ended).failure).toMatch(/^the host: (closed the time sync connection|send failed)/);
    });
  });

  test('give up a silent one for a round, and measure once it speaks', async () => {
    await session({ protocol: 'ptp4', hostClock: 'mono', guestClock: 'mono' }, async ({ startGuest, startHost }) => {
      const host = startHost({ intervalMs: 10, timeoutMs: 100, firstTimeoutMs: 100 });
      const { measured, problems } = await host.firstRound;
      expect([measured, problems]).toEqual([
        0,
        ['CPU 0 of the guest was not measured: the guest: said nothing for 100 ms amid a time measurement'],
      ]);
      const guest = startGuest();
      while (host.measurements.length < 4) await new Promise((after) => setTimeout(after, 20));
      expect((await host.stop(PATIENCE_MS)).failure).toBeUndefined();
      expect((await guest.ended).failure).toBeUndefined();
    });
  });

  test.each(['guest', 'host'])(
    'do not keep anybody waiting who stops them, for a %s that says nothing',
    async (silent) => {
      await session({ protocol: 'ptp4', hostClock: 'mono', guestClock: 'mono' }, async ({ startGuest, startHost }) => {
        const start = performance.now();
        const { failure } = await (silent === 'guest' ? startHost() : startGuest()).stop(100);
        expect(failure).toBe(`the ${silent}: the last time measurement did not end within 100 ms`);
        expect(performance.now() - start).toBeLessThan(PATIENCE_MS / 2);
      });
    },
  );

  test('say so when the protocol is not known', async () => {
    await session({ protocol: 'ntp', hostClock: 'mono', guestClock: 'mono' }, async ({ startHost }) => {
      const host = startHost();
      expect(await host.firstRound).toMatchObject({ measured: 0, problems: [expect.stringMatching(/"ntp"/)] });
      expect((await host.ended).failure).toMatch(/the guest: .*unknown time sync protocol "ntp"/);
    });
  });

  test.skipIf(kvmMissing() !== undefined)("take a virtual machine's offsets from KVM", async () => {
    const debugfs = join(folder, 'debugfs');
    mkdirSync(debugfs);
    execFileSync('mount', ['-t', 'debugfs', 'none', debugfs]);
    const ids = [0, 4];
    const machine = new KvmVm(ids);
    try {
      for (const id of ids) machine.setTscOffset(id, -1_000_000_000_000n - BigInt(id));
      const clocks = { protocol: 'kvm', hostClock: 'x86-tsc', guestClock: 'x86-tsc' };
      await session(clocks, async ({ startGuest, startHost }) => {
        startGuest();
        const host = startHost({ vm: { pid: process.pid, kvmFolder: join(debugfs, 'kvm') } });
        await host.firstRound;
        const { measurements, problems, failure } = await host.stop(PATIENCE_MS);
        expect([problems, failure]).toEqual([[], undefined]);
        expect(
          measurements.map(({ cpu, sample: { offset, scaling, fraction } }) => [cpu, offset, scaling, fraction]),
        ).toEqual([0, 1, 0, 1].map((cpu) => [cpu, -machine.tscOffset(ids[cpu] as number), 1n, 0]));
        const times = measurements.map(({ sample }) => sample.time);
        expect(times.every((time, index) => time > (times[index - 1] ?? 0n))).toBe(true);
      });
    } finally {
      machine.close();
      execFileSync('umount', [debugfs]);
    }
  });
});
