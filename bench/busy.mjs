// What the benchmark records: threads that wake each other (sched, futex, timers), files walked and read in small
// pieces (syscalls), block I/O (irq). The argument scales it: 1 makes about a million events of
// sched + irq + timer + syscalls.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const scale = Number(process.argv[2] ?? 1);

/** Two threads hand a turn to each other: two futex calls, two wakeups and two switches per round. */
async function pingPong(rounds) {
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const code = `const { turn, me, rounds } = require('node:worker_threads').workerData;
    for (let round = 0; round < rounds; round++) {
      while (Atomics.load(turn, 0) !== me) Atomics.wait(turn, 0, 1 - me, 1000);
      Atomics.store(turn, 0, 1 - me);
      Atomics.notify(turn, 0);
    }`;
  const threads = [0, 1].map((me) => new Worker(code, { eval: true, workerData: { turn, me, rounds } }));
  await Promise.all(threads.map((thread) => new Promise((done) => thread.once('exit', done))));
}

function readSmallPieces(count) {
  spawnSync('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=64', `count=${count}`], { stdio: 'ignore' });
}

function walkFiles() {
  spawnSync('find', ['/usr/lib', '/etc', '/proc/self', '-maxdepth', '3', '-type', 'f', '-newer', '/etc/passwd'], {
    stdio: 'ignore',
  });
}

function writeToDisk(blocks) {
  const path = join(fs.mkdtempSync(join(tmpdir(), 'tandem-busy-')), 'data');
  const file = fs.openSync(path, 'w');
  for (let block = 0; block < blocks; block++) {
    fs.writeSync(file, Buffer.alloc(4096, block));
    if (block % 8 === 0) fs.fsyncSync(file);
  }
  fs.closeSync(file);
  fs.rmSync(join(path, '..'), { recursive: true });
}

for (let part = 0; part < 4; part++) {
  await pingPong(8000 * scale);
  readSmallPieces(15_000 * scale);
  walkFiles();
  writeToDisk(100 * scale);
}
