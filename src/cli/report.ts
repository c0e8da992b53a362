import type { Command } from 'commander';
import { EXIT_HELP } from './exit-status.ts';
import { GetoptCommand } from './getopt-command.ts';
import { declareReportOptions } from './report-options.ts';
import { ReportPlan } from './report-plan.ts';
import { runReport } from './report-run.ts';

const NOTES = `
Options count from left to right: -F, --ts-offset and --ts2secs are for the file named before them; -F and --ts2secs
before the first file are for all files. Times of --from and --to are written as the time column shows them.`;

/** `tandem report`, ready to be added to the program. */
export function reportCommand(): Command {
  const plan = new ReportPlan();
  const command = new GetoptCommand('report')
    .description('Print the events of trace.dat files, merged by time, as trace-cmd report does.')
    .argument('[files...]', 'files to read, as with -i');
  declareReportOptions(command, plan);
  return command.addHelpText('after', NOTES + EXIT_HELP).action(async (files: string[]) => {
    plan.finish(files);
    process.exitCode = await runReport(plan);
  });
}
