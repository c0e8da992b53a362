import { type Command, Option } from 'commander';
import { DEFAULT_OUTPUT, type RecordOptions, usage, whole } from './record-options.ts';

type Apply = (options: RecordOptions, value: string) => void;
type Row = readonly [flags: string, description: string, apply: Apply];

const refuse =
  (what: string, instead: string): Apply =>
  () => {
    throw usage(what, 'is not supported', instead);
  };

/** What is set up in the kernel: `record` and `start` have these. In the order of the help text. */
const SETUP: readonly Row[] = [
  ['-e <events>', 'record these: SYSTEM, EVENT, SYSTEM:EVENT, with globs, or all', (o, v) => o.addEvent(v)],
  ['-f <filter>', 'of the -e before it, only events that match: next_prio < 10', (o, v) => o.addFilter(v)],
  ['-R <trigger>', 'give the -e before it this trigger: stacktrace, traceoff, ...', (o, v) => o.addTrigger(v)],
  ['-v', 'the -e after it say what not to record', (o) => o.excludeFromNowOn()],
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
  ['--user <name>', 'run the command as this user', (o, v) => o.set('user', v)],
  ['-B <name>', 'what follows is for an instance of this name', (o, v) => o.startInstance(v)],
  ['-b <kb>', 'size of the ring buffer per CPU', (o, v) => o.setBuffer('sizeKb', whole('-b', v, 1))],
  ['--subbuf-size <kb>', 'size of its sub-buffers', (o, v) => o.setBuffer('subBufferKb', whole('--subbuf-size', v, 1))],
  ['--cmdlines-size <n>', 'how many task names the kernel keeps', setCommandLines],
  ['-C <clock>', 'clock: local, global, mono, boot, x86-tsc, tsc2nsec, ...', (o, v) => o.setClock(v)],
  ['-K', 'leave what is on as it is, and record that too; implies -k', (o) => o.keepBefore()],
];

const DATE: readonly Row[] = [
  ['--date', 'store the time of day', (o) => o.setTimeOption('--date', '')],
  ['--ts-offset <n>', 'store an offset that the report adds to all times', (o, v) => o.setTimeOption('--ts-offset', v)],
];

const OUTPUT: readonly Row[] = [
  ['-o <file>', `write to this file (default: ${DEFAULT_OUTPUT})`, (o, v) => o.once('-o', 'output', v)],
  ['--compression <name>', 'none, zlib, zstd or any (default: zstd)', setCompression],
];

/** Other machines that are recorded too. */
const GUESTS: readonly Row[] = [
  ['-A <guest>', 'record this guest too: CID, NAME@CID:PORT, HOST:PORT, unix:PATH:PORT', (o, v) => o.startGuest(v)],
  ['--name <name>', 'call the guest before it so', (o, v) => o.nameGuest(v)],
  ['--tsync-interval <ms>', 'measure clocks so often; 0: at start and end; negative: never (default: 0)', setInterval],
  ['--tsync-log', "store every probe of the clocks beside the guests' files", (o) => o.setSync({ log: true })],
  ['--nofifos', "do not use the FIFOs of virtio-serial ports for guests' data", (o) => o.set('useFifos', false)],
];
/** What stands behind -A is for the guest's agent, but for these. */
const NEVER_FORWARDED = ['-A', '-B', '--name'];
/** No agent has a use for these. */
const OF_THE_HOST = ['--tsync-interval', '--tsync-log', '--nofifos'];

/** What becomes of it. */
const CAPTURE: readonly Row[] = [
  ['--no-filter', "record tandem's own threads too", (o) => o.set('traceRecorder', true)],
  ['--tsc2nsec', 'store how to turn TSC ticks into ns', (o) => o.set('tscToNanoseconds', true)],
  ['-H <hook>', "store a pair of events for trace-cmd's profiles, and record them", (o, v) => o.addHook(v)],
  ['-a', 'store the formats of all events, not only of those named', (o) => o.set('allFormats', true)],
  ['--proc-map', 'store the address map of the traced processes', (o) => o.setBuffer('processMaps', true)],

  [
    '--temp <folder>',
    'where the files of the CPUs are kept meanwhile',
    (o, v) => o.once('--temp', 'temporaryFolder', v),
  ],
  ['--file-version <version>', '6 or 7 (default: 7)', (o, v) => o.setFileVersion(v)],
  ['-m <kb>', 'keep about the last so many KB of each CPU', (o, v) => o.once('-m', 'maximumKb', whole('-m', v, 8))],
  ['-s <us>', 'look at the buffers so often, do not wait for them to fill', setSleep],
  ['--poll', 'never wait in the kernel', (o) => o.set('poll', true)],
  ['-r <priority>', 'real-time priority (FIFO) of the threads that record; 0: none (default: 1)', setPriority],
  ['-k', 'leave everything switched on at the end, but tracing', (o) => o.set('keep', true)],
  ['--daemonize', 'go to the background when the recording has begun', (o) => o.set('daemonize', true)],
];

