import { TandemError } from '../base/errors.ts';
import type { SyncPlan } from '../record/guests/guest-plan.ts';
import {
  type BufferDraft,
  bufferPlan,
  defaultPlan,
  type EventDraft,
  type GuestDraft,
  isLatencyTracer,
  type PlanDraft,
  type RecordPlan,
} from '../record/plan.ts';
import { checkGuestName } from '../transport/address.ts';
import { parseAgentSpec } from '../transport/agent-spec.ts';
import { levelOf, reachesLevel } from './verbose-level.ts';

export const DEFAULT_OUTPUT = 'trace.dat';

export const usage = (subject: string, problem: string, hint?: string): TandemError =>
  new TandemError('USAGE', subject, problem, hint);

/** A whole number of at least `least`. */
export function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
  throw usage(`${option} ${text}`, `is not a number of at least ${least}`);
}

/**
 * A `record` command line, taken in option by option, since what `-f`, `-R`, `-v` and `-B` mean depends on what stands
 * before them.
 */
export class RecordOptions {
  readonly #buffers: BufferDraft[] = [bufferPlan('')];
  /** The guest that is being described: its options are not ours. */
  #guest: GuestDraft | undefined;
  #excluding = false;
  #module: string | undefined;
  #moduleHasFunction = false;
  #functionStack = false;
  readonly #plan: PlanDraft = defaultPlan(DEFAULT_OUTPUT);
  /** Options that may be given once, with the values they have. */
  readonly #given = new Set<string>();

  get #buffer(): BufferDraft {
    return this.#buffers.at(-1) as BufferDraft;
  }

  get #event(): EventDraft | undefined {
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

  keepBefore(): void {
    this.#plan.keepBefore = true;
    this.#plan.keep = true;
  }

  addOption(option: string): void {
    this.#buffer.options.push(option);
  }

  /** What follows, up to the next -A or -B, is for this guest's agent. */
  startGuest(text: string): void {
    this.#guest = { spec: parseAgentSpec(text), name: undefined, args: [] };
    this.#plan.guests.push(this.#guest);
  }

  nameGuest(name: string): void {
    if (this.#guest === undefined) throw usage(`--name ${name}`, 'names no guest', 'put it behind its -A');
    this.#guest.name = checkGuestName(name);
  }

  /** Whether options are for a guest's agent now. */
  get describesGuest(): boolean {
    return this.#guest !== undefined;
  }

  /** Keeps an option for the agent of the guest that is being described, if one is. Returns whether it did. */
  forward(flag: string, value: string | undefined): boolean {
    this.#guest?.args.push(...(value === undefined ? [flag] : [flag, value]));
    return this.#guest !== undefined;
  }

  setSync(values: Partial<SyncPlan>): void {
    this.#plan.sync = { ...this.#plan.sync, ...values };
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
    this.#guest = undefined;
    if (this.#buffers.some((buffer) => buffer.name === name)) throw usage(`-B ${name}`, 'is there twice');
    this.#buffers.push(bufferPlan(name));
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
    this.#plan.verbose = reachesLevel(levelOf(level), 'info');
  }

  /** Ends the reading of a command line that tells of a file only. `recorder` is this program. */
  finishFile(recorder: string): RecordPlan {
    return { ...this.#plan, recorder, buffers: this.#buffers };
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
    if (nothing && !plan.keepBefore && plan.guests.length === 0) {
      throw usage('record', 'no event and no tracer was named', 'say what to record with -e or -p');
    }
    refuseLatencyBesides(plan);
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

/** The text of a latency tracer is one for the whole kernel. */
function refuseLatencyBesides({ buffers, guests }: Pick<RecordPlan, 'buffers' | 'guests'>): void {
  const latency = buffers.find(({ tracer }) => isLatencyTracer(tracer))?.tracer;
  if (latency === undefined || (buffers.length === 1 && guests.length === 0)) return;
  const problem = "a latency tracer's recording has neither instances nor guests";
  throw usage(`-p ${latency}`, problem, 'record them one after the other');
}
