import type { ByteSink } from '../base/byte-sink.ts';
import { writeReport } from '../text/report/report.ts';
import { loadReportFile } from '../text/report/report-file.ts';
import { type ReportSettings, reportInput, reportSettings } from '../text/report/settings.ts';
import type { TraceFile } from '../trace-file/types.ts';

/** Some lines of the report of files, without its headings; of events that pass the filter, if there is one. */
export async function excerpt(
  files: readonly TraceFile[],
  lines: number,
  settings: Partial<ReportSettings>,
  filter?: string,
): Promise<string> {
  const filters = { filters: filter === undefined ? [] : [{ text: filter, excludes: false }], repeated: [] };
  const inputs = [];
  for (const file of files) {
    const name = file.source.name.replace(/.*\//, '');
    inputs.push(reportInput(await loadReportFile(file, name, '3.4'), { filters }));
  }
  const sink = new FirstLines(files.length, lines);
  await writeReport(inputs, reportSettings(settings), sink);
  return sink.text;
}

/** Keeps some lines, and wants no more then. */
class FirstLines implements ByteSink {
  readonly #skipped: number;
  readonly #wanted: number;
  #lines: string[] = [''];

  constructor(skipped: number, wanted: number) {
    this.#skipped = skipped;
    this.#wanted = wanted;
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    const [first = '', ...others] = Buffer.from(bytes).toString('utf8').split('\n');
    this.#lines[this.#lines.length - 1] += first;
    this.#lines.push(...others);
    return this.#lines.length <= this.#skipped + this.#wanted;
  }

  get text(): string {
    return this.#lines
      .slice(this.#skipped, this.#skipped + this.#wanted)
      .join('\n')
      .trimEnd();
  }
}