const MESSAGES: readonly Row[] = [
  ['-q, --quiet', 'only errors', (o) => o.set('quiet', true)],
  ['--stderr', 'write messages to stderr', (o) => o.set('messagesToStderr', true)],
  ['--verbose [level]', '0 to 6: from 4 on say what is done', (o, v) => o.setVerbose(v)],
];

/** trace-cmd's words for what is not here. Known so that the answer is a clear one. */
const UNSUPPORTED: readonly Row[] = [
  ['--nosplice', '', () => {}], // how trace-cmd moves data
  ['-t', '', () => {}], // TCP instead of UDP, for -N: without that it means nothing
  ['-N <host:port>', '', refuse('-N', 'record to a file, and copy that')],
  ['-V <cid:port>', '', refuse('-V', 'record to a file, and copy that')],
  ['--profile', '', refuse('--profile', 'use trace-cmd for it')],
  ['-G', '', refuse('-G', 'use trace-cmd for profiles')],
  ['-S', '', refuse('-S', 'use trace-cmd for profiles')],
  ['--by-comm', '', refuse('--by-comm', 'use trace-cmd for profiles')],
];

/** Options of `record` that `start` has no use for. */
const NOT_OF_START: readonly Row[] = [
  ...['-a', '-k', '--no-filter', '--poll'].map((flag): Row => [flag, '', () => {}]),
  ...['-s', '-r'].map((flag): Row => [`${flag} <value>`, '', () => {}]),
  ['-o <file>', '', refuse('-o', 'start writes no file; did you mean record?')],
  ['-m <kb>', '', refuse('-m', 'start writes no file; did you mean record?')],
  ['--proc-map', '', refuse('--proc-map', 'start writes no file; did you mean record?')],
  ['--compression <name>', '', refuse('--compression', 'start writes no file; did you mean record?')],
  ['--file-version <version>', '', refuse('--file-version', 'start writes no file; did you mean record?')],
  ['--daemonize', '', refuse('--daemonize', 'start returns by itself; did you mean record?')],
];

/** Options of `record` that trace-cmd extract takes, and has no use for. */
const NOT_OF_EXTRACT: readonly Row[] = [
  ...['-k', '-i', '-T', '-c', '-F'].map((flag): Row => [flag, '', () => {}]),
  ...['-f', '-r', '-g', '-l', '-n', '-P', '-b'].map((flag): Row => [`${flag} <value>`, '', () => {}]),
  ['-N <host:port>', '', refuse('-N', 'extract to a file, and copy that')],
];

function setGraphDepth(options: RecordOptions, value: string): void {
  options.setBuffer('maximumGraphDepth', String(whole('--max-graph-depth', value, 0)));
}

function setInterval(options: RecordOptions, value: string): void {
  if (!/^-?\d+$/.test(value)) throw usage(`--tsync-interval ${value}`, 'is not a number of milliseconds');
  options.setSync({ intervalMs: Number(value) });
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
  declare(command, options, [...SETUP, ...DATE, ...GUESTS, ...OUTPUT, ...CAPTURE, ...MESSAGES]);
  declare(command, options, UNSUPPORTED, true);
}

/** Does what an option of `record` means, met by its name (`-e`) somewhere else than on the command line. */
export function applyRecordOption(options: RecordOptions, name: string, value: string): void {
  const row = [...SETUP, ...DATE, ...OUTPUT, ...CAPTURE].find(([flags]) => flags.split(/[ ,]+/).includes(name));
  if (row === undefined) throw usage(name, 'is not an option of record');
  row[2](options, value);
}

/** As `declareRecordOptions`, of `start`. */
export function declareStartOptions(command: Command, options: RecordOptions): void {
  declare(command, options, [...SETUP, ...MESSAGES]);
  declare(command, options, [...NOT_OF_START, ...UNSUPPORTED], true);
}

/** As `declareRecordOptions`, those of `extract` that concern the file. */
export function declareExtractOptions(command: Command, options: RecordOptions): void {
  declare(command, options, [...OUTPUT, ...DATE, ...MESSAGES]);
  declare(command, options, NOT_OF_EXTRACT, true);
}

function declare(command: Command, options: RecordOptions, rows: readonly Row[], hidden = false): void {
  for (const [flags, description, apply] of rows) {
    const option = new Option(flags, description).hideHelp(hidden);
    command.addOption(option);
    const flag = option.short ?? option.long ?? '';
    command.on(`option:${option.name()}`, (value: string | undefined) => {
      if (OF_THE_HOST.includes(flag) && options.describesGuest) {
        throw usage(flag, 'stands behind an -A, where options are for the guest', 'put it before the first -A');
      }
      const isForwarded = !NEVER_FORWARDED.includes(flag) && options.forward(flag, value ?? undefined);
      if (!isForwarded) apply(options, value as string);
    });
  }
}
