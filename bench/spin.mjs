// Keeps CPUs busy, or nearly idle: `node spin.mjs busy|idle`, as the leader of a group of processes, until that is killed
// or its input ends: with the program that started it. Tasks wake up on each CPU all the time.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const WAKES = 'while :; do sleep 0.002; done';
const SPINS = 'while :; do :; done';

for (let cpu = 0; cpu < availableParallelism(); cpu++) {
  const scripts = process.argv[2] === 'busy' ? [WAKES, SPINS] : [WAKES];
  for (const script of scripts) spawn('taskset', ['-c', String(cpu), 'sh', '-c', script], { stdio: 'ignore' });
}
process.stdin.resume().on('end', () => process.kill(-process.pid, 'SIGTERM'));
