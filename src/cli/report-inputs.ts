import { basename } from 'node:path';
import { type FilePlan, planFilters } from '../filter/plan.ts';
import { pidFilterText, pidsOfComms, splitList } from '../filter/task-filter.ts';
import { openFile } from '../node/file-source.ts';
import { loadReportFile, type ReportFile } from '../text/report/report-file.ts';
import type { ReportInput } from '../text/report/settings.ts';
import type { TraceFile } from '../trace-file/types.ts';
import type { ReportPlan } from './report-plan.ts';

/** An event's type has 16 bits. */
const NOTHING = { text: '.*: common_type == 0x10000', excludes: false };

/** Makes files ready: their names and formats, and what the command line says of each. */
export async function loadInputs(
  plan: ReportPlan,
  traces: readonly TraceFile[],
  warn: (text: string) => void,
): Promise<ReportInput[]> {
  const moreSymbols = plan.kallsyms === undefined ? undefined : await readWhole(plan.kallsyms);
  const files: ReportFile[] = [];
  for (const trace of traces)
    files.push(await loadReportFile(trace, basename(trace.source.name), plan.version, moreSymbols));
  const filters = filterPlans(plan, files, warn);
  return files.map((file, index) => ({
    file,
    filters: filters[index] as FilePlan,
    tsOffset: plan.inputs[index]?.tsOffset ?? 0n,
    ticksPerSecond: plan.inputs[index]?.ticksPerSecond,
  }));
}

async function readWhole(path: string): Promise<Uint8Array> {
  const source = await openFile(path);
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/**
 * The filters of each file. `--pid` and `--comm` hold for every file; with `--compat` for the first one only, as in
 * trace-cmd.
 */
function filterPlans(plan: ReportPlan, files: readonly ReportFile[], warn: (text: string) => void): FilePlan[] {
  const { compat, filters, version } = plan;
  const names = splitList(plan.comms);
  const found = files.map(({ env }) => pidsOfComms(names, env.comms));
  const inquired = compat === undefined ? found : found.slice(0, 1);
  for (const name of names) {
    if (inquired.every(({ unknown }) => unknown.includes(name))) warn(`--comm ${name}: no task had that name`);
  }
  const numbers = splitList(plan.pids);
  const tasks = found.map(({ pids }) => pidFilterText([...pids, ...numbers]));
  if (compat !== undefined) return planFilters(filters, files.length, tasks[0], version);
  const plans = planFilters(filters, files.length, undefined, version);
  if (names.length === 0 && numbers.length === 0) return plans;
  return plans.map((one, index) => {
    const text = tasks[index];
    const task = text === undefined ? NOTHING : { text, excludes: false };
    return { filters: [...one.filters, task], repeated: one.repeated };
  });
}
