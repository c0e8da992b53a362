import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockErrors, findTwins, quantile, shareWithinBounds } from '../src/demo/twins.ts';
import { clockDistance } from '../src/kernel/clock-distance.ts';
import { nodeCodecs } from '../src/node/codecs.ts';
import { openFile } from '../src/node/file-source.ts';
import { findKvmFolder } from '../src/sampler/kvm-files.ts';
import { openTrace } from '../src/trace-file/open.ts';
import type { TraceFile } from '../src/trace-file/types.ts';
import { GUEST_PORT_ROOT, HOST_FIFO_ROOT, portName } from '../src/transport/fifos.ts';
import { missing } from './support/capabilities.ts';
import { type LoopbackGuest, startGuest } from './support/loopback.ts';
import { run, tandem } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * Whole recordings by the ways that need a virtual machine: the Unix socket of a monitor, which is played by a server
 * that leads to the loopback guest, and FIFOs, whose other ends the loopback guest finds where a VM has its ports.
 */
const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
const NAME = 'tandem-ways';
const SOCKET = join(folder, `${NAME}.sock`);
const WORKLOAD = ['sh', '-c', 'for i in $(seq 60); do sleep 0.005; done'];
const EVENTS = ['-e', 'sched_switch', '--no-filter'];

/** A monitor's Unix socket: `CONNECT <port>` leads to that TCP port of this machine. Notes the ports in `asked`. */
async function monitor(asked: number[]): Promise<Server> {
  const server = createServer((socket) => void serve(socket).catch(() => socket.destroy()));
  const serve = async (socket: Socket): Promise<void> => {
    socket.on('error', () => {});
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    const port = Number(/^CONNECT (\d+)\n$/.exec(bytes.toString())?.[1]);
    asked.push(port);
    const inner = connect({ port, host: '127.0.0.1', noDelay: true });
    inner.on('error', () => socket.destroy());
    socket.on('close', () => inner.destroy());
    await once(inner, 'connect');
    socket.write('OK 1073741824\n');
    socket.pipe(inner).pipe(socket);
  };
  server.listen(SOCKET);
  await once(server, 'listening');
  return server;
}

/** Records host and guest by the monitor's socket. Checks what every recording must keep. */
async function record(...options: readonly string[]): Promise<{ asked: readonly number[]; port: number }> {
  const asked: number[] = [];
  let guest: LoopbackGuest | undefined;
  await withTracefs(async () => {
    const before = tracefsState();
    const server = await monitor(asked);
    try {
      guest = await startGuest('tandem', NAME, folder);
      const ofGuest = ['-A', `unix:${SOCKET}:${guest.port}`, '-C', 'tai', ...EVENTS];
      const args = ['record', '-o', 'host.dat', '-C', 'mono', ...EVENTS, ...options, ...ofGuest, ...WORKLOAD];
      const { status, stdout, stderr } = await tandem(args, { cwd: folder });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout.toString()).toContain(`Negotiated ptp4 time sync protocol with guest ${NAME}\n`);
    } finally {
      await guest?.stop();
      server.close();
    }
    expect(tracefsState()).toEqual(before);
    expect(journals()).toEqual([]);
  });
  await expectOneTimeline();
  return { asked, port: guest?.port ?? 0 };
}

/** Every switch of the one trace is in the other one, at the same time to what the guest's file says. */
async function expectOneTimeline(): Promise<void> {
  const files: TraceFile[] = [];
  try {
    for (const name of ['host.dat', `host-${NAME}.dat`]) {
      files.push(await openTrace(await openFile(join(folder, name)), nodeCodecs));
    }
    const [host, guest] = files as [TraceFile, TraceFile];
    const twins = await findTwins(host, guest);
    expect([twins.unmatched, twins.lost]).toEqual([0, 0]);
    expect(twins.errors.length).toBeGreaterThan(100);
    expect(quantile(twins.errors, 0.5)).toBeLessThan(200_000);
    expect(shareWithinBounds(twins, clockErrors(twins, clockDistance('mono', 'tai')))).toBeGreaterThan(0.999);
    expect(host.guests.map(({ name, vcpus }) => [name, vcpus.length])).toEqual([[NAME, cpus().length]]);
  } finally {
    for (const { source } of files) await source.close();
  }
}

/** A monitor that is a process of its own, the first thread of which runs a vCPU, to judge by its name. */
const MONITOR = `
const { connect, createServer } = require('node:net');
require('node:fs').writeFileSync('/proc/self/comm', 'CPU 0/KVM');
createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    socket.pause();
    const inner = connect(Number(/[0-9]+/.exec(bytes)[0]), '127.0.0.1', () => {
      socket.write('OK 1073741824\\n');
      socket.pipe(inner).pipe(socket);
    });
    inner.on('error', () => socket.destroy());
  });
}).listen(process.argv[1], () => console.log('listening'));
`;

