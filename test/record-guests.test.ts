import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { type RunResult, run, tandem } from './support/run.ts';
import { dataPorts, type GuestTrace, guestTrace, type Script, ScriptedAgent } from './support/scripted-agent.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * Recordings with guests whose agent does what agents should not, or no more than is needed: what becomes of the host's
 * file, the guest's file and the kernel's settings. Sessions with real agents are in interop.test.ts.
 */
const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
const CAPTURE = 'test/fixtures/captures/tcp-ptp-boot-none/tcp-ptp-boot-none-10.77.0.31.dat.gz';
const NO_DATA: GuestTrace['cpus'] = [new Uint8Array(0)];

const trace = await guestTrace(gunzipSync(readFileSync(CAPTURE)), folder);

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

/** Records a second of the host with an agent that plays its script, and checks that the kernel is as it was. */
async function recordWith(script: Script, ...args: readonly string[]): Promise<RunResult> {
  const agent = await ScriptedAgent.start(script);
  try {
    return await withTracefs(async () => {
      const before = tracefsState();
      const guest = ['--tsync-interval', '-1', ...args, '-A', agent.address, '--name', 'guest', '-e', 'sched'];
      const result = await tandem(['record', '-o', 'host.dat', '-e', 'sched_switch', ...guest, 'sleep', '0.3'], {
        cwd: folder,
      });
      expect(tracefsState()).toEqual(before);
      expect(journals()).toEqual([]);
      return result;
    });
  } finally {
    agent.stop();
  }
}

const answer = (ports: readonly number[]) => ({
  ...{ useFifos: false, pageSize: trace.pageSize, traceId: trace.traceId, ports },
  ...{ syncProtocol: '', syncPort: 0 },
});

/** What a good agent does. */
const good: Script = async ({ session, request, close }) => {
  await request;
  session.respond(answer(await dataPorts(trace.cpus, close)));
  session.sendMetadata(trace.metadata);
  session.endMetadata();
  await close;
  session.confirmEnd();
};

const trace31 = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, status } = await run('trace-cmd', args, { cwd: folder });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.toString();
};

describe.skipIf(unable !== undefined)('a guest that is recorded too', () => {
  test("has its trace in a file of its own, and is named in the host's", async () => {
    const { status, stderr } = await recordWith(good, '--compression', 'none');
    expect([status, stderr]).toEqual([0, '']);
    const lines = (text: string): string[] => text.split('\n').filter((line) => /\[\d{3}\]/.test(line));
    const captured = join(folder, 'captured.dat');
    writeFileSync(captured, gunzipSync(readFileSync(CAPTURE)));
    const raw = ['report', '--raw-ts', '-i'];
    expect(lines(await trace31(...raw, 'host-guest.dat'))).toEqual(lines(await trace31(...raw, 'captured.dat')));
    expect(await trace31('dump', '--options', '-i', 'host.dat')).toMatch(/\[Option GUEST.*\]\nguest \[Guest name\]/);
    expect(readdirSync(folder).sort()).toEqual(['captured.dat', 'host-guest.dat', 'host.dat']);
  });

  test("gets the host's clock, the date and its own options", async () => {
    let asked: readonly string[] = [];
    await recordWith(
      async (agent) => {
        asked = (await agent.request).args;
        await good(agent);
      },
      ...['-C', 'mono', '--date'],
    );
    expect(asked).toEqual(['-C', 'mono', '--date', '-e', 'sched']);
  });

  test('is offered no time sync when none is wanted, and every protocol otherwise', async () => {
    const offers: (readonly string[] | undefined)[] = [];
    const noting: Script = async (agent) => {
      offers.push((await agent.request).syncProtocols);
      await good(agent);
    };
    await recordWith(noting);
    const { stderr } = await recordWith(noting, '--tsync-interval', '0');
    expect(offers).toEqual([undefined, ['ptp4', 'ptp']]);
    expect(stderr).toContain('its agent has no time sync');
  });
});

