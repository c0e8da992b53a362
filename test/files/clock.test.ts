import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openPath } from '../../src/cli/open-files.ts';
import { proofJson } from '../../src/proof/json.ts';
import { proveClocks } from '../../src/proof/prove.ts';
import { mendClock } from '../../src/proof/refine/mend.ts';
import type { GuestProof } from '../../src/proof/types.ts';
import { missing } from '../support/capabilities.ts';
import { allCaptures, type Capture, unpack } from '../support/captures.ts';
import { run, tandem } from '../support/run.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { type Machine, recordMachine } from '../support/vm-simulator.ts';

const folder = temporaryFolder();
const noStock = missing('trace-cmd 3.1');

interface Shown {
  readonly verdict: string;
  readonly unit: string;
  readonly cpus: readonly { readonly firstOffset: string; readonly bound: { readonly worst: number } | null }[];
  readonly causality: {
    readonly rules: readonly { readonly rule: string; readonly kept: number; readonly violated: number }[];
  };
}

async function clock(files: readonly string[], ...options: string[]): Promise<Shown> {
  const { stdout, stderr, status } = await tandem(['clock', '--json', ...options, ...files]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.toString()) as Shown;
}

function violations({ causality }: Shown): number {
  return causality.rules.reduce((sum, { violated }) => sum + violated, 0);
}

function unpacked(capture: Capture): string[] {
  const target = unpack(capture, folder);
  return capture.files.map((file) => join(target, file));
}

/** The installed trace-cmd understands the files, and shows the same as we do. */
async function expectSameAsStock(files: readonly string[]): Promise<void> {
  const inputs = files.flatMap((file) => ['-i', file]);
  const stock = await run('trace-cmd', ['report', ...inputs]);
  const ours = await tandem(['report', '--compat', '3.1', ...inputs]);
  expect(stock.status, stock.stderr).toBe(0);
  expect(ours.stdout.equals(stock.stdout)).toBe(true);
}

/** Files of a simulated machine. */
function recorded(name: string, machine: Partial<Machine>, seed = 1): string[] {
  const { host, guest } = recordMachine({ vcpus: 2, length: 5e8, ...machine }, seed);
  const paths = [join(folder, `${name}.dat`), join(folder, `${name}-vm.dat`)] as const;
  writeFileSync(paths[0], host);
  writeFileSync(paths[1], guest);
  return [...paths];
}

const noisy: NonNullable<Machine['samples']> = (offsetAt, guestAt) => ({
  ...{ peerTraceId: 0x1111n, flags: 1 },
  cpus: [0, 1].map((cpu) =>
    [0, 5e8].map((at, i) => {
      const error = BigInt(100_000 * (cpu - i) + 30_000);
      return { time: guestAt(at), offset: offsetAt(at) + error, scaling: 1n, fraction: 0 };
    }),
  ),
});

describe('recordings of virtual machines', () => {
  const synchronised = allCaptures().filter(({ name, files }) => name.startsWith('kvm-') && files.length === 2);

  test.each(synchronised.map((capture) => ({ name: capture.name, capture })))(
    '$name keeps causality',
    async ({ capture }) => {
      expect(violations(await clock(unpacked(capture)))).toBe(0);
    },
  );

  test.each(['kvm-auto-1vcpu', 'kvm-x86tsc', 'kvm-wire'])('%s is paired without its samples', async (name) => {
    const capture = allCaptures().find((one) => one.name === name);
    if (!capture) return;
    const [hostPath, guestPath] = unpacked(capture) as [string, string];
    const [host, guest] = [await openPath(hostPath), await openPath(guestPath)];
    try {
      const mended = await mendClock({ ...host, guests: [] }, { ...guest, timeShift: undefined });
      if (mended.kind !== 'mended') throw new Error(JSON.stringify(mended));
      // The hypervisor's own offset, and the threads that the recorder knew.
      const truth = guest.timeShift?.cpus[0]?.[0]?.offset ?? 0n;
      const found = mended.timeShift.cpus[0]?.[0];
      const error = Math.abs(Number((found?.offset ?? 0n) - truth));
      expect(error).toBeLessThanOrEqual(Number(found?.bound));
      expect(mended.pids).toEqual(
        host.guests.find(({ traceId }) => traceId === guest.traceId)?.vcpus.map(({ pid }) => pid),
      );
    } finally {
      for (const { source } of [host, guest]) await source.close();
    }
  });

  const poor = allCaptures().find(({ name }) => name === 'vsock-ptp-local-interval');
  test.skipIf(poor === undefined)(
    'stock PTP puts 556 of 3788 events into impossible places, --refine none',
    async () => {
      const files = unpacked(poor as Capture);
      const before = readFileSync(files[1] as string);
      const run = (shown: Shown) => shown.causality.rules.find(({ rule }) => rule === 'run');
      expect(run(await clock(files))).toMatchObject({ kept: 3232, violated: 556 });
      const refined = await clock(files, '--refine');
      expect(run(refined)).toMatchObject({ kept: 3788, violated: 0 });
      expect(refined.verdict).toBe('proved');
      expect(readFileSync(`${files[1]}.orig`).equals(before)).toBe(true);
      if (noStock === undefined) await expectSameAsStock(files);
    },
  );
});

