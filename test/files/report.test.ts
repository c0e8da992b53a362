import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../support/build-events.ts';
import { buildTrace, type TraceSpec } from '../support/build-trace.ts';
import { bundledCapture, unpack } from '../support/captures.ts';
import { run, tandem } from '../support/run.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/* What `tandem report` does that no trace-cmd does, or does differently: for the rest see options.test.ts. */
const temporary = temporaryFolder();
const HOST = 'kvm-auto-1vcpu.dat';
const GUEST = 'kvm-auto-1vcpu-l2b.dat';
let folder = '';

beforeAll(() => {
  folder = unpack(bundledCapture('kvm-auto-1vcpu'), temporary);
});

const report = (...args: string[]) => tandem(['report', ...args], { cwd: folder });
const headings = (stdout: Buffer) => stdout.toString('latin1').match(/^.*cpus=\d+$/gm);

describe("a guest's file beside its host's", () => {
  test('is opened with it', async () => {
    const both = await report(HOST, GUEST);
    const { stdout, status } = await report('-i', HOST);
    expect(status).toBe(0);
    expect(headings(stdout)).toEqual([`    ${HOST}: cpus=2`, `${GUEST}: cpus=1`]);
    expect(stdout.equals(both.stdout)).toBe(true);
  });

  test('is found under another name by its trace id', async () => {
    const elsewhere = join(temporary, 'renamed');
    mkdirSync(elsewhere);
    copyFileSync(join(folder, HOST), join(elsewhere, 'a.dat'));
    copyFileSync(join(folder, GUEST), join(elsewhere, 'b.dat'));
    writeFileSync(join(elsewhere, 'c.dat'), 'no trace at all');
    const { stdout } = await tandem(['report', join(elsewhere, 'a.dat')]);
    expect(headings(stdout)).toEqual(['a.dat: cpus=2', 'b.dat: cpus=1']);
    renameSync(join(elsewhere, 'b.dat'), join(elsewhere, 'b.other'));
    expect(headings((await tandem(['report', join(elsewhere, 'a.dat')])).stdout)).toEqual(['cpus=2']);
    rmSync(elsewhere, { recursive: true });
  });

  test.each([['--alone'], ['--compat', '3.4']])('is left alone with %s %s', async (...options) => {
    expect(headings((await report(...options, '-i', HOST)).stdout)).toEqual(['cpus=2']);
  });

  test('is not opened twice, nor with the guest alone', async () => {
    expect(headings((await report(HOST, GUEST)).stdout)?.length).toBe(2);
    expect(headings((await report(GUEST)).stdout)).toEqual(['cpus=1']);
  });

  test('need not have the events that a filter names', async () => {
    const { stdout, status } = await report(HOST, '-F', 'kvm_entry');
    expect(status).toBe(0);
    const lines = stdout.toString('latin1').split('\n').slice(2, -1);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.every((line) => line.includes(': kvm_entry: '))).toBe(true);
    const all = await report('-F', 'kvm_entry', HOST, GUEST);
    expect(all.stdout.equals(stdout)).toBe(true);
  });

  test('is filtered by --cpu and --pid as the host is', async () => {
    const lines = (stdout: Buffer) => stdout.toString('latin1').split('\n').slice(2, -1);
    const both = lines((await report(HOST)).stdout);
    const first = lines((await report(HOST, '--cpu', '0')).stdout);
    expect(first).toEqual(both.filter((line) => line.includes(' [000] ')));
    expect(first.some((line) => line.startsWith(GUEST))).toBe(true);
    const ofTask = lines((await report(HOST, '--pid', '1171')).stdout);
    expect(ofTask.length).toBeGreaterThan(0);
    expect(ofTask.every((line) => /\b1171\b/.test(line))).toBe(true);
  });

  test('shows nothing of a task that no file has', async () => {
    const { status, stdout, stderr } = await report(HOST, '--comm', 'nobody');
    expect([status, stdout.toString().split('\n').length]).toEqual([0, 3]);
    expect(stderr).toBe('tandem: --comm nobody: no task had that name\n');
  });
});

const VALUE = formatText('value', 700, ['int value;\toffset:8;\tsize:4;\tsigned:1;'], '"value=%d", REC->value');
const value = (time: bigint, number: number, lost?: number | 'unknown') => ({
  time,
  data: recordBytes(true, { id: 700, pid: 42 }, (out) => void out.u32(number)),
  ...(lost === undefined ? {} : { lost }),
});

