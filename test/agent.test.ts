import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../src/base/byte-source.ts';
import { makeFifo } from '../src/kernel/libc.ts';
import { nodeCodecs } from '../src/node/codecs.ts';
import { openTrace } from '../src/trace-file/open.ts';
import { portName } from '../src/transport/fifos.ts';
import { serialize } from '../src/wire/frame.ts';
import { AgentProcess } from './support/agent-process.ts';
import { missing } from './support/capabilities.ts';
import { run, tandem } from './support/run.ts';
import { ScriptedRecorder } from './support/scripted-recorder.ts';
import { withStock } from './support/stock-recorder.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * `tandem agent` by TCP on this machine, recording an instance of its own, with the installed trace-cmd as the recorder,
 * and with recorders that behave badly.
 */
const unable = missing('root', 'tracefs');
const unableWithStock = missing('root', 'tracefs', 'unshare', 'trace-cmd 3.1');
const folder = temporaryFolder();
const INSTANCE = 'tandem-agent-test';
/** What fills buffers with system calls. */
const BUSY = ['if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=400000', 'status=none'];
const CLOCK = '/sys/kernel/tracing/instances/tandem-agent-test/trace_clock';

/** An agent as long as `work` lasts. Afterwards it has left nothing, and said nothing but what is expected. */
async function withAgent(work: (agent: AgentProcess) => Promise<void>, said = /^$/, ...args: string[]): Promise<void> {
  await withTracefs(async () => {
    const before = tracefsState();
    const agent = await AgentProcess.start('--instance', INSTANCE, ...args);
    try {
      await work(agent);
      expect(await agent.end()).toBe(0);
    } finally {
      await agent.end('SIGKILL');
    }
    expect(agent.said).toMatch(said);
    expect(changes(before, tracefsState())).toEqual([]);
    expect(journals()).toEqual([]);
  });
}

/** Settings that differ, but for what trace-cmd leaves of its time sync. */
const changes = (...states: readonly [before: readonly string[], after: readonly string[]]): string[] => {
  const [before, after] = states.map((lines) => lines.filter((line) => !line.startsWith('instances/clock_synch-'))) as [
    string[],
    string[],
  ];
  const [old, now] = [new Set(before), new Set(after)];
  return [...before.filter((line) => !now.has(line)), ...after.filter((line) => !old.has(line))];
};

/** Runs a whole session. Returns the bytes of each CPU. */
async function record(agent: AgentProcess, options = {}): Promise<Buffer[]> {
  const recorder = await ScriptedRecorder.request(agent.port, options);
  await recorder.openData();
  await sleep(100);
  return recorder.finish();
}

