import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, TimeoutError } from './errors.ts';
import { ARTEFACTS } from './folders.ts';
import { startGuard } from './machine/guard.ts';
import { down, Lab } from './machine/lab.ts';
import { keepLogs } from './machine/logs.ts';
import { asText, Context, type Pair, pairName, type Scenario } from './scenario.ts';

const MOST_RUNS = 3;

interface Outcome {
  readonly scenario: string;
  readonly pair: string;
  readonly seconds: number;
  readonly failures: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  /** The only pair; all, if left out. */
  readonly pair?: string | undefined;
  /** Whether what failed is run once more, and counts as it ends then. */
  readonly again?: boolean | undefined;
}

/**
 * Runs scenarios with all their pairs; gives how many failed. Nothing is up afterwards, however this process ends. The
 * last line that is printed is like the one of the tests.
 */
export async function runScenarios(scenarios: readonly Scenario[], options: RunOptions = {}): Promise<number> {
  const outcomes: Outcome[] = [];
  const dismissGuard = await startGuard();
  try {
    for (const scenario of scenarios) {
      for (const pair of scenario.pairs) {
        const isWanted = options.pair === undefined || pairName(pair) === options.pair;
        if (isWanted) outcomes.push(await runWell(scenario, pair, options.again === true));
      }
    }
  } finally {
    await down();
    dismissGuard();
  }
  if (outcomes.length === 0) throw new LabError('no scenario is like that');
  mkdirSync(ARTEFACTS, { recursive: true });
  writeFileSync(join(ARTEFACTS, 'outcomes.json'), JSON.stringify(outcomes, asText, 2));
  const failed = outcomes.filter(({ failures }) => failures.length > 0);
  for (const { scenario, pair, failures } of failed) console.log(`${scenario} ${pair}: ${failures.join('\n  ')}`);
  console.log(`recordings, logs and figures: ${ARTEFACTS}`);
  console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed, 0 skipped`);
  return failed.length;
}

const folderOf = (scenario: Scenario, pair: Pair): string => join(ARTEFACTS, scenario.name, pairName(pair));

/**
 * Now and then a CPU that QEMU emulates gets no interrupts any more, and its kernel says so, or comes back from a guest
 * with a wrong GS base, so that a vCPU's thread faults without end, or a guest of the emulated KVM ends without a word.
 * Then nothing was proved or disproved: such a run is kept as FOLDER.before, and there is one more, twice at the most.
 */
async function runWell(scenario: Scenario, pair: Pair, again: boolean): Promise<Outcome> {
  const folder = folderOf(scenario, pair);
  for (let run = 1; ; run++) {
    const { vanished, ...outcome } = await runOne(scenario, pair);
    if (outcome.failures.length === 0 || run === MOST_RUNS) return outcome;
    const hung = isHung(join(folder, 'logs/host/console.log')) ? 'the emulated host hung' : '';
    const problem = vanished || hung || (again && run === 1 ? 'it failed' : '');
    if (problem === '') return outcome;
    console.log(`  ${problem}: once more`);
    rmSync(`${folder}.before`, { recursive: true, force: true });
    renameSync(folder, `${folder}.before`);
  }
}

const HUNG = /soft lockup|stack guard page was hit[\s\S]{0,400}? Comm: CPU \d+\/KVM/;
const isHung = (log: string): boolean => existsSync(log) && HUNG.test(readFileSync(log, 'utf8'));

/** `vanished` names guests that nobody ended, and that are gone. */
async function runOne(scenario: Scenario, pair: Pair): Promise<Outcome & { readonly vanished: string }> {
  const folder = folderOf(scenario, pair);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`${scenario.name} ${pairName(pair)}: ${scenario.about}`);
  const start = performance.now();
  let context: Context | undefined;
  const failures: string[] = [];
  try {
    if (Lab.running()?.shape !== scenario.shape) await down();
    context = new Context(await Lab.up(scenario.shape), pair, folder);
    await withDeadline(scenario.run(context), scenario.seconds, scenario.name);
  } catch (error) {
    failures.push(error instanceof LabError ? error.message : String((error as Error).stack));
    console.log(`  FAILED: ${failures}`);
  }
  await context?.lab.fetchAgentLogs();
  keepLogs(join(folder, 'logs'));
  const vanished = (await context?.lab.vanished()) ?? '';
  failures.push(...(context?.failures ?? []));
  // What failed may have left machines in any state.
  if (failures.length > 0) await down();
  const seconds = (performance.now() - start) / 1000;
  console.log(`  ${seconds.toFixed(0)} s`);
  const outcome = { scenario: scenario.name, pair: pairName(pair), seconds, failures, figures: context?.figures ?? {} };
  writeFileSync(join(folder, 'outcome.json'), JSON.stringify(outcome, asText, 2));
  return { ...outcome, vanished };
}

async function withDeadline(work: Promise<void>, seconds: number, name: string): Promise<void> {
  const over = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: over.signal }).then(() => {
    throw new TimeoutError(`${name}: not done after ${seconds} s`);
  });
  late.catch(() => {});
  await Promise.race([work, late]).finally(() => over.abort());
}
