/*
 * npm run lab -- setup | up | exec | record | down | test | soak: virtual machines to record in. See README.md.
 */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { LabError } from './errors.ts';
import { CACHE } from './folders.ts';
import { down, Lab } from './machine/lab.ts';
import type { Shape } from './machine/state.ts';
import { recordBy } from './record.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { soak } from './scenarios/soak.ts';
import { unpackEmulator } from './setup/emulator.ts';
import { installPackages, missingPackages, unpackKernel } from './setup/packages.ts';
import { prepared } from './setup/prepared.ts';
import { type RunOptions, runScenarios } from './test-run.ts';

const SHAPES: readonly Shape[] = ['flat', 'nested'];

function theLab(): Lab {
  const lab = Lab.running();
  if (lab === undefined) throw new LabError('the lab is not up', 'run `npm run lab -- up`');
  return lab;
}

async function setup(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length > 0) {
    console.log(`installing ${missing.join(' ')}`);
    await installPackages(missing);
  }
  const { version } = await unpackKernel();
  await unpackEmulator();
  await prepared();
  console.log(`ready: kernel ${version} in ${CACHE}`);
}

async function up(shape: string, options: { guests: string; vcpus: string }): Promise<void> {
  if (!SHAPES.includes(shape as Shape)) throw new LabError(`there is no lab "${shape}"`, `say ${SHAPES.join(' or ')}`);
  endOnSignals();
  const start = performance.now();
  const seconds = (): string => ((performance.now() - start) / 1000).toFixed(1);
  const lab = await Lab.up(shape as Shape);
  console.log(`host: after ${seconds()} s`);
  for (let number = 1; number <= Number(options.guests); number++) {
    const guest = await lab.guest(number, { vcpus: Number(options.vcpus) });
    console.log(`${guest.name}: after ${seconds()} s`);
  }
}

async function exec(name: string, words: string[], options: { timeout: string }): Promise<void> {
  const result = await theLab()
    .machine(name)
    .exec(words.join(' '), { seconds: Number(options.timeout) });
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  process.exitCode = result.status;
}

async function recordOnHost(
  words: string[],
  options: { with: string; output: string; timeout: string },
): Promise<void> {
  const command = `${options.with} record -o trace.dat ${words.join(' ')}`;
  const { status, output, files } = await recordBy(theLab(), command, resolve(options.output), Number(options.timeout));
  process.stdout.write(output);
  console.log(files.join('\n'));
  process.exitCode = status;
}

async function test(names: string[], options: RunOptions): Promise<void> {
  const unknown = names.filter((name) => !SCENARIOS.some((one) => one.name === name));
  if (unknown.length > 0)
    throw new LabError(`there is no scenario ${unknown.join(' ')}`, `there are: ${NAMES.join(' ')}`);
  endOnSignals();
  const wanted = SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name));
  process.exitCode = (await runScenarios(wanted, options)) > 0 ? 1 : 0;
}

const INTERRUPTED = 130;
const NAMES = SCENARIOS.map(({ name }) => name);
const program = new Command('lab').description('Virtual machines to record in.').enablePositionalOptions();
program.command('setup').description('install packages, get a kernel, build what guests start from').action(setup);
program
  .command('up')
  .description('start the host and its guests')
  .argument('[shape]', 'flat: guests of this machine; nested: a host with a KVM of its own', 'nested')
  .option('--guests <count>', 'how many', '1')
  .option('--vcpus <count>', 'of each guest', '2')
  .action(up);
program
  .command('exec')
  .description('run shell commands in a machine: host, guest1, guest2')
  .argument('<machine>')
  .argument('<command...>')
  .option('--timeout <seconds>', 'kill it after that', '60')
  .passThroughOptions()
  .action(exec);
program
  .command('record')
  .description('record on the host; everything after -- goes to the recorder')
  .argument('<words...>')
  .option('--with <program>', 'tandem or trace-cmd', 'tandem')
  .option('--output <folder>', 'for the files', '.')
  .option('--timeout <seconds>', 'kill it after that', '180')
  .passThroughOptions()
  .action(recordOnHost);
program
  .command('test')
  .description(`run scenarios, start and end what they need: ${NAMES.join(', ')}`)
  .argument('[scenarios...]', 'all, if none is named')
  .option('--pair <recorder+agent>', 'only that one, like trace-cmd+trace-cmd')
  .option('--again', 'what failed runs once more, and counts as it ends then')
  .action(test);
program
  .command('soak')
  .description('synchronise without an end, and look at errors and memory')
  .option('--minutes <count>', 'for how long', '60')
  .action(async ({ minutes }: { minutes: string }) => {
    endOnSignals();
    process.exitCode = (await runScenarios([soak(Number(minutes))])) > 0 ? 1 : 0;
  });
program.command('down').description('end all machines, remove all traces of them').action(down);

/** Interrupted in starting or testing, the lab goes down. */
function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void down().finally(() => process.exit(INTERRUPTED)));
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(`lab: ${error.message}`);
  process.exitCode = 1;
}