function trace(name: string, spec: TraceSpec): string {
  const path = join(temporary, name);
  writeFileSync(path, buildTrace({ systems: [{ name: 'test', formats: [VALUE] }], cmdlines: '42 tester\n', ...spec }));
  return path;
}

describe('lost events', () => {
  const spec: TraceSpec = {
    buffers: [
      { cpus: [{ cpu: 0, events: [value(1000n, 1), value(2000n, 2, 17)] }] },
      { name: 'instance', cpus: [{ cpu: 1, events: [value(3000n, 3, 5), value(4000n, 4, 'unknown')] }] },
    ],
  };

  test('are summed up on standard error, also where a filter hides their places', async () => {
    const path = trace('lost.dat', spec);
    const told = 'tandem: 22 events were lost while recording, and more, uncounted, in one place\n';
    expect((await tandem(['report', path])).stderr).toBe(told);
    expect((await tandem(['report', '-F', 'value: value == 1', path])).stderr).toBe(told);
    expect((await tandem(['report', '-q', path])).stderr).toBe('');
    expect((await tandem(['report', '--compat', '3.4', path])).stderr).toBe('');
  });

  test('are in JSON', async () => {
    const { stdout } = await tandem(['report', '--json', trace('lost-json.dat', spec)]);
    const events = stdout
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ buffer, time, lost, text }) => [buffer, time, lost, text])).toEqual([
      ['', '1000', undefined, 'value=1'],
      ['', '2000', 17, 'value=2'],
      ['instance', '3000', 5, 'value=3'],
      ['instance', '4000', -1, 'value=4'],
    ]);
  });
});

describe('the output', () => {
  const many = Array.from({ length: 60_000 }, (_, i) => value(BigInt(i) * 1000n, i));

  test.each([
    ['events', () => trace('long.dat', { buffers: [{ cpus: [{ cpu: 0, events: many }] }] }), /^cpus=1\nstatus 0\n$/],
    ['help', () => '--help', /^Usage: tandem report .*\nstatus 0\n$/],
  ])('ends quietly when its reader goes away: %s', async (_what, argument, expected) => {
    const command = `"$0" "$1" report "$2" | head -n 1; echo "status \${PIPESTATUS[0]}"`;
    const options = [resolve('dist/cli/main.js'), argument()];
    const { stdout, stderr } = await run('bash', ['-c', command, process.execPath, ...options]);
    expect(stdout.toString()).toMatch(expected);
    expect(stderr).toBe('');
  });
});

describe('a filter', () => {
  const field = (type: string, name: string, offset: number, size: number) =>
    `${type} ${name};\toffset:${offset};\tsize:${size};\tsigned:0;`;
  const ENTRY = formatText('funcgraph_entry', 11, [field('long', 'func', 8, 8), field('int', 'depth', 16, 4)], '""');
  const times = [field('long', 'calltime', 24, 8), field('long', 'rettime', 32, 8)];
  const EXIT = formatText(
    'funcgraph_exit',
    10,
    [field('long', 'func', 8, 8), field('int', 'depth', 16, 4), ...times],
    '""',
  );
  const call = (time: bigint, id: number) => ({
    time,
    data: recordBytes(true, { id, pid: 42 }, (out) =>
      out
        .u64(0x1000)
        .u64(0)
        .u64(Number(time))
        .u64(Number(time) + 5000),
    ),
  });
  const OTHER = formatText('other', 701, [], '"other"');
  const FILTER = 'value,ftrace: common_pid == 42';

  // Hidden one by one, and as one of a kind that is not wanted at all.
  test.each([700, 701])('does not change what a call looks like, however late the first one comes (%i)', async (id) => {
    const before = Array.from({ length: 9000 }, (_, i) => value(BigInt(i) * 1000n, i));
    const calls = [100n, 200n, 300n, 400n].map((at, i) => call(2_000_000_000n + at, i % 2 === 0 ? 11 : 10));
    const between = { time: 2_000_000_150n, data: recordBytes(true, { id, pid: 7 }, (out) => void out.u32(0)) };
    const cpus = [
      { cpu: 0, events: [...before, ...calls] },
      { cpu: 1, events: [between] },
    ];
    const systems = [{ name: 'test', formats: [VALUE, OTHER] }];
    const path = trace(`calls-${id}.dat`, { ftraceFormats: [ENTRY, EXIT], systems, buffers: [{ cpus }] });
    const { stdout } = await tandem(['report', '-F', FILTER, path]);
    // What asks for names of tasks is asked in merged order.
    const inOrder = await tandem(['report', '-F', `${FILTER} || COMM == "nobody"`, path]);
    expect(stdout.equals(inOrder.stdout)).toBe(true);
    const lines = stdout.toString().split('\n');
    expect(lines.length).toBe(1 + before.length + 3 + 1);
    // An event of another task comes between the first call and its return.
    expect(lines.slice(-4).map((line) => line.slice(-1))).toEqual(['{', '}', ';', '']);
  });
});

