// Makes system calls: `node record-load.mjs SECONDS CALLS_PER_MS`, 0 for as many as possible.
import { openSync, writeSync } from 'node:fs';

const [seconds, perMillisecond] = process.argv.slice(2).map(Number);
const nowhere = openSync('/dev/null', 'w');
const byte = Buffer.alloc(1);
const pause = new Int32Array(new SharedArrayBuffer(4));
const start = performance.now();
let made = 0;
for (let now = start; now - start < seconds * 1000; now = performance.now()) {
  const due = perMillisecond === 0 ? made + 1000 : Math.floor((now - start) * perMillisecond);
  for (; made < due; made++) writeSync(nowhere, byte);
  if (perMillisecond > 0) Atomics.wait(pause, 0, 0, 1);
}
