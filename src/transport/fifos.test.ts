import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFifo, pipe, spliceNow } from '../kernel/libc.ts';
import { openGuestPorts, openHostFifos } from './fifos.ts';
import { setUpGuest } from './setup-guest.ts';

const GUEST = 'web 1';
let root = '';
const { PATH } = process.env;
let open: number[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tandem-fifos-'));
});
afterEach(() => {
  for (const fd of open) closeSync(fd);
  open = [];
  process.env.PATH = PATH;
  rmSync(root, { recursive: true });
});

function kept(fd: number): number {
  open.push(fd);
  return fd;
}

const fifo = (cpu: number, end: string): string => join(root, GUEST, `trace-pipe-cpu${cpu}.${end}`);
/** QEMU has both ends of each open while the guest runs. */
const asQemu = (path: string): number => kept(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
const openFiles = (): number => readdirSync('/proc/self/fd').length;
const flagsOf = (fd: number): number =>
  Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);

describe('on the host', () => {
  test('what the guest writes comes out, by splice too, and ends in nothing to read', async () => {
    await setUpGuest({ guest: GUEST, cpus: 3, root });
    const qemu = [0, 1, 2].map((cpu) => asQemu(fifo(cpu, 'out')));
    const fds = openHostFifos(GUEST, root);
    open.push(...fds);
    expect(fds).toHaveLength(3);
    expect(fds.map((fd) => flagsOf(fd) & constants.O_NONBLOCK)).toEqual([0, 0, 0]);
    writeSync(qemu[1] as number, 'sub-buffer');
    const between = pipe(4096);
    open.push(between.readFd, between.writeFd);
    expect(spliceNow(fds[1] as number, between.writeFd, 4096, 'test')).toBe(10);
    expect(spliceNow(fds[1] as number, between.writeFd, 4096, 'test')).toBe(-1);
  });

  test('what an earlier recording left is thrown away', async () => {
    await setUpGuest({ guest: GUEST, cpus: 1, root });
    const qemu = asQemu(fifo(0, 'out'));
    writeSync(qemu, 'x'.repeat(10_000));
    const [fd = -1] = openHostFifos(GUEST, root);
    kept(fd);
    writeSync(qemu, 'new');
    const into = Buffer.alloc(100);
    expect(into.toString('utf8', 0, readSync(fd, into))).toBe('new');
  });

  test('there are as many as lie there without a gap; none where nothing was set up', async () => {
    expect(openHostFifos(GUEST, root)).toEqual([]);
    await setUpGuest({ guest: GUEST, cpus: 4, root });
    rmSync(fifo(2, 'out'));
    const fds = openHostFifos(GUEST, root);
    open.push(...fds);
    expect(fds).toHaveLength(2);
  });

  test('something else than a FIFO is refused, without a descriptor left', async () => {
    await setUpGuest({ guest: GUEST, cpus: 2, root });
    rmSync(fifo(1, 'out'));
    writeFileSync(fifo(1, 'out'), 'no FIFO');
    const before = openFiles();
    expect(() => openHostFifos(GUEST, root)).toThrow(/trace-pipe-cpu1\.out: is neither a FIFO nor a port/);
    expect(openFiles()).toBe(before);
  });

  test('a name can not lead elsewhere', async () => {
    expect(() => openHostFifos('../web', root)).toThrow(/no path/);
    await expect(setUpGuest({ guest: '..', cpus: 1, root })).rejects.toThrow(/no path/);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('in the guest', () => {
  function ports(count: number): number[] {
    return Array.from({ length: count }, (_, cpu) => {
      makeFifo(join(root, `trace-pipe-cpu${cpu}`), 0o600);
      return asQemu(join(root, `trace-pipe-cpu${cpu}`));
    });
  }

  test('each CPU has a port of its own to write to', () => {
    const hosts = ports(2);
    const fds = openGuestPorts(2, root) as number[];
    open.push(...fds);
    expect(fds.map((fd) => flagsOf(fd) & (constants.O_NONBLOCK | constants.O_RDWR | constants.O_WRONLY))).toEqual([
      constants.O_WRONLY,
      constants.O_WRONLY,
    ]);
    writeSync(fds[1] as number, 'cpu 1');
    const into = Buffer.alloc(100);
    expect(into.toString('utf8', 0, readSync(hosts[1] as number, into))).toBe('cpu 1');
  });

  test.each([
    ['one is missing', () => undefined],
    ['nobody has the other end of one', (path: string) => makeFifo(path, 0o600)],
    ['one is an ordinary file', (path: string) => writeFileSync(path, '')],
  ])('there are none when %s', (_, spoil) => {
    ports(2);
    spoil(join(root, 'trace-pipe-cpu2'));
    const before = openFiles();
    expect(openGuestPorts(3, root)).toBeUndefined();
    expect(openFiles()).toBe(before);
    expect(existsSync(join(root, 'trace-pipe-cpu3'))).toBe(false);
  });
});

describe('setting up a guest', () => {
  /** The group `daemon`: 1 everywhere. */
  const group = 1;

  test('makes two FIFOs per vCPU, with the modes asked for whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      expect(await setUpGuest({ guest: GUEST, cpus: 2, root: join(root, 'a', 'b') })).toEqual({
        folder: join(root, 'a', 'b', GUEST),
        cpus: 2,
      });
    } finally {
      process.umask(umask);
    }
    const folder = join(root, 'a', 'b', GUEST);
    expect(readdirSync(folder).sort()).toEqual([
      'trace-pipe-cpu0.in',
      'trace-pipe-cpu0.out',
      'trace-pipe-cpu1.in',
      'trace-pipe-cpu1.out',
    ]);
    expect([join(root, 'a'), join(root, 'a', 'b'), folder].map(mode)).toEqual(['750', '750', '750']);
    expect(readdirSync(folder).map((name) => mode(join(folder, name)))).toEqual(['660', '660', '660', '660']);
    expect(statSync(join(folder, 'trace-pipe-cpu0.in')).isFIFO()).toBe(true);
  });

  test.runIf(process.getuid?.() === 0)(
    'gives what is there another mode and group, but not older folders',
    async () => {
      await setUpGuest({ guest: GUEST, cpus: 1, root });
      chmodSync(root, 0o755);
      await setUpGuest({ guest: GUEST, cpus: 2, permissions: 0o640, group, root });
      for (const path of [fifo(0, 'in'), fifo(1, 'out')]) {
        expect([mode(path), statSync(path).gid]).toEqual(['640', group]);
      }
      expect([mode(root), statSync(join(root, GUEST)).gid]).toEqual(['755', 0]);
    },
  );

  test('leaves a file alone that has the name of a FIFO', async () => {
    mkdirSync(join(root, GUEST));
    writeFileSync(fifo(0, 'out'), 'precious');
    await expect(setUpGuest({ guest: GUEST, cpus: 1, root })).rejects.toThrow(
      /cpu0\.out: this is no FIFO; move it away/,
    );
    expect(readFileSync(fifo(0, 'out'), 'utf8')).toBe('precious');
  });

  describe('with libvirt', () => {
    /** Answers as virsh does, and keeps what it is told. */
    function installVirsh(script: string): string {
      const bin = join(root, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'virsh'), `#!/bin/sh\nlog='${root}/log'\n${script}`);
      chmodSync(join(bin, 'virsh'), 0o755);
      process.env.PATH = `${bin}:${PATH}`;
      return join(root, 'log');
    }

    test('the number of vCPUs is asked for, and each gets a channel', async () => {
      const log = installVirsh(`[ "$1" = vcpucount ] && { echo 2; echo; exit; }
        for last; do :; done
        echo "$1 $2 $3 <$4> $(cat "$last")" >> "$log"`);
      expect((await setUpGuest({ guest: "it's <web>", attach: true, root })).cpus).toBe(2);
      const folder = `${root}/it&apos;s &lt;web>`;
      expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual(
        [0, 1].map(
          (cpu) =>
            `attach-device --config --domain <it's <web>> <channel type='pipe'><source path='${folder}/trace-pipe-cpu${cpu}'/>` +
            `<target type='virtio' name='trace-pipe-cpu${cpu}'/></channel>`,
        ),
      );
    });

    test('what it refuses is said in its words', async () => {
      installVirsh(`printf 'error: failed to get domain\\nerror: Domain not found\\n' >&2; exit 1`);
      await expect(setUpGuest({ guest: GUEST, root })).rejects.toThrow(
        /^guest 'web 1': its number of vCPUs is not known: virsh vcpucount: error: failed to get domain; .*; give it with -c$/,
      );
      await expect(setUpGuest({ guest: GUEST, cpus: 1, attach: true, root })).rejects.toThrow(
        /^virsh attach-device: error: failed to get domain; is the name right/,
      );
    });

    test('where it is not installed, that is said', async () => {
      process.env.PATH = '/nowhere';
      await expect(setUpGuest({ guest: GUEST, root })).rejects.toThrow(
        /libvirt is not installed here; give it with -c$/,
      );
      expect(readdirSync(root)).toEqual([]);
    });
  });
});