describe("by a monitor's Unix socket", () => {
  test('threads of vCPUs are named by the file, even if their VM has ended', async (context) => {
    context.skip(unable !== undefined, unable);
    const socket = join(folder, 'ends.sock');
    await withTracefs(async () => {
      const before = tracefsState();
      const guest = await startGuest('tandem', NAME, folder);
      const vm = spawn(process.execPath, ['-e', MONITOR, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        await once(vm.stdout, 'data');
        const ofGuest = ['-A', `ends@unix:${socket}:${guest.port}`, '-C', 'tai', ...EVENTS];
        const ending = ['sh', '-c', `sleep 0.5; kill -9 ${vm.pid}; sleep 0.5`];
        const args = ['record', '-o', 'ends.dat', '-C', 'mono', ...EVENTS, ...ofGuest, ...ending];
        const { status, stderr } = await tandem(args, { cwd: folder });
        expect([status, stderr]).toEqual([2, expect.stringContaining('went away while recording')]);
      } finally {
        vm.kill('SIGKILL');
        await guest.stop();
      }
      await tandem(['reset']);
      expect(tracefsState()).toEqual(before);
      const trace = await openTrace(await openFile(join(folder, 'ends.dat')), nodeCodecs);
      const threads = trace.guests[0]?.vcpus.map(({ pid }) => pid);
      await trace.source.close();
      expect(threads).toEqual(cpus().map((_, cpu) => (cpu === 0 ? vm.pid : -1)));
    });
  });

  test('control, data and time sync all take it', async (context) => {
    context.skip(unable !== undefined, unable);
    const { asked, port } = await record();
    expect(asked[0]).toBe(port);
    // One for the clock, one for each CPU.
    expect(asked.filter((other) => other !== port)).toHaveLength(1 + cpus().length);
    expect(new Set(asked).size).toBe(2 + cpus().length);
  });

  test('data takes FIFOs where there are some for a guest of that name, unless told not to', async (context) => {
    const fifos = join(HOST_FIFO_ROOT, NAME);
    const taken = [GUEST_PORT_ROOT, fifos].find((path) => existsSync(path));
    context.skip(unable !== undefined || taken !== undefined, unable ?? `${taken} is there already`);
    const made = ['/var/lib/trace-cmd', HOST_FIFO_ROOT].filter((path) => !existsSync(path));
    const ports = join(folder, 'ports');
    try {
      const setUp = await tandem(['setup-guest', NAME, '-c', String(cpus().length)]);
      expect([setUp.status, setUp.stdout.toString()]).toEqual([0, `${fifos}: FIFOs for ${cpus().length} vCPUs\n`]);
      mkdirSync(ports);
      symlinkSync(ports, GUEST_PORT_ROOT);
      // What QEMU does with the bytes of a port.
      for (let cpu = 0; cpu < cpus().length; cpu++) {
        symlinkSync(join(fifos, `${portName(cpu)}.out`), join(ports, portName(cpu)));
      }
      const withFifos = await record();
      expect(withFifos.asked.filter((port) => port !== withFifos.port)).toHaveLength(1);
      const without = await record('--nofifos');
      expect(without.asked.filter((port) => port !== without.port)).toHaveLength(1 + cpus().length);
    } finally {
      rmSync(GUEST_PORT_ROOT, { force: true });
      rmSync(fifos, { recursive: true, force: true });
      for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    }
    expect(readdirSync(folder)).not.toContain('host-127.0.0.1.dat');
  });
});

const DEBUGFS = '/sys/kernel/debug';

/** The start of a command line for which KVM tells of this process, as a virtual machine whose vCPUs are unlike. */
function withUnlikeVcpus(count: number): string[] {
  const covers = join(folder, 'kvm');
  for (let id = 0; id < count; id++) {
    const vcpu = join(covers, `${process.pid}-12/vcpu${id}`);
    mkdirSync(vcpu, { recursive: true });
    writeFileSync(join(vcpu, 'tsc-offset'), `${-1_000_000 * (id + 1)}\n`);
  }
  const mounted = `mountpoint -q ${DEBUGFS} || mount -t debugfs debugfs ${DEBUGFS}`;
  const script = `(${mounted}) && mount --bind '${covers}' ${DEBUGFS}/kvm && exec "$@"`;
  return ['-m', '--propagation', 'private', 'sh', '-c', script, 'sh', process.execPath, resolve('dist/cli/main.js')];
}

test('where nobody can tell which vCPU is which, and they are unlike, clocks are measured', async (context) => {
  const noKvm = missing('root', 'tracefs', 'unshare') ?? (findKvmFolder() === undefined ? 'no KVM here' : undefined);
  context.skip(noKvm !== undefined, noKvm);
  await withTracefs(async () => {
    const before = tracefsState();
    // The monitor is this process: its machine has a vCPU more than its guest has CPUs.
    const server = await monitor([]);
    const guest = await startGuest('tandem', NAME, folder);
    try {
      const ofGuest = ['-A', `unix:${SOCKET}:${guest.port}`, ...EVENTS];
      const args = ['record', '-o', 'unlike.dat', '-C', 'x86-tsc', ...EVENTS, ...ofGuest, ...WORKLOAD];
      const command = [...withUnlikeVcpus(cpus().length + 1), ...args];
      const { status, stdout, stderr } = await run('unshare', command, { cwd: folder });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout.toString()).toMatch(/: no kvm time sync: .*their TSCs differ: which are they\?\n/);
      expect(stdout.toString()).toMatch(/Negotiated ptp4 time sync protocol .*\n {2}clock offset -?\d+ ticks, \+\/- /);
    } finally {
      await guest.stop();
      server.close();
    }
    expect(tracefsState()).toEqual(before);
    expect(journals()).toEqual([]);
  });
});

test('options for the recorder itself are no guest’s', async () => {
  for (const option of [['--tsync-interval', '50'], ['--tsync-log'], ['--nofifos']]) {
    const { status, stderr } = await tandem(['record', '-e', 'sched', '-A', '3', ...option, 'true']);
    expect(status).toBe(255);
    expect(stderr).toBe(
      `tandem: ${option[0]}: stands behind an -A, where options are for the guest; put it before the first -A\n`,
    );
  }
});
