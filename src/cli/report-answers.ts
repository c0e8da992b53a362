import type { ByteWriter } from '../base/byte-writer.ts';
import { stdoutSink } from '../node/stdout.ts';
import {
  badFormats,
  endianAnswer,
  eventsAnswer,
  pageSizeAnswer,
  statisticsAnswer,
  unameAnswer,
  unprintableEvents,
  versionAnswer,
  writeCpus,
  writeFunctions,
  writePrintkFormats,
} from '../text/report/answers.ts';
import { writeFormats } from '../text/report/format-listing.ts';
import { hookLines } from '../text/report/hook-lines.ts';
import { ReportOutput } from '../text/report/output.ts';
import { prefixesOf } from '../text/report/prefixes.ts';
import type { ReportInput, ReportSettings } from '../text/report/settings.ts';
import { FIRST_VERSION_WITH_SECTIONS } from '../trace-file/initial-header.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { EXIT_FORMATS } from './exit-status.ts';
import type { Question, ReportPlan } from './report-plan.ts';

type QuestionForAll = 'cpus' | 'version' | 'uname' | 'stat';
type QuestionForFirst = Exclude<Question, QuestionForAll>;

/** Whether a question is put to every file; others are put to the first one only, as in trace-cmd. */
export const isForAllFiles = (question: Question): question is QuestionForAll =>
  question === 'cpus' || question === 'version' || question === 'uname' || question === 'stat';

/** trace-cmd prints no formats of a version 7 file. */
const printsFormats = ({ header }: TraceFile, { compat }: ReportPlan): boolean =>
  compat === undefined || header.version < FIRST_VERSION_WITH_SECTIONS;

/** Answers a question by the first file. Returns the exit status. */
export async function answerForFirstFile(
  question: QuestionForFirst,
  { file }: ReportInput,
  plan: ReportPlan,
  warn: (text: string) => void,
): Promise<number> {
  const output = new ReportOutput(stdoutSink());
  // trace-cmd answers some questions before it looks at a file's options.
  if (question !== 'page-size' && question !== 'endian') output.writer.bytes(hookLines(file.trace));
  if (question === 'check-events') {
    await output.end();
    const bad = badFormats(file);
    for (const text of [...bad, ...unprintableEvents(file)]) warn(text);
    return bad.length === 0 ? 0 : EXIT_FORMATS;
  }
  const writers: Record<Exclude<QuestionForFirst, 'check-events'>, (out: ByteWriter) => void> = {
    'page-size': (out) => out.text(pageSizeAnswer(file.trace)),
    endian: (out) => out.text(endianAnswer(file.trace)),
    formats: (out) => {
      if (printsFormats(file.trace, plan)) writeFormats(out, file.trace, plan.formats ?? '');
    },
    functions: (out) => writeFunctions(out, file),
    printk: (out) => writePrintkFormats(out, file),
    events: (out) => out.text(eventsAnswer(file)),
  };
  writers[question](output.writer);
  await output.end();
  return 0;
}

/** Answers a question by all files. Returns the exit status. */
export async function answerForAllFiles(
  question: QuestionForAll,
  inputs: readonly ReportInput[],
  settings: ReportSettings,
  { flags }: ReportPlan,
): Promise<number> {
  const output = new ReportOutput(stdoutSink());
  const out = output.writer;
  // Instances are not looked at here, so that their names do not count for the width.
  const { headings } = prefixesOf(inputs.map(({ file }) => ({ label: file.label, trace: { buffers: [] } })));
  if (question !== 'cpus') for (const { file } of inputs) out.bytes(hookLines(file.trace));
  for (const [index, input] of inputs.entries()) {
    const { trace } = input.file;
    if (question === 'cpus') {
      out.bytes(hookLines(trace));
      await writeCpus(out, input, settings, { first: flags.has('first-event'), last: flags.has('last-event') });
      continue;
    }
    out.bytes(headings[index] as Uint8Array);
    out.text(`cpus=${trace.cpuCount}\n`);
    if (question === 'stat') out.text(await statisticsAnswer(trace));
    if (question === 'uname') out.text(unameAnswer(trace));
    if (question !== 'stat') out.text(versionAnswer(trace));
  }
  await output.end();
  return 0;
}