describe('errors are one line and a status', () => {
  const cases: readonly (readonly [args: readonly string[], status: number, message: RegExp])[] = [
    [['nothing-there.dat'], 2, /nothing-there\.dat: does not exist/],
    [['/dev/null'], 2, /\/dev\/null: is not a regular file/],
    [['.'], 2, /is a directory/],
    [['--cpu', 'x', HOST], 255, /^tandem: --cpu x: /],
    [['-F', 'sched_switch: (((', HOST], 255, /^tandem: filter, character 17 /],
    [['-F', 'no_such_event', HOST], 255, /^tandem: filter "no_such_event": no event has such a name/],
    [['-r', '[', HOST], 255, /^tandem: -r \[: is no regular expression/],
    [['-v', '-v'], 255, /^tandem: -v: can be given only once/],
    [['--ts-offset', '5'], 255, /^tandem: --ts-offset: must come after the -i/],
    [['--compat', '2.9'], 255, /^tandem: --compat 2\.9: /],
    [['--from', 'noon', HOST], 255, /^tandem: --from noon: is no time/],
    [['--profile'], 255, /^tandem: --profile: profiling is not supported/],
    [['--no-such-option'], 255, /^tandem: unknown option '--no-such-option'; see tandem report --help$/m],
    [['--fron'], 255, /^tandem: unknown option '--fron' \(did you mean --from\?\); see tandem report --help$/m],
    [['--cpu'], 255, /^tandem: option '--cpu <list>' argument missing; see tandem report --help$/m],
    [['-w', HOST, GUEST], 255, /^tandem: -w: /],
  ];

  test.each(cases)('%j', async (args, status, message) => {
    const result = await report(...args);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trimEnd()).not.toContain('\n');
    expect(result.status).toBe(status);
  });

  test('a damaged file has a status of its own', async () => {
    const path = join(temporary, 'text.dat');
    writeFileSync(path, 'this is no trace');
    const { status, stderr } = await tandem(['report', path]);
    expect(stderr).toMatch(/^tandem: .*text\.dat: .+\n$/);
    expect(status).toBe(1);
  });
});

test('times of --from and --to select the lines that show them', async () => {
  const events = Array.from({ length: 50 }, (_, i) => value(1_000_000_000n + BigInt(i) * 400n, i));
  const path = trace('times.dat', { buffers: [{ cpus: [{ cpu: 0, events }] }] });
  const all = (await tandem(['report', path])).stdout.toString().split('\n');
  const some = (await tandem(['report', path, '--from', '1.000004', '--to', '1.000007'])).stdout.toString().split('\n');
  expect(some).toEqual(all.filter((line) => !/ 1\.0000/.test(line) || / 1\.00000[4-7]: /.test(line)));
});

test('a record too short for the common fields is of unknown type', async () => {
  const short = { time: 2000n, data: Uint8Array.of(0xbc, 0x02, 0, 0) };
  const path = trace('short.dat', {
    pageSize: 4096,
    buffers: [{ cpus: [{ cpu: 0, events: [value(1000n, 1), short] }] }],
  });
  const { stdout, status, stderr } = await tandem(['report', path]);
  expect(status, stderr).toBe(0);
  expect(stdout.toString().split('\n')[2]).toContain('[UNKNOWN EVENT]');
  const json = (await tandem(['report', '--json', path])).stdout.toString().split('\n')[1] as string;
  expect(JSON.parse(json)).toEqual({ file: 'short.dat', buffer: '', cpu: 0, time: '2000', event: null, id: 700 });
});