describe.each([6, 7] as const)('a simulated machine, files of version %i', (version) => {
  test('is refined, and stays readable for trace-cmd', async () => {
    const files = recorded(`refined-${version}`, { version, samples: noisy });
    expect(violations(await clock(files))).toBeGreaterThan(100);
    expect(violations(await clock(files, '--refine'))).toBe(0);
    if (noStock === undefined) await expectSameAsStock(files);
  });

  test('is refined once: a second time there is nothing left, and the original stays', async () => {
    const files = recorded(`twice-${version}`, { version, samples: noisy });
    const before = readFileSync(files[1] as string);
    const once = await clock(files, '--refine');
    expect(await clock(files, '--refine')).toEqual(once);
    expect(readFileSync(`${files[1]}.orig`).equals(before)).toBe(true);
  });

  test('is attached without any hint, and stays readable for trace-cmd', async () => {
    const files = recorded(`apart-${version}`, { version, apart: true, drift: 7 });
    const { status, stderr } = await tandem(['attach', ...files]);
    expect(status, stderr).toBe(0);
    const shown = await clock(files);
    expect(violations(shown)).toBe(0);
    expect(shown.causality.rules[0]?.kept).toBeGreaterThan(1000);
    if (noStock === undefined) await expectSameAsStock(files);
  });
});

test('--json is what the library says', async () => {
  const files = recorded('library', { samples: noisy, packets: 0.2 });
  const opened = await Promise.all(files.map(openPath));
  const [proof] = await proveClocks(opened);
  expect(await clock(files)).toEqual(proofJson(proof as GuestProof));
  for (const { source } of opened) await source.close();
});

describe('what can not be done is said in a line', () => {
  const [host, guest] = recorded('bad', { samples: noisy, length: 2e8 }) as [string, string];
  const [apart, alone] = recorded('bad-apart', { apart: true, length: 2e8 }) as [string, string];
  const text = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const log = (guest: string, time: number): string =>
    ['tandem-tsync-log\t1', `guest\t${guest}`, `sample\t0\t${time}\t2\t1\t0\t-`, ''].join('\n');

  test.each<readonly [string, readonly string[], RegExp]>([
    ['a picture of another kind', ['clock', '--plot', 'x.jpg', host], /pictures are \.svg or \.png/],
    ['no log', ['clock', '--tsync-log', join(folder, 'none'), host, guest], /log of probes can not be read/],
    ['a file as a log', ['clock', '--tsync-log', host, host, guest], /is not a log/],
    [
      'the log of another session',
      ['clock', '--tsync-log', text('other.log', log('vm', 5)), host, guest],
      /is of another session: its stamps are from 5 to 5/,
    ],
    ['a guest alone', ['clock', '--refine', guest], /not refined: the host's file is not here/],
    ['a host alone', ['clock', apart], /no guest is among them/],
    ['two that belong to none', ['clock', apart, alone], /no guest is among them.*tandem attach/],
    ['guest and host swapped', ['attach', alone, apart], /no kvm_entry and kvm_exit; record the host with/],
    ['threads that ran no vCPU', ['attach', apart, alone, '12', '13'], /12, 13 ran a vCPU.*those that did: 4000, 4001/],
    ['the same file twice', ['attach', apart, apart], /is the same recording/],
    ['an empty file', ['attach', text('empty.dat', ''), alone], /is empty/],
  ])('%s', async (_, words, problem) => {
    const { status, stderr } = await tandem(words);
    expect(stderr).toMatch(problem);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(status).not.toBe(0);
  });

  test('a file that is cut', async () => {
    const cut = text('cut.dat', readFileSync(guest).subarray(0, readFileSync(guest).length - 6000));
    const { stdout, status } = await tandem(['clock', host, cut]);
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(/not all could be read: .*cut/);
  });
});

test('samples that are seconds off are not taken for good ones', async () => {
  const files = recorded('far', {
    samples: (offsetAt, guestAt) => {
      const sample = (at: number) => ({ time: guestAt(at), offset: offsetAt(at) + 3_000_000_000n });
      const samples = [0, 5e8].map((at) => ({ ...sample(at), scaling: 1n, fraction: 0 }));
      return { peerTraceId: 0x1111n, flags: 1, cpus: [samples, samples] };
    },
  });
  const { stdout } = await tandem(['clock', ...files]);
  expect(stdout.toString()).toMatch(/UNCHECKED: none of the guest's \d+ events lies in the time/);
  expect((await clock(files, '--refine')).verdict).toBe('proved');
});

test('attach takes the offset that is given', async () => {
  const files = recorded('given', { apart: true, clock: 'x86-tsc' });
  const { status, stderr } = await tandem(['attach', '-c', '2', '-s', '-123456', ...files, '4000', '4001', '4711']);
  expect(status, stderr).toBe(0);
  const guest = await openPath(files[1] as string);
  const host = await openPath(files[0] as string);
  const sample = { time: 0n, offset: -123456n, scaling: 1n, fraction: 0 };
  expect(guest.timeShift).toEqual({ peerTraceId: host.traceId, flags: 0, cpus: [[sample], [sample]] });
  expect(host.guests[0]?.vcpus).toEqual([
    { cpu: 0, pid: 4000 },
    { cpu: 1, pid: 4001 },
  ]);
  for (const { source } of [host, guest]) await source.close();
});

test('attach says why files can not be paired', async () => {
  const [host] = recorded('one', { apart: true, length: 2e8 }, 1) as [string];
  const [, guest] = recorded('other', { apart: true, length: 2e8 }, 2) as [string, string];
  const { status, stderr } = await tandem(['attach', host, guest]);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/no offset puts the events of the guest into times when vCPUs of the host ran/);
});

test('clocks are drawn as SVG and PNG', async () => {
  const files = recorded('drawn', { samples: noisy });
  const [svg, png] = [join(folder, 'drawn.svg'), join(folder, 'drawn.png')];
  await clock(files, '--plot', svg);
  await clock(files, '--plot', png);
  const text = readFileSync(svg, 'utf8');
  expect(text).toMatch(/^<svg /);
  for (const title of ['Offset of the host', 'Events in impossible places']) expect(text).toContain(title);
  expect([...readFileSync(png).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
});