describe('with the installed trace-cmd as recorder', () => {
  const sessions = [
    { host: ['-C', 'mono'], guest: [], synced: true },
    { host: ['-C', 'boot', '--tsync-interval', '50'], guest: ['--file-version', '6'], synced: true },
    { host: ['-C', 'x86-tsc'], guest: ['--compression', 'zstd', '-R', 'stacktrace'], synced: true },
    { host: ['-C', 'local', '--tsync-interval', '-1'], guest: ['-T', '-b', '300', '--date'], synced: false },
    { host: ['-C', 'mono', '--tsync-interval', '-1'], guest: ['-a', '--file-version', '6'], synced: false },
  ];

  test.for(sessions)('$host, guest: $guest', async ({ host, guest, synced }, context) => {
    context.skip(unableWithStock !== undefined, unableWithStock);
    const options = [...host, '-o', 'host.dat', '-e', 'sched_switch'];
    await withTracefs(async () => {
      const before = tracefsState();
      let agent: AgentProcess | undefined;
      // What trace-cmd leaves of its own is put back by withStock.
      await withStock([], folder, async (traceCmd) => {
        agent = await AgentProcess.start('--instance', INSTANCE);
        const workload = ['sh', '-c', 'for i in 1 2 3 4 5; do sleep 0.05; done'];
        const address = `127.0.0.1:${agent.port}`;
        const recorder = await traceCmd('record', ...options, '-A', address, '-e', 'sched', ...guest, ...workload);
        expect(recorder.status, recorder.stderr).toBe(0);
        const negotiated = 'Negotiated ptp time sync protocol with guest 127.0.0.1';
        expect(recorder.stdout.includes(negotiated), recorder.stdout.toString()).toBe(synced);
        expect(await agent.end()).toBe(0);
      }).finally(() => agent?.end('SIGKILL'));
      expect(agent?.said).toBe('');
      expect(changes(before, tracefsState())).toEqual([]);
      expect(journals()).toEqual([]);
    });

    const stock = await run('trace-cmd', ['report', '-i', 'host-127.0.0.1.dat'], { cwd: folder });
    expect([stock.status, stock.stderr]).toEqual([0, '']);
    const ours = await tandem(['report', '--compat', '3.1', 'host-127.0.0.1.dat'], { cwd: folder });
    expect(ours.stdout.equals(stock.stdout)).toBe(true);
    expect(stock.stdout.toString()).toMatch(/ sched_switch: +sleep:\d+ /);
    if (!synced) return;
    const both = await tandem(['report', '-i', 'host.dat', '-i', 'host-127.0.0.1.dat'], { cwd: folder });
    expect(both.stdout.toString()).toMatch(/host-127\.0\.0\.1\.dat:.* sched_switch:/);
    const guestFile = await openTrace(memorySource('guest', readFileSync(`${folder}/host-127.0.0.1.dat`)), nodeCodecs);
    const offsets = guestFile.timeShift?.cpus.flatMap((samples) => samples.map(({ offset }) => Number(offset))) ?? [];
    // One kernel, one clock: in truth 0. A stock recorder of 3.1 stamps late; of TSC ticks there are some per ns.
    for (const offset of offsets) expect(Math.abs(offset)).toBeLessThan(2_000_000);
    const count = host.includes('50') ? 6 : 4;
    expect(offsets.length).toBeGreaterThanOrEqual(count);
  });
});

