// Keeps CPUs busy, or nearly idle: `node spin.mjs busy|idle`, until it is killed. Tasks wake up on each CPU all the time.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const WAKES = 'while :; do sleep 0.002; done';
const SPINS = 'while :; do :; done';

for (let cpu = 0; cpu < availableParallelism(); cpu++) {
  const scripts = process.argv[2] === 'busy' ? [WAKES, SPINS] : [WAKES];
  for (const script of scripts) spawn('taskset', ['-c', String(cpu), 'sh', '-c', script], { stdio: 'ignore' });
}
