// Keeps CPUs busy, or nearly idle: `node spin.mjs busy|idle`, until its input ends: with the program that started it, or
// before. Tasks wake up on each CPU all the time. It has to be of its starter's session: between sessions some kernels
// divide CPUs by groups (autogroup), and version 6.18 then lets such a load keep others waiting for seconds.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const WAKES = 'while :; do sleep 0.002; done';
const SPINS = 'while :; do :; done';

const scripts = process.argv[2] === 'busy' ? [WAKES, SPINS] : [WAKES];
const shells = Array.from({ length: availableParallelism() }, (_, cpu) =>
  scripts.map((script) => spawn('taskset', ['-c', String(cpu), 'sh', '-c', script], { stdio: 'ignore' })),
).flat();
process.stdin.resume().on('end', () => {
  for (const shell of shells) shell.kill('SIGKILL');
});