describe('with any recorder', () => {
  test('data comes in whole sub-buffers, the metadata is a trace file without events', async (context) => {
    context.skip(unable !== undefined, unable);
    await withAgent(async (agent) => {
      const recorder = await ScriptedRecorder.request(agent.port, { args: ['-e', 'sched', '-C', 'tai'] });
      await recorder.openData();
      const { ports, traceId, pageSize, syncProtocol, syncPort } = await recorder.response;
      await sleep(300);
      const data = await recorder.finish();
      expect(data).toHaveLength(ports.length);
      expect(data.every(({ length }) => length % pageSize === 0)).toBe(true);
      expect(data.some(({ length }) => length > 0)).toBe(true);
      expect([syncProtocol, syncPort]).toEqual(['', 0]);
      const file = await openTrace(memorySource('metadata', recorder.metadata), nodeCodecs);
      expect([file.traceId, file.cpuCount, file.header.pageSize]).toEqual([traceId, ports.length, pageSize]);
      // Several sessions, one after the other.
      for (let session = 0; session < 3; session++) expect(await record(agent)).toHaveLength(ports.length);
    });
  });

  test('the top buffer is recorded where no instance is named', async (context) => {
    context.skip(unable !== undefined, unable);
    await withTracefs(async () => {
      const before = tracefsState();
      const agent = await AgentProcess.start();
      try {
        const clock = before.some((line) => /^trace_clock=.*\[mono\]/.test(line)) ? 'boot' : 'mono';
        const recorder = await ScriptedRecorder.request(agent.port, { args: ['-e', 'sched', '-C', clock, '-T'] });
        await recorder.openData();
        expect(changes(before, tracefsState()).join('\n')).toMatch(new RegExp(`^trace_clock=.*\\[${clock}\\]`, 'm'));
        expect((await recorder.finish()).length).toBeGreaterThan(0);
        expect(await agent.end()).toBe(0);
      } finally {
        await agent.end('SIGKILL');
      }
      expect(changes(before, tracefsState())).toEqual([]);
    });
  });

  test.for([
    { args: ['-e', 'nosuch'], reason: '-e nosuch: no such event in this kernel' },
    { args: ['-e', 'sched', '-C', 'nosuch'], reason: '-C nosuch: this kernel has no such clock' },
    { args: ['-e', 'sched', '-f', 'nosuch == 1'], reason: 'Field not found' },
    { args: ['-e', 'sched', '-o', '/tmp/x'], reason: "-o: the recorder names the guest's file" },
    { args: ['-e', 'sched', 'reboot'], reason: 'reboot: an agent runs no commands' },
    { args: ['-p', 'wakeup'], reason: '-p wakeup: gives a text' },
    { args: ['-e', 'sched', '--compression', 'lzma'], reason: '--compression lzma: is not known' },
    { args: [], reason: 'no event and no tracer was named' },
  ])('$args is refused: $reason', async ({ args, reason }, context) => {
    context.skip(unable !== undefined, unable);
    const line = new RegExp(`^tandem: recorder at 127.0.0.1:\\d+: .*${reason.replaceAll('.', '\\.')}.*\n$`);
    await withAgent(async (agent) => {
      const recorder = await ScriptedRecorder.request(agent.port, { args });
      expect(await recorder.failure).toContain(`refused the request: `);
      expect(await recorder.failure).toContain(reason);
      recorder.destroy();
      await record(agent);
    }, line);
  });

  test('two at once: the second is told that the agent is busy; then it can come again', async (context) => {
    context.skip(unable !== undefined, unable);
    await withAgent(async (agent) => {
      const first = await ScriptedRecorder.request(agent.port);
      await first.openData();
      const second = await ScriptedRecorder.request(agent.port);
      expect(await second.failure).toMatch(/the agent is busy with the recorder at 127\.0\.0\.1:\d+/);
      await first.finish();
      // Even while the first one's session is cleared up.
      await record(agent);
    }, /^tandem: recorder at \S+: came while the agent is busy with the recorder at 127\.0\.0\.1:\d+\n$/);
  });

  test('who is not the client of -N is hung up on', async (context) => {
    context.skip(unable !== undefined, unable);
    const agent = await AgentProcess.start('-N', '127.0.0.9');
    try {
      const recorder = await ScriptedRecorder.connect(agent.port);
      await once(recorder.control, 'close');
      await agent.says(/127\.0\.0\.1:\d+: tried to connect, but only 127\.0\.0\.9 may connect/);
      expect(await agent.end()).toBe(0);
    } finally {
      await agent.end('SIGKILL');
    }
  });
});

