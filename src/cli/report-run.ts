import { stdoutSink } from '../node/stdout.ts';
import type { ReportListener } from '../text/report/event-lines.ts';
import { writeReport } from '../text/report/report.ts';
import type { ReportInput, ReportSettings } from '../text/report/settings.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { openGuests, openPath } from './open-files.ts';
import { ProgressLine } from './progress-line.ts';
import { answerForAllFiles, answerForFirstFile, isForAllFiles } from './report-answers.ts';
import { loadInputs } from './report-inputs.ts';
import type { ReportPlan } from './report-plan.ts';

/** Does what a command line of `report` asks for. Returns the exit status. */
export async function runReport(plan: ReportPlan): Promise<number> {
  const { question } = plan;
  const warn = (text: string) => {
    if (!plan.flags.has('quiet')) console.error(`tandem: ${text}`);
  };
  const traces: TraceFile[] = [];
  try {
    const wanted = question === undefined || isForAllFiles(question) ? plan.inputs : plan.inputs.slice(0, 1);
    for (const { path } of wanted) traces.push(await openPath(path));
    const alone = plan.compat !== undefined || plan.flags.has('alone') || question !== undefined;
    if (!alone) traces.push(...(await openGuests(traces)));
    for (const { source, warnings } of traces) for (const text of warnings) warn(`${source.name}: ${text}`);
    const inputs = await loadInputs(plan, traces, warn);
    const settings = settingsOf(plan);
    if (question === undefined) return await writeEvents(inputs, settings, warn);
    if (isForAllFiles(question)) return await answerForAllFiles(question, inputs, settings, plan);
    return await answerForFirstFile(question, inputs[0] as ReportInput, plan, warn);
  } finally {
    for (const { source } of traces) await source.close();
  }
}

async function writeEvents(
  inputs: readonly ReportInput[],
  settings: ReportSettings,
  warn: (text: string) => void,
): Promise<number> {
  const line = new ProgressLine(process.stderr);
  const listener: ReportListener = {
    progress: process.stderr.isTTY ? (done) => line.show(done) : undefined,
    wentBack: (cpu, before, now) => warn(`CPU ${cpu}: time goes back from ${before} to ${now} (by ${before - now})`),
  };
  const { lost, warnings, closed } = await writeReport(inputs, settings, stdoutSink(), listener).finally(() =>
    line.end(),
  );
  for (const text of warnings) warn(text);
  const summary = lost.summary();
  if (summary !== undefined && !closed && !settings.compat) warn(summary);
  return 0;
}

function settingsOf(plan: ReportPlan): ReportSettings {
  const { version, compat, flags } = plan;
  return {
    version,
    compat: compat !== undefined,
    json: flags.has('json'),
    latency: flags.has('latency'),
    raw: flags.has('raw'),
    rawEvents: plan.rawEvents,
    plainEvents: plan.plainEvents,
    printFormats: flags.has('print-formats'),
    pluginOptions: plan.pluginOptions,
    wakeup: flags.has('wakeup'),
    boundary: flags.has('boundary'),
    debug: flags.has('debug'),
    nanoseconds: flags.has('nanoseconds'),
    tsDiff: flags.has('ts-diff'),
    bounds: flags.has('bounds'),
    tsCheck: flags.has('ts-check'),
    rawTimes: flags.has('raw-ts'),
    alignTimes: flags.has('align-ts'),
    ignoreDate: flags.has('nodate'),
    from: plan.from,
    to: plan.to,
    showFilters: flags.has('filter-test'),
    cpus: plan.cpus,
    hideHardInterrupts: flags.has('no-hardirq'),
    hideSoftInterrupts: flags.has('no-softirq'),
  };
}
