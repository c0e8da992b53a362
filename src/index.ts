/**
 * Tandem as a library: trace.dat files of hosts and guests, their events on one clock, and their texts. Nothing here
 * needs Node; `tandem/node` adds files, Node's codecs and standard output.
 *
 *     const trace = await openTrace(blobSource('trace.dat', blob), portableCodecs);
 *     const file = await loadReportFile(trace, 'trace.dat', '3.4');
 *     await writeReport([reportInput(file)], reportSettings({ from: '12.5' }), sink);
 */
export type { ByteSink } from './base/byte-sink.ts';
export { type ByteSource, blobSource, memorySource, urlSource } from './base/byte-source.ts';
export { ByteWriter } from './base/byte-writer.ts';
export { type ErrorCode, TandemError } from './base/errors.ts';
export { U64 } from './base/u64.ts';
export { type EventFilter, parseFilter } from './filter/event-filter.ts';
export type { FilePlan, FilterText } from './filter/plan.ts';
export { type FilterRule, RecordFilter } from './filter/record-filter.ts';
export type { PrintEnvironment, TextVersion } from './format/environment.ts';
export { type EventFormat, findField } from './format/event-format.ts';
export { EventTable } from './format/event-table.ts';
export type { Field } from './format/field.ts';
export { type NumberReader, numberReader, type SmallReader, smallReader } from './format/field-reader.ts';
export { compilePrintFormat } from './format/print-fmt/compile.ts';
export type { EventRecord, RecordBytes } from './format/record.ts';
export { CommTable, parseCmdlines } from './names/comms.ts';
export { type PrintkTable, parsePrintkFormats } from './names/printk.ts';
export { type KernelSymbol, parseKallsyms, type SymbolTable } from './names/symbols.ts';
export { proofJson } from './proof/json.ts';
export { type ProofSettings, proveClocks } from './proof/prove.ts';
export { type Mended, type MendSettings, mendClock } from './proof/refine/mend.ts';
export { proofLines } from './proof/text.ts';
export type {
  Causality,
  CertaintyClass,
  CpuFacts,
  GuestProof,
  Rule,
  RuleResult,
  Verdict,
  Violation,
} from './proof/types.ts';
export { type DumpRequest, dumpTrace } from './text/dump/dump.ts';
export { DUMP_PARTS, type DumpPart } from './text/dump/parts.ts';
export type { ReportListener } from './text/report/event-lines.ts';
export type { LostEvents } from './text/report/lost-events.ts';
export { type ReportResult, writeReport } from './text/report/report.ts';
export { loadReportFile, type ReportFile } from './text/report/report-file.ts';
export { type ReportInput, type ReportSettings, reportInput, reportSettings } from './text/report/settings.ts';
export { Correction, type CorrectionMode, type CorrectionRules } from './time/correction.ts';
export type { HostTime, SyncSample, Ticks, TimeShift, TscToNanoseconds } from './time/types.ts';
export { bufferTimes, mergeOrder, type TimeSettings } from './timeline/buffer-times.ts';
export type { TimelineEntry, TimelineInput } from './timeline/lane.ts';
export { type CpuInput, openTimeline } from './timeline/open-timeline.ts';
export { guestFileCandidates, type Pairing, pairFiles } from './timeline/pairing.ts';
export type { TimeRange } from './timeline/raw-range.ts';
export { Timeline } from './timeline/timeline.ts';
export { type Codecs, portableCodecs } from './trace-file/codecs.ts';
export { openCpuStream } from './trace-file/cpu-stream.ts';
export { latencyText } from './trace-file/latency-text.ts';
export { openTrace } from './trace-file/open.ts';
export {
  type CpuStream,
  type CpuStreamOptions,
  STREAM_END,
  STREAM_LOAD,
  STREAM_RECORD,
  type StreamState,
} from './trace-file/stream-types.ts';
export type { CpuData, GuestInfo, InitialHeader, Section, TraceBuffer, TraceFile } from './trace-file/types.ts';
export { explain, type Moment } from './tracks/explain.ts';
export { type LaneSource, layoutOf, type TrackPlan, type TrackSettings } from './tracks/layout.ts';
export { stolenIntervals } from './tracks/stolen.ts';
export { stolenTimes } from './tracks/stolen-times.ts';
export { guestStories } from './tracks/stories.ts';
export { taskStates } from './tracks/task-states.ts';
export { TrackBuilder } from './tracks/track-builder.ts';
export * from './tracks/types.ts';
export type { GuestWork } from './tracks/work.ts';