describe('what bad recorders get', () => {
  test('garbage, half-open connections, requests that are cut anywhere', async (context) => {
    context.skip(unable !== undefined, unable);
    const request = serialize({
      ...{ command: 'TRACE_REQ', useFifos: false, traceId: 1n, args: ['-e', 'sched'], syncProtocols: ['kvm', 'ptp'] },
    });
    const pieces = [
      new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
      new Uint8Array(20_000).fill(0xff),
      new Uint8Array(5000),
      serialize({ command: 'CLOSE' }),
      serialize({ command: 'TRACE_PROXY', useFifos: false, traceId: 1n, args: [], syncProtocols: undefined, cpus: 2 }),
      ...Array.from({ length: request.length }, (_, length) => request.subarray(0, length)),
    ];
    await withAgent(async (agent) => {
      for (const piece of pieces) {
        const { control } = await ScriptedRecorder.connect(agent.port);
        control.end(piece);
        control.resume();
        await once(control, 'close');
      }
      await record(agent);
    }, /^(tandem: recorder at .*\n)+$/);
  });

  test('killed at each step of a session', async (context) => {
    context.skip(unable !== undefined, unable);
    const steps: ((recorder: ScriptedRecorder) => Promise<unknown>)[] = [
      async () => {},
      () => sleep(30),
      ({ response }) => response,
      ({ metadataEnd }) => metadataEnd,
      (recorder) => recorder.openData(),
      async (recorder) => {
        await recorder.openData();
        recorder.session.close();
      },
    ];
    await withAgent(async (agent) => {
      for (const syncProtocols of [[], ['ptp']]) {
        for (const step of steps) {
          const recorder = await ScriptedRecorder.request(agent.port, {
            args: ['-C', 'tai', '-e', 'sched'],
            syncProtocols,
          });
          await step(recorder);
          recorder.destroy();
        }
      }
      await record(agent);
    }, /^(tandem: recorder at .*(went away|never connected).*\n)+$/);
  });

  test('one that closes its data connections: the session ends', async (context) => {
    context.skip(unable !== undefined, unable);
    await withAgent(async (agent) => {
      const recorder = await ScriptedRecorder.request(agent.port, { args: ['-e', 'sched'] });
      await recorder.openData();
      for (const socket of recorder.data) socket.destroy();
      expect(await recorder.failure).toContain('went away while recording');
    }, /the trace ends here: data connection of CPU \d to 127\.0\.0\.1:\d+: does not take the data/);
  });

  test('one that reads no data: the end is not waited for without end', async (context) => {
    context.skip(unable !== undefined, unable);
    await withAgent(async (agent) => {
      const args = ['-e', 'sched', '-e', 'raw_syscalls', '-b', '4000'];
      const recorder = await ScriptedRecorder.request(agent.port, { args });
      await recorder.openData({ reads: false });
      for (const socket of recorder.data) socket.pause();
      await run('dd', BUSY);
      recorder.session.close();
      expect(await recorder.ended).toBe(true);
      recorder.destroy();
    }, /data connection of CPU \d to 127\.0\.0\.1:\d+: does not take the data of CPU/);
  });
});

describe('data by FIFOs', () => {
  /** Where a guest has the ports of virtio-serial; named pipes do as well. */
  const PORTS = '/dev/virtio-ports';

  test('arrives whole; without a FIFO for each CPU it takes the other way', async (context) => {
    context.skip(unable !== undefined || existsSync(PORTS), unable ?? 'this machine has ports of virtio-serial');
    const ports = join(folder, 'ports');
    mkdirSync(ports);
    symlinkSync(ports, PORTS);
    const fds: number[] = [];
    try {
      await withAgent(async (agent) => {
        const options = { args: ['-e', 'sched'], useFifos: true };
        const without = await ScriptedRecorder.request(agent.port, options);
        await without.openData();
        const { useFifos, ports: used } = await without.response;
        expect([useFifos, used.every((port) => port > 0)]).toEqual([false, true]);
        await without.finish();

        const [{ length }, pageSize] = [used, (await without.response).pageSize];
        for (let cpu = 0; cpu < length; cpu++) {
          const fifo = join(ports, portName(cpu));
          makeFifo(fifo, 0o600);
          fds.push(openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK));
        }
        const recorder = await ScriptedRecorder.request(agent.port, options);
        const response = await recorder.response;
        expect([response.useFifos, response.ports]).toEqual([true, used.map(() => 0)]);
        const sizes = fds.map(() => 0);
        const reading = setInterval(() => {
          for (const [cpu, fd] of fds.entries()) sizes[cpu] = (sizes[cpu] ?? 0) + readNow(fd);
        }, 5);
        await recorder.metadataEnd;
        await sleep(200);
        recorder.session.close();
        expect(await recorder.ended).toBe(true);
        recorder.destroy();
        clearInterval(reading);
        for (const [cpu, fd] of fds.entries()) sizes[cpu] = (sizes[cpu] ?? 0) + readNow(fd);
        expect(sizes.every((size) => size > 0 && size % pageSize === 0)).toBe(true);
      });
    } finally {
      unlinkSync(PORTS);
      for (const fd of fds) closeSync(fd);
    }
  });

  /** Takes what a FIFO holds. Returns its bytes. */
  function readNow(fd: number): number {
    try {
      return readSync(fd, Buffer.alloc(1 << 20));
    } catch {
      return 0; // nothing there
    }
  }

  test('whose reader stands still: the end is not waited for without end', async (context) => {
    context.skip(unable !== undefined || existsSync(PORTS), unable ?? 'this machine has ports of virtio-serial');
    const ports = join(folder, 'stalled-ports');
    mkdirSync(ports);
    symlinkSync(ports, PORTS);
    const fds = cpus().map((_, cpu) => {
      makeFifo(join(ports, portName(cpu)), 0o600);
      return openSync(join(ports, portName(cpu)), constants.O_RDWR | constants.O_NONBLOCK);
    });
    try {
      await withAgent(async (agent) => {
        const args = ['-e', 'sched', '-e', 'raw_syscalls', '-b', '4000'];
        const recorder = await ScriptedRecorder.request(agent.port, { args, useFifos: true });
        expect((await recorder.response).useFifos).toBe(true);
        await recorder.metadataEnd;
        await run('dd', BUSY);
        recorder.session.close();
        expect(await recorder.ended).toBe(true);
        recorder.destroy();
      }, /trace-pipe-cpu\d: does not take the data of CPU \d/);
    } finally {
      unlinkSync(PORTS);
      for (const fd of fds) closeSync(fd);
    }
  });
});

