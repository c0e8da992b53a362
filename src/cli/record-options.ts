import { type Command, Option } from 'commander';
import { TandemError } from '../base/errors.ts';
import type { BufferPlan, EventPlan, RecordPlan } from '../record/plan.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type BufferDraft = Omit<Writable<BufferPlan>, 'events'> & { events: Writable<EventPlan>[] };
type PlanDraft = Omit<Writable<RecordPlan>, 'buffers' | 'recorder'>;

const DEFAULT_OUTPUT = 'trace.dat';
const VERBOSE_LEVELS = ['none', 'critical', 'error', 'warning', 'info', 'debug', 'all'];
const VERBOSE_FROM = VERBOSE_LEVELS.indexOf('info');

function newBuffer(name: string): BufferDraft {
  return {
    ...{ name, events: [], tracer: undefined, options: [], clock: undefined, sizeKb: undefined },
    ...{ subBufferKb: undefined, cpuMask: undefined, functions: [], notFunctions: [], graphFunctions: [] },
    ...{ maximumGraphDepth: undefined, pids: [], processMaps: false },
  };
}

const usage = (subject: string, problem: string, hint?: string): TandemError =>
  new TandemError('USAGE', subject, problem, hint);

/** A whole number of at least `least`. */
function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
  throw usage(`${option} ${text}`, `is not a number of at least ${least}`);
}

/**
 * A `record` command line, taken in option by option, since what `-f`, `-R`, `-v` and `-B` mean depends on what stands
 * before them.
 */
