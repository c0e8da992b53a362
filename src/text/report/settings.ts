import type { FilePlan } from '../../filter/plan.ts';
import type { TextVersion } from '../../format/environment.ts';
import type { ReportFile } from './report-file.ts';

/** One file of a report, and what is asked of it alone. */
export interface ReportInput {
  readonly file: ReportFile;
  readonly filters: FilePlan;
  /** `--ts-offset`, ns. */
  readonly tsOffset: bigint;
  /** `--ts2secs` */
  readonly ticksPerSecond: number | undefined;
}

/** What is asked of a report, for all its files. */
export interface ReportSettings {
  readonly version: TextVersion;
  /**
   * `--compat`: as trace-cmd does it, where else a report does better: arithmetic of clocks, `--cpu` by the place of
   * a CPU among all, the first file as the host, lost events only where trace-cmd shows them.
   */
  readonly compat: boolean;
  readonly json: boolean;

  /** `-l` */
  readonly latency: boolean;
  /** `-R`: fields instead of texts; `-r`: of these events. */
  readonly raw: boolean;
  readonly rawEvents: readonly string[];
  /** `-n`: print formats for these events; `-N`: for all. */
  readonly plainEvents: readonly string[];
  readonly printFormats: boolean;
  /** `-O` */
  readonly pluginOptions: readonly string[];
  /** `-w` */
  readonly wakeup: boolean;
  /** `--boundary`, `--debug` */
  readonly boundary: boolean;
  readonly debug: boolean;

  /** `-t` */
  readonly nanoseconds: boolean;
  readonly tsDiff: boolean;
  /** `--bounds`: how far the times of guests can be from the truth. */
  readonly bounds: boolean;
  readonly tsCheck: boolean;
  readonly rawTimes: boolean;
  readonly alignTimes: boolean;
  readonly ignoreDate: boolean;
  /** As the user wrote them. */
  readonly from: string | undefined;
  readonly to: string | undefined;

  /** `-T` */
  readonly showFilters: boolean;
  /** `--cpu` lists; none for all CPUs. */
  readonly cpus: readonly string[];
  /** `-I`, `-S` */
  readonly hideHardInterrupts: boolean;
  readonly hideSoftInterrupts: boolean;
}

const NO_FILTERS: FilePlan = { filters: [], repeated: [] };

const DEFAULTS: ReportSettings = {
  version: '3.4',
  compat: false,
  json: false,
  latency: false,
  raw: false,
  rawEvents: [],
  plainEvents: [],
  printFormats: false,
  pluginOptions: [],
  wakeup: false,
  boundary: false,
  debug: false,
  nanoseconds: false,
  tsDiff: false,
  bounds: false,
  tsCheck: false,
  rawTimes: false,
  alignTimes: false,
  ignoreDate: false,
  from: undefined,
  to: undefined,
  showFilters: false,
  cpus: [],
  hideHardInterrupts: false,
  hideSoftInterrupts: false,
};

/** Settings of a report: those that are named, and for the rest what `tandem report` does without options. */
export const reportSettings = (settings: Partial<ReportSettings> = {}): ReportSettings => ({
  ...DEFAULTS,
  ...settings,
});

/** A file as an input of a report, with nothing special asked of it but what is named. */
export const reportInput = (file: ReportFile, asked: Partial<Omit<ReportInput, 'file'>> = {}): ReportInput => ({
  file,
  filters: NO_FILTERS,
  tsOffset: 0n,
  ticksPerSecond: undefined,
  ...asked,
});