describe.skipIf(unable !== undefined)('an agent that spoils the start', () => {
  const scripts: readonly (readonly [name: string, script: Script, says: string])[] = [
    ['closes the connection', ({ socket }) => void socket.end(), 'closed the connection instead of answering'],
    ['sends garbage', ({ socket }) => void socket.write(Buffer.alloc(64, 'x')), 'sent'],
    [
      'refuses',
      async ({ session, request }) => {
        await request;
        session.refuse('no such event');
      },
      'refused the request: no such event',
    ],
    [
      'leaves before the metadata',
      async ({ session, request, socket }) => {
        await request;
        session.respond(answer([1]));
        socket.end();
      },
      'rejected the arguments (-C local -e sched)',
    ],
    [
      'names ports where nobody listens',
      async ({ session, request }) => {
        await request;
        session.respond(answer([1]));
        session.sendMetadata(trace.metadata);
        session.endMetadata();
      },
      'its port for the data of CPU 0 can not be reached',
    ],
    [
      'sends no metadata',
      async ({ session, request }) => {
        await request;
        session.respond(answer([1]));
      },
      'accepted, but sent no trace metadata within 30 s',
    ],
  ];

  test.for(scripts)('%s: one clear line, and nothing is left', async ([, script, says]) => {
    const { status, stderr } = await recordWith(script);
    expect(stderr).toContain(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('keeps the recorder waiting, until Ctrl-C', async () => {
    const agent = await ScriptedAgent.start(() => {});
    await withTracefs(async () => {
      const before = tracefsState();
      const recorder = ['record', '-e', 'sched', '-A', agent.address, '-e', 'sched'];
      const { stdout, stderr, status } = await run(
        'timeout',
        ['--preserve-status', '-s', 'INT', '1.5', process.execPath, resolve('dist/cli/main.js'), ...recorder],
        { cwd: folder, timeoutMs: 10_000 },
      );
      expect([status, stdout.toString()]).toEqual([2, '']);
      expect(stderr).toBe('tandem: record: was stopped before the recording began\n');
      expect(tracefsState()).toEqual(before);
      expect(journals()).toEqual([]);
    });
    agent.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('nobody listens', async () => {
    const agent = await ScriptedAgent.start(() => {});
    agent.stop();
    const { status, stderr } = await withTracefs(() =>
      tandem(['record', '-e', 'sched', '-A', agent.address, 'true'], { cwd: folder }),
    );
    expect([status, stderr.trim().split('\n').length]).toEqual([2, 1]);
    expect(stderr).toContain('its agent can not be reached');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.skipIf(unable !== undefined)('an agent that is lost while recording', () => {
  test.for([
    ['is killed', 150, ({ socket }) => void socket.destroy()],
    ['is killed before its data was asked for', 0, ({ socket }) => void socket.destroy()],
    ['sends garbage', 150, ({ socket }) => void socket.write(Buffer.alloc(64, 'x'))],
  ] as const satisfies readonly (readonly [string, number, Script])[])(
    '%s: both files are made, with what came',
    async ([, after, end]) => {
      const { status, stderr } = await recordWith(async (agent) => {
        const { session, request } = agent;
        await request;
        session.respond(answer(await dataPorts(trace.cpus, sleep(200))));
        session.sendMetadata(trace.metadata);
        session.endMetadata();
        await sleep(after);
        await end(agent);
      });
      expect(stderr).toMatch(/^tandem: guest guest \(agent at 127.0.0.1:\d+\): /);
      expect(status).toBe(2);
      expect(readdirSync(folder).sort()).toEqual(['host-guest.dat', 'host.dat']);
      expect(await trace31('report', '-i', 'host-guest.dat')).toContain('sched_switch');
      expect(await trace31('report', '-i', 'host.dat')).toContain('sched_switch');
    },
  );

  test.each([
    { announced: 'fewer', cpus: trace.cpus.slice(0, 1) },
    { announced: 'more', cpus: [...trace.cpus, new Uint8Array(0), ...trace.cpus.slice(0, 1)] },
  ])('has $announced CPUs than its metadata tells of', async ({ cpus }) => {
    const { status, stderr } = await recordWith(async ({ session, request, close }) => {
      await request;
      session.respond(answer(await dataPorts(cpus, close)));
      session.sendMetadata(trace.metadata);
      session.endMetadata();
      await close;
      session.confirmEnd();
    });
    expect([status, stderr]).toEqual([0, '']);
    const report = await trace31('report', '-i', 'host-guest.dat');
    for (const [cpu, { length }] of cpus.entries()) {
      expect(report.includes(`[00${cpu}]`), `CPU ${cpu}`).toBe(length > 0);
    }
  });

  test('has CPUs without events', async () => {
    const { status } = await recordWith(async ({ session, request, close }) => {
      await request;
      session.respond(answer(await dataPorts(NO_DATA, close)));
      session.sendMetadata(trace.metadata);
      session.endMetadata();
      await close;
      session.confirmEnd();
    });
    expect(status).toBe(0);
    expect(existsSync(join(folder, 'host-guest.dat'))).toBe(true);
  });
});
