import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, TimeoutError } from './errors.ts';
import { ARTEFACTS } from './folders.ts';
import { down, Lab } from './machine/lab.ts';
import { keepLogs } from './machine/logs.ts';
import { asText, Context, type Pair, pairName, type Scenario } from './scenario.ts';

interface Outcome {
  readonly scenario: string;
  readonly pair: string;
  readonly seconds: number;
  readonly failures: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Runs scenarios with all their pairs, or those that `only` names; gives how many failed. Nothing is up afterwards. */
export async function runScenarios(scenarios: readonly Scenario[], only: string | undefined): Promise<number> {
  const outcomes: Outcome[] = [];
  try {
    for (const scenario of scenarios) {
      for (const pair of scenario.pairs) {
        if (only === undefined || pairName(pair) === only) outcomes.push(await runOne(scenario, pair));
      }
    }
  } finally {
    await down();
  }
  mkdirSync(ARTEFACTS, { recursive: true });
  writeFileSync(join(ARTEFACTS, 'outcomes.json'), JSON.stringify(outcomes, asText, 2));
  const failed = outcomes.filter(({ failures }) => failures.length > 0);
  console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed; all is kept in ${ARTEFACTS}`);
  if (outcomes.length === 0) throw new LabError('no scenario is like that');
  return failed.length;
}

async function runOne(scenario: Scenario, pair: Pair): Promise<Outcome> {
  const folder = join(ARTEFACTS, scenario.name, pairName(pair));
  rmSync(folder, { recursive: true, force: true });
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
  // What failed may have left machines in any state.
  if (failures.length > 0) await down();
  const seconds = (performance.now() - start) / 1000;
  console.log(`  ${seconds.toFixed(0)} s`);
  failures.push(...(context?.failures ?? []));
  const outcome = { scenario: scenario.name, pair: pairName(pair), seconds, failures, figures: context?.figures ?? {} };
  writeFileSync(join(folder, 'outcome.json'), JSON.stringify(outcome, asText, 2));
  return outcome;
}

async function withDeadline(work: Promise<void>, seconds: number, name: string): Promise<void> {
  const over = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: over.signal }).then(() => {
    throw new TimeoutError(`${name}: not done after ${seconds} s`);
  });
  late.catch(() => {});
  await Promise.race([work, late]).finally(() => over.abort());
}
