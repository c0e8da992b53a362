// Keeps a kernel busy in many ways for a second or two, so that many kinds of events fire: what a recording of
// "all events" is taken of. Plain JavaScript: the recorder starts it as a program of its own.
// Whatever is not possible on this machine is left out silently; nothing outlives it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const folder = fs.mkdtempSync(join(tmpdir(), 'tandem-workload-'));
const scale = Number(process.argv[2] ?? 1);

/** Runs a shell command; what it prints and whether it fails does not matter. */
const shell = (command, env = {}) =>
  spawnSync('sh', ['-c', command], { cwd: folder, stdio: 'ignore', timeout: 5000, env: { ...process.env, ...env } });

const attempt = async (work) => {
  try {
    await work();
  } catch {
    // Not possible here.
  }
};

async function files() {
  const path = join(folder, 'data');
  const handle = fs.openSync(path, 'w+');
  for (let block = 0; block < 64 * scale; block++) fs.writeSync(handle, Buffer.alloc(8192, block));
  fs.fsyncSync(handle);
  fs.fdatasyncSync(handle);
  fs.ftruncateSync(handle, 10_000);
  for (let at = 0; at < 10_000; at += 1000) fs.readSync(handle, Buffer.alloc(500), 0, 500, at);
  fs.closeSync(handle);
  fs.linkSync(path, join(folder, 'hard'));
  fs.symlinkSync(path, join(folder, 'soft'));
  fs.copyFileSync(path, join(folder, 'copy'));
  fs.renameSync(join(folder, 'copy'), join(folder, 'moved'));
  fs.chmodSync(path, 0o600);
  fs.utimesSync(path, 1, 2);
  fs.readdirSync('/proc/self', { recursive: false });
  const watcher = fs.watch(folder);
  fs.unlinkSync(join(folder, 'moved'));
  watcher.close();
  shell('dd if=data of=direct bs=4096 count=2 oflag=direct; dd if=direct of=/dev/null iflag=direct; sync -f data');
  shell('flock data true; mkfifo fifo; (echo x > fifo & cat fifo); setfattr -n user.t -v 1 data; getfattr -d data');
  shell('fallocate -l 1M hole; fallocate -p -o 4096 -l 4096 hole; rm hole; ls -lR /etc/apt /dev > list; wc list');
}

async function sockets() {
  for (const host of ['127.0.0.1', '::1']) {
    await attempt(async () => {
      const server = net.createServer((peer) => peer.pipe(peer)).listen(0, host);
      await once(server, 'listening');
      const client = net.connect(server.address().port, host);
      for (let round = 0; round < 20 * scale; round++) {
        client.write(Buffer.alloc(3000));
        await once(client, 'data');
      }
      client.destroy();
      server.close();
    });
  }
  await attempt(async () => {
    const server = net.createServer((peer) => peer.end('x')).listen(join(folder, 'unix'));
    await once(server, 'listening');
    await once(net.connect(join(folder, 'unix')), 'data');
    server.close();
  });
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  udp.send('x', udp.address().port, '127.0.0.1');
  udp.send('nobody listens', 9, '127.0.0.1');
  await once(udp, 'message');
  udp.close();
  // A network of its own: interfaces, a bridge, routes and neighbours without touching the machine's.
  shell(`unshare -n sh -c '
    ip link set lo up; ip link add a type veth peer name b; ip link add br type bridge; ip link set b master br
    ip addr add 10.1.0.1/24 dev a; ip link set a up; ip link set b up; ip link set br up
    ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev a; ip route add 10.2.0.0/16 via 10.1.0.9
    echo x > /dev/udp/10.2.0.1/9; ping -c 1 -W 1 127.0.0.1; ip -6 route'`);
}

async function processes() {
  for (let round = 0; round < 5 * scale; round++) execFileSync('true');
  shell('for i in 1 2 3; do sleep 0.01 & done; wait; nice -n 5 true; taskset -c 0 true; chrt -f 1 true; (exit 3)');
  shell('sh -c "kill -9 \\$\\$"; timeout 0.05 sleep 1; trap "" USR1; kill -USR1 $$; cat /etc/passwd | sort | tail -1');
  const child = spawn('sleep', ['5']);
  process.on('SIGUSR2', () => {});
  for (const signal of ['SIGSTOP', 'SIGCONT', 'SIGTERM']) child.kill(signal);
  process.kill(process.pid, 'SIGUSR2');
  const threads = [1, 2, 3].map(() => new Worker('let n = 0; while (n < 2e7) n++;', { eval: true }));
  await Promise.all(threads.map((thread) => once(thread, 'exit')));
}

async function memory() {
  const blocks = [];
  for (let block = 0; block < 8; block++) blocks.push(Buffer.alloc(4 << 20, block));
  fs.writeFileSync('/proc/self/oom_score_adj', '10');
  shell('cat /proc/self/maps /proc/meminfo /proc/vmstat');
  return blocks.length;
}

async function timers() {
  await Promise.all(Array.from({ length: 50 }, (_, index) => sleep(index)));
  shell('sleep 0.02; timeout -s ALRM 0.02 sleep 1');
}

async function kernel() {
  const tracing = '/sys/kernel/tracing';
  await attempt(() => {
    for (let round = 0; round < 10; round++) fs.writeFileSync(join(tracing, 'trace_marker'), `marker ${round}\n`);
    fs.writeFileSync(join(tracing, 'trace_marker'), 'without a newline');
    const raw = fs.openSync(join(tracing, 'trace_marker_raw'), 'w');
    for (let size = 4; size < 40; size++) {
      const note = Buffer.alloc(size, size);
      note.writeUInt32LE(0xbeef);
      fs.writeSync(raw, note);
    }
    fs.closeSync(raw);
  });
  await attempt(() => fs.writeFileSync('/dev/kmsg', 'tandem: a line for the log\n'));
  await attempt(() => {
    const group = `/sys/fs/cgroup/tandem-workload-${process.pid}`;
    fs.mkdirSync(group);
    fs.rmdirSync(group);
  });
  const code = `const fs = require('fs/promises'); fs.writeFile('ring', 'x'.repeat(1e5)).then(() => fs.readFile('ring'))`;
  shell(`"${process.execPath}" -e "${code}"`, { UV_USE_IO_URING: '1' });
}

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

try {
  for (const work of [files, sockets, processes, memory, timers, kernel]) await attempt(work);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