describe('in the background', () => {
  test('-D returns when recorders can connect', async (context) => {
    context.skip(unable !== undefined, unable);
    await withTracefs(async () => {
      const before = tracefsState();
      // A pipe that is read to its end: the agent must let go of it.
      const { status, stdout } = await tandem(['agent', '-p', '0', '-N', '127.0.0.1', '-D', '--instance', INSTANCE]);
      expect(status).toBe(0);
      const port = Number(/listening on TCP port (\d+)/.exec(stdout.toString())?.[1]);
      const recorder = await ScriptedRecorder.request(port);
      await recorder.openData();
      expect(await recorder.finish()).not.toEqual([]);
      const pid = await listener(port);
      process.kill(pid, 'SIGTERM');
      while (existsSync(`/proc/${pid}`)) await sleep(20);
      expect(changes(before, tracefsState())).toEqual([]);
    });
  });

  /** The process that listens on a port. */
  async function listener(port: number): Promise<number> {
    const { stdout } = await run('ss', ['-Hltnp', `sport = :${port}`]);
    return Number(/pid=(\d+)/.exec(stdout.toString())?.[1]);
  }
});

describe('when the agent ends', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    '%s amid a session: the data up to then, and all put back',
    async (signal, context) => {
      context.skip(unable !== undefined, unable);
      await withTracefs(async () => {
        const before = tracefsState();
        const agent = await AgentProcess.start('--instance', INSTANCE);
        const recorder = await ScriptedRecorder.request(agent.port, { args: ['-e', 'sched'] });
        await recorder.openData();
        await sleep(200);
        expect(await agent.end(signal)).toBe(0);
        expect(await recorder.failure).toContain('went away while recording');
        expect(recorder.received.flat().length).toBeGreaterThan(0);
        expect(changes(before, tracefsState())).toEqual([]);
        expect(journals()).toEqual([]);
      });
    },
  );

  test('killed amid a session: the next one puts back what it left', async (context) => {
    context.skip(unable !== undefined, unable);
    await withTracefs(async () => {
      const before = tracefsState();
      const killed = await AgentProcess.start('--instance', INSTANCE);
      const recorder = await ScriptedRecorder.request(killed.port, {
        ...{ args: ['-e', 'sched', '-C', 'tai'], syncProtocols: ['ptp'] },
      });
      await recorder.openData();
      expect(readFileSync(CLOCK, 'utf8')).toContain('[tai]');
      expect(await killed.end('SIGKILL')).toBe('SIGKILL');
      expect(changes(before, tracefsState()).length).toBeGreaterThan(0);
      const next = await AgentProcess.start('--instance', INSTANCE);
      expect(next.said).toContain('Putting back what a run that was killed');
      expect(changes(before, tracefsState())).toEqual([]);
      expect(await record(next)).not.toEqual([]);
      expect(await next.end()).toBe(0);
      expect(changes(before, tracefsState())).toEqual([]);
      expect(journals()).toEqual([]);
    });
  });
});
