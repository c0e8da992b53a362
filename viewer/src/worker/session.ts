import { TandemError } from '../../../src/base/errors.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { type PairingProblem, pairFiles } from '../../../src/timeline/pairing.ts';
import { layoutOf, type TrackPlan } from '../../../src/tracks/layout.ts';
import { StolenSoFar, stolenTimes } from '../../../src/tracks/stolen-times.ts';
import { guestStories } from '../../../src/tracks/stories.ts';
import { TrackBuilder } from '../../../src/tracks/track-builder.ts';
import type { StolenTimes, TrackChunk } from '../../../src/tracks/types.ts';
import type { FromWorker, OpenSettings, Question, ToWorker, TraceInput } from '../protocol.ts';
import { breath } from './breath.ts';
import { clockBounds } from './clocks.ts';
import { logsOf, type OpenInput, openInput } from './inputs.ts';
import { estimatedEvents, MOST_EVENTS } from './means.ts';
import { OpenTraces } from './open-traces.ts';
import { ReadBytes } from './read-bytes.ts';

/** Where messages go; `transfer` is given away. */
export type Post = (message: FromWorker, transfer: Transferable[]) => void;

/** Some milliseconds of work: then what comes in is heard, be it questions or bytes of the file. */
const SLICE_EVENTS = 8_000;
/** Between two messages of what is new, each of which is drawn: the first comes soon. */
const FIRST_POST_MS = 30;
const POST_MS = 250;
const SECOND = 1e9;

/** Something newer was asked for: what was being done is of no use any more. */
class Overtaken extends Error {}

/** The worker's side of the protocol: holds the files, reads them, answers. */
export class Session {
  readonly #post: Post;
  readonly #mostEvents: number;
  /** By name, in the order in which they were opened. */
  readonly #inputs = new Map<string, OpenInput>();
  #settings: OpenSettings = { clock: 'corrected' };
  #opened: OpenTraces | undefined;
  /** Of what is being read: settled when all is, or when it was overtaken. */
  #loading: Promise<void> = Promise.resolve();
  #generation = 0;

  constructor(post: Post, mostEvents = MOST_EVENTS) {
    this.#post = post;
    this.#mostEvents = mostEvents;
  }

  /** Resolves when what the message asks for is done. */
  take(message: ToWorker): Promise<void> {
    if (message.type === 'ask') return this.#answer(message.id, message.question);
    const generation = ++this.#generation;
    const before = this.#loading;
    this.#loading = before.then(() => this.#change(message, generation));
    return this.#loading;
  }

  async #change(message: Exclude<ToWorker, { type: 'ask' }>, generation: number): Promise<void> {
    if (message.type === 'close') this.#inputs.delete(message.name);
    else {
      this.#settings = message.settings;
      for (const input of message.inputs) await this.#open(input);
    }
    try {
      while (!(await this.#read(generation)));
    } catch (error) {
      if (!(error instanceof Overtaken)) this.#fail(undefined, error);
    }
  }

  async #open(input: TraceInput): Promise<void> {
    try {
      this.#inputs.set(input.name, await openInput(input));
    } catch (error) {
      this.#inputs.delete(input.name);
      this.#fail(input.name, error);
    }
  }

  /** Reads all that is open. False where a file could not be read, and is not among them any more. */
  async #read(generation: number): Promise<boolean> {
    const files = [...this.#inputs.values()].flatMap((input) => (input.kind === 'trace' ? [input.file] : []));
    try {
      await this.#load(files, generation);
      return true;
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      const culprit = files.find(({ label }) => error.subject.startsWith(label));
      if (culprit === undefined) throw error;
      this.#inputs.delete(culprit.label);
      this.#fail(culprit.label, error);
      return false;
    }
  }