export class RecordOptions {
  readonly #buffers = [newBuffer('')];
  #excluding = false;
  #module: string | undefined;
  #moduleHasFunction = false;
  #functionStack = false;
  readonly #plan: PlanDraft = {
    ...{ output: DEFAULT_OUTPUT, temporaryFolder: undefined, fileVersion: 7, compression: 'zstd' },
    ...{ allFormats: false, ignoreUnknownEvents: false, onlyCommand: false, followChildren: false },
    ...{ traceRecorder: false, command: [], user: undefined, functionTracing: 'leave', keep: false },
    ...{ sleepMicroseconds: undefined, poll: false, realTimePriority: undefined, maximumKb: 0 },
    ...{ savedCommandLines: undefined, date: false, tsOffset: undefined, tscToNanoseconds: false, hooks: [] },
    ...{ quiet: false, verbose: false, messagesToStderr: false },
  };
  /** Options that may be given once, with the values they have. */
  readonly #given = new Set<string>();

  get #buffer(): BufferDraft {
    return this.#buffers.at(-1) as BufferDraft;
  }

  get #event(): Writable<EventPlan> | undefined {
    return this.#buffers.flatMap(({ events }) => events).at(-1);
  }

  set<K extends keyof PlanDraft>(key: K, value: PlanDraft[K]): void {
    this.#plan[key] = value;
  }

  once<K extends keyof PlanDraft>(option: string, key: K, value: PlanDraft[K]): void {
    if (this.#given.has(option)) throw usage(option, 'can be given only once');
    this.#given.add(option);
    this.#plan[key] = value;
  }

  setBuffer<K extends keyof BufferDraft>(key: K, value: BufferDraft[K]): void {
    this.#buffer[key] = value;
  }

  addOption(option: string): void {
    this.#buffer.options.push(option);
  }

  addEvent(pattern: string): void {
    this.#buffer.events.push({ pattern, excluded: this.#excluding, filter: undefined, trigger: undefined });
  }

  addFilter(filter: string): void {
    const event = this.#event;
    if (event === undefined) throw usage(`-f ${filter}`, 'is a filter without an event', 'put it behind its -e');
    event.filter = event.filter === undefined ? `(${filter})` : `${event.filter}&&(${filter})`;
  }

  addTrigger(trigger: string): void {
    const event = this.#event;
    if (event === undefined) throw usage(`-R ${trigger}`, 'is a trigger without an event', 'put it behind its -e');
    if (event.trigger !== undefined) throw usage(`-R ${trigger}`, 'is the second trigger of that event');
    event.trigger = trigger;
  }

  excludeFromNowOn(): void {
    this.#excluding = true;
  }

  startInstance(name: string): void {
    if (this.#buffers.some((buffer) => buffer.name === name)) throw usage(`-B ${name}`, 'is there twice');
    this.#buffers.push(newBuffer(name));
    this.#excluding = false;
  }

  setTracer(name: string): void {
    if (this.#buffer.tracer !== undefined) throw usage(`-p ${name}`, 'only one tracer is possible for a buffer');
    this.#buffer.tracer = name.trim();
  }

  setClock(clock: string): void {
    if (clock === 'tsc2nsec') this.#plan.tscToNanoseconds = true;
    this.#buffer.clock = clock === 'tsc2nsec' ? 'x86-tsc' : clock;
  }

  addFunction(list: 'functions' | 'notFunctions' | 'graphFunctions', pattern: string): void {
    this.#buffer[list].push({ pattern, module: this.#module });
    this.#moduleHasFunction = true;
  }

  /** `--module` limits the functions named after it; alone it means all functions of the module. */
  setModule(module: string | undefined): void {
    if (this.#module !== undefined && !this.#moduleHasFunction) {
      this.#buffer.functions.push({ pattern: '*', module: this.#module });
    }
    this.#module = module;
    this.#moduleHasFunction = false;
  }

  stackOnFunctions(): void {
    this.#functionStack = true;
  }

  addPids(list: string): void {
    for (const pid of list.split(',')) this.#buffer.pids.push(whole('-P', pid.trim(), 0));
  }

  setTimeOption(option: '--date' | '--ts-offset', value: string): void {
    const { date, tsOffset } = this.#plan;
    if (option === '--date' ? tsOffset !== undefined : date) {
      throw usage(option, 'does not go together with --date or --ts-offset', 'give one of them');
    }
    if (option === '--date') this.#plan.date = true;
    else if (/^[-+]?\d+$/.test(value)) this.#plan.tsOffset = value;
    else throw usage(`--ts-offset ${value}`, 'is not a number');
  }

  setFileVersion(text: string): void {
    if (text !== '6' && text !== '7') throw usage(`--file-version ${text}`, 'can be 6 or 7');
    this.#plan.fileVersion = text === '6' ? 6 : 7;
  }

  setCompression(name: string): void {
    if (name === 'any' || name === 'zstd') this.#plan.compression = 'zstd';
    else if (name === 'zlib' || name === 'none') this.#plan.compression = name;
    else throw usage(`--compression ${name}`, 'is not known', 'write none, zlib, zstd or any');
  }

  /** Connects two events in trace-cmd's profiles: both are recorded, the text is stored. */
  addHook(text: string): void {
    const event = '([^:,/]+:)?[^,/]+';
    const match = new RegExp(`^(${event}),[^/]+/(${event}),`).exec(text);
    if (match === null) {
      throw usage(`-H ${text}`, 'is not a pair of events', 'write EVENT,FIELD/EVENT,FIELD');
    }
    this.addEvent(match[1] as string);
    this.addEvent(match[3] as string);
    this.#plan.hooks.push(text);
  }

  setVerbose(level: string): void {
    const number = VERBOSE_LEVELS.indexOf(level) >= 0 ? VERBOSE_LEVELS.indexOf(level) : Number(level);
    if (VERBOSE_LEVELS[number] === undefined) throw usage(`--verbose=${level}`, 'is not a level', 'write 0 to 6');
    this.#plan.verbose = number >= VERBOSE_FROM;
  }

  /** Ends the reading of the command line. `command` is what stands behind the options, `recorder` this program. */
  finish(command: readonly string[], recorder: string): RecordPlan {
    this.setModule(undefined);
    const plan = { ...this.#plan, command, recorder, buffers: this.#withCommonClock() };
    const [top] = plan.buffers as [BufferDraft, ...BufferDraft[]];
    const hasPids = plan.buffers.some(({ pids }) => pids.length > 0);
    if (plan.followChildren && !plan.onlyCommand && !hasPids) throw usage('-c', 'needs -F or -P', 'whose children?');
    const nothing = plan.buffers.every(
      ({ events, tracer, processMaps }) => events.length === 0 && tracer === undefined && !processMaps,
    );
    if (nothing) throw usage('record', 'no event and no tracer was named', 'say what to record with -e or -p');
    if (this.#functionStack) {
      if (top.functions.length === 0) throw usage('--func-stack', 'needs functions', 'name them with -l');
      top.options.push('func_stack_trace');
    }
    if (plan.fileVersion === 6) {
      if (this.#given.has('--compression') && plan.compression !== 'none') {
        throw usage('--compression', 'version 6 of the file has none', 'use --file-version 7');
      }
      plan.compression = 'none';
    }
    return plan;
  }

  noteGiven(option: string): void {
    this.#given.add(option);
  }

  /** The first clock that is named is also that of the buffers without one. */
  #withCommonClock(): BufferDraft[] {
    const common = this.#buffers.find(({ clock }) => clock !== undefined)?.clock;
    return this.#buffers.map((buffer) => ({ ...buffer, clock: buffer.clock ?? common }));
  }
}

type Apply = (options: RecordOptions, value: string) => void;
type Row = readonly [flags: string, description: string, apply: Apply];

const refuse =
  (what: string, instead: string): Apply =>
  () => {
    throw usage(what, 'is not supported', instead);
  };

/** Every option, in the order of the help text. */
const OPTIONS: readonly Row[] = [
  ['-e <events>', 'record these: SYSTEM, EVENT, SYSTEM:EVENT, with globs, or all', (o, v) => o.addEvent(v)],
  ['-f <filter>', 'of the -e before it, only events that match: next_prio < 10', (o, v) => o.addFilter(v)],
  ['-R <trigger>', 'give the -e before it this trigger: stacktrace, traceoff, ...', (o, v) => o.addTrigger(v)],
  ['-v', 'the -e after it say what not to record', (o) => o.excludeFromNowOn()],
  ['-a', 'store the formats of all events, not only of those named', (o) => o.set('allFormats', true)],
  ['-i', 'go on when an event is not known', (o) => o.set('ignoreUnknownEvents', true)],
  ['-T', 'a stack trace with each event', (o) => o.addOption('stacktrace')],
  ['-p <tracer>', 'use a tracer: function, function_graph, blk, nop, ...', (o, v) => o.setTracer(v)],
  ['-l <function>', 'trace only this function, or those that match', (o, v) => o.addFunction('functions', v)],
  ['-n <function>', 'do not trace this function', (o, v) => o.addFunction('notFunctions', v)],
  ['-g <function>', 'graph this function and what it calls', (o, v) => o.addFunction('graphFunctions', v)],
  ['--module <name>', 'limit the functions named after it to a module', (o, v) => o.setModule(v)],
  ['--max-graph-depth <n>', 'graph only so many levels', setGraphDepth],
  ['--func-stack', 'a stack trace with each function named by -l', (o) => o.stackOnFunctions()],
  ['-d', 'no function tracing in tracers that bring it', (o) => o.set('functionTracing', 'option-off')],
  ['-D', 'the same, for the whole system', (o) => o.set('functionTracing', 'off')],
  ['-O <option>', 'set a trace option; with "no" before its name switch it off', (o, v) => o.addOption(v)],
  ['-F', 'record only what the command does', (o) => o.set('onlyCommand', true)],
  ['-P <pids>', 'record only what these processes do', (o, v) => o.addPids(v)],
  ['-c', 'and what their children do', (o) => o.set('followChildren', true)],
  ['-M <mask>', 'record these CPUs only: a hex mask; -1 for all', setMask],
  ['--no-filter', "record tandem's own threads too", (o) => o.set('traceRecorder', true)],
  ['--user <name>', 'run the command as this user', (o, v) => o.set('user', v)],
  ['--proc-map', 'store the address map of the traced processes', (o) => o.setBuffer('processMaps', true)],

  ['-B <name>', 'what follows is for an instance of this name', (o, v) => o.startInstance(v)],
  ['-b <kb>', 'size of the ring buffer per CPU', (o, v) => o.setBuffer('sizeKb', whole('-b', v, 1))],
  ['--subbuf-size <kb>', 'size of its sub-buffers', (o, v) => o.setBuffer('subBufferKb', whole('--subbuf-size', v, 1))],
  ['--cmdlines-size <n>', 'how many task names the kernel keeps', setCommandLines],
  ['-C <clock>', 'clock: local, global, mono, boot, x86-tsc, tsc2nsec, ...', (o, v) => o.setClock(v)],
  ['--tsc2nsec', 'store how to turn TSC ticks into ns', (o) => o.set('tscToNanoseconds', true)],
  ['--date', 'store the time of day', (o) => o.setTimeOption('--date', '')],
  ['--ts-offset <n>', 'store an offset that the report adds to all times', (o, v) => o.setTimeOption('--ts-offset', v)],
  ['-H <hook>', "store a pair of events for trace-cmd's profiles, and record them", (o, v) => o.addHook(v)],

  ['-o <file>', `write to this file (default: ${DEFAULT_OUTPUT})`, (o, v) => o.once('-o', 'output', v)],
  [
    '--temp <folder>',
    'where the files of the CPUs are kept meanwhile',
    (o, v) => o.once('--temp', 'temporaryFolder', v),
  ],
  ['--file-version <version>', '6 or 7 (default: 7)', (o, v) => o.setFileVersion(v)],
  ['--compression <name>', 'none, zlib, zstd or any (default: zstd)', setCompression],
  ['-m <kb>', 'keep about the last so many KB of each CPU', (o, v) => o.once('-m', 'maximumKb', whole('-m', v, 8))],
  ['-s <us>', 'look at the buffers so often, do not wait for them to fill', setSleep],
  ['--poll', 'never wait in the kernel', (o) => o.set('poll', true)],
  ['-r <priority>', 'real-time priority (FIFO) of the threads that record; 0: none (default: 1)', setPriority],
  ['-k', 'leave everything switched on at the end, but tracing', (o) => o.set('keep', true)],

  ['-q, --quiet', 'only errors', (o) => o.set('quiet', true)],
  ['--stderr', 'write messages to stderr', (o) => o.set('messagesToStderr', true)],
  ['--verbose [level]', '0 to 6: from 4 on say what is done', (o, v) => o.setVerbose(v ?? 'info')],
];

/** trace-cmd's words for what is not here. Known so that the answer is a clear one. */
const UNSUPPORTED: readonly Row[] = [
  ['-t', '', () => {}], // TCP instead of UDP, for -N: without that it means nothing
  ['-N <host:port>', '', refuse('-N', 'record to a file, and copy that')],
  ['-V <cid:port>', '', refuse('-V', 'record to a file, and copy that')],
  ['--profile', '', refuse('--profile', 'use trace-cmd for it')],
  ['-G', '', refuse('-G', 'use trace-cmd for profiles')],
  ['-S', '', refuse('-S', 'use trace-cmd for profiles')],
];

function setGraphDepth(options: RecordOptions, value: string): void {
  options.setBuffer('maximumGraphDepth', String(whole('--max-graph-depth', value, 0)));
}

function setMask(options: RecordOptions, value: string): void {
  if (value !== '-1' && !/^(0x)?[0-9a-f,]+$/i.test(value)) {
    throw usage(`-M ${value}`, 'is not a mask', 'write a hex number: 3 means CPUs 0 and 1');
  }
  options.setBuffer('cpuMask', value);
}

function setCommandLines(options: RecordOptions, value: string): void {
  options.set('savedCommandLines', whole('--cmdlines-size', value, 1));
}

function setCompression(options: RecordOptions, value: string): void {
  options.noteGiven('--compression');
  options.setCompression(value);
}

function setSleep(options: RecordOptions, value: string): void {
  options.set('sleepMicroseconds', whole('-s', value, 0));
}

function setPriority(options: RecordOptions, value: string): void {
  options.set('realTimePriority', whole('-r', value, 0));
}

/** Declares the options of `record` on its command; each changes `options` when it is met on the command line. */
export function declareRecordOptions(command: Command, options: RecordOptions): void {
  for (const rows of [OPTIONS, UNSUPPORTED]) {
    for (const [flags, description, apply] of rows) {
      const option = new Option(flags, description);
      if (rows === UNSUPPORTED) option.hideHelp();
      command.addOption(option);
      command.on(`option:${option.name()}`, (value: string) => apply(options, value));
    }
  }
}