  async #load(files: readonly ReportFile[], generation: number): Promise<void> {
    const { clock, range } = this.#settings;
    const parts = range && { from: range.from * SECOND, to: range.to * SECOND };
    const plan = await layoutOf(files, { clock, range: parts });
    this.#check(generation);
    if (!(await this.#fits(files, plan))) return;
    const bytes = new ReadBytes(files, plan);
    const opened = new OpenTraces(files, plan, logsOf(this.#inputs.values()));
    const builder = new TrackBuilder(bytes.files, plan, (...stream) => opened.noting(...stream));
    this.#opened = opened;
    const warnings = [...files.flatMap(fileWarnings), ...pairingWarnings(files), ...plan.warnings];
    const bounds = clockBounds(files, plan.layout);
    this.#post({ type: 'opened', layout: plan.layout, bounds, warnings, settings: this.#settings }, []);
    await this.#build(builder, opened, bytes, generation);
    const stolen = stolenTimes(builder);
    this.#post(
      { type: 'loaded', stories: guestStories(builder), stolen, warnings: [...warnings, ...builder.warnings] },
      stolen.flatMap(buffersIn),
    );
  }

  /** Whether a tab can hold the events; says so where it can't. */
  async #fits(files: readonly ReportFile[], { layout, settings }: TrackPlan): Promise<boolean> {
    const events = await estimatedEvents(files.map(({ trace }) => trace));
    const { range } = settings;
    const part = range === undefined ? 1 : Math.min(1, (range.to - range.from) / Math.max(1, layout.end));
    if (events * part <= this.#mostEvents) return true;
    this.#post({ type: 'oversize', events, most: this.#mostEvents, seconds: layout.end / SECOND }, []);
    return false;
  }

  async #build(builder: TrackBuilder, opened: OpenTraces, bytes: ReadBytes, generation: number): Promise<void> {
    const post = this.#poster(builder, opened, bytes);
    let due = performance.now() + FIRST_POST_MS;
    while (!builder.ended) {
      await builder.fill();
      while (builder.step(SLICE_EVENTS)) {
        await breath();
        this.#check(generation);
        if (performance.now() < due) continue;
        post();
        due = performance.now() + POST_MS;
      }
      this.#check(generation);
    }
    post();
  }

  /** Posts what is new each time it is called. */
  #poster(builder: TrackBuilder, opened: OpenTraces, bytes: ReadBytes): () => void {
    const stolenSoFar = new StolenSoFar(builder);
    return () => {
      const chunks = builder.takeChunks();
      for (const chunk of chunks) opened.add(chunk);
      const stolen = stolenSoFar.take();
      const { until, events } = builder;
      const progress = { until, events, bytes: bytes.read, totalBytes: bytes.total };
      this.#post({ type: 'tracks', chunks, stolen, ...progress }, [...buffersOf(chunks), ...stolen.flatMap(buffersIn)]);
      const names = builder.takeNames();
      if (names === undefined) return;
      opened.name(names.tasks);
      this.#post({ type: 'names', ...names }, []);
    };
  }

  #check(generation: number): void {
    if (generation !== this.#generation) throw new Overtaken();
  }

  async #answer(id: number, question: Question): Promise<void> {
    try {
      if (needsAll(question)) await this.#loading;
      if (this.#opened === undefined) throw new TandemError('USAGE', question.type, 'no file is open');
      this.#post({ type: 'answer', id, answer: await this.#opened.answer(question) }, []);
    } catch (error) {
      this.#post({ type: 'answer', id, answer: { name: undefined, message: messageOf(error) } }, []);
    }
  }

  #fail(name: string | undefined, error: unknown): void {
    this.#post({ type: 'failed', failure: { name, message: messageOf(error) } }, []);
  }
}

/** What can only be told when all events are known. */
function needsAll(question: Question): boolean {
  if (question.type === 'details') return false;
  if (question.type !== 'rows' && question.type !== 'rowAt') return true;
  return question.set.of === 'matches' || question.set.sort !== 'time';
}

/** One line. What is no TandemError is a bug, or memory that is not there. */
function messageOf(error: unknown): string {
  if (error instanceof TandemError) return error.message;
  console.error(error);
  return `unexpected: ${error instanceof Error ? error.message : String(error)}`.replace(/\s+/g, ' ');
}

const fileWarnings = ({ label, trace }: ReportFile): string[] => trace.warnings.map((text) => `${label}: ${text}`);

function pairingWarnings(files: readonly ReportFile[]): string[] {
  return pairFiles(files.map(({ trace }) => trace)).problems.map((problem) => pairingWarning(problem, files));
}

function pairingWarning(problem: PairingProblem, files: readonly ReportFile[]): string {
  const nameOf = (file: number): string => files[file]!.label;
  switch (problem.kind) {
    case 'guest-without-host':
      return `${nameOf(problem.guest)}: its times are on the clock of a host whose file is not open`;
    case 'same-recording':
      return `${nameOf(problem.file)}: is the same recording as ${nameOf(problem.first)}, and paired with none`;
    case 'several-hosts':
      return `${nameOf(problem.guest)}: several hosts name it, the first has it: ${problem.hosts.map(nameOf).join(', ')}`;
  }
}

const buffersIn = ({ starts, ends }: StolenTimes): ArrayBuffer[] => [
  starts.buffer as ArrayBuffer,
  ends.buffer as ArrayBuffer,
];

function buffersOf(chunks: readonly TrackChunk[]): Transferable[] {
  return chunks.flatMap(({ columns }) =>
    Object.values(columns).map((values: ArrayBufferView) => values.buffer as ArrayBuffer),
  );
}
