import { Worker } from 'node:worker_threads';
import { shutdownSocket } from '../kernel/sockets.ts';
import type { Measurement } from '../sync/types.ts';
import { StopSignal } from './stop-signal.ts';
import type { HostSamplerOptions, Round, SamplerMessage, SamplerOptions, SamplerTask } from './types.ts';

/** How long a thread may take to end once its connection is gone. */
const LAST_PATIENCE_MS = 1000;

/** Of what a measurement needs, nothing is left after it: without a limit, a thread would take 48 MB for it in time. */
const YOUNG_MEGABYTES = 6;

/** What a sampler has to show for itself. */
export interface SamplingResult {
  /** In the order in which they were made, without their probes. None on the guest's side. */
  readonly measurements: readonly Measurement[];
  /** One line for each different thing that went wrong. */
  readonly problems: readonly string[];
  /** Why it ended before it was stopped, or could not be stopped in an orderly way; undefined if neither. */
  readonly failure: string | undefined;
}

/** Hears of what the host's side does, as it happens. */
export interface SamplerListener {
  /** With its probes, where they are wanted. */
  measured?(measurement: Measurement): void;
  round?(round: Round): void;
}

/**
 * A thread that measures clocks while a trace runs: the host's leads, the guest's answers. It blocks on its
 * connection; this object is what the rest of the program has of it. It never throws: a trace without measured clocks
 * is better than none.
 */
export class Sampler {
  /** Resolves after the first round, or when there will be none. Never rejects. Of the guest's side: when it ended. */
  readonly firstRound: Promise<Round>;
  /** Resolves when the thread has ended: the instance can be removed, the descriptor closed. */
  readonly ended: Promise<SamplingResult>;

  readonly #worker: Worker;
  readonly #fd: number;
  readonly #peer: string;
  readonly #stop: StopSignal;
  readonly #measurements: Measurement[] = [];
  readonly #problems = new Set<string>();
  #failure: string | undefined;
  #hasEnded = false;

  /** Measures as the host (client). */
  static startHost(options: HostSamplerOptions, listener: SamplerListener = {}): Sampler {
    return new Sampler((stop) => ({ role: 'host', options, stop }), options, listener);
  }

  /** Answers as the guest (server). Ends when the host says so, or leaves. */
  static startGuest(options: SamplerOptions): Sampler {
    return new Sampler(() => ({ role: 'guest', options }), options, {});
  }

  private constructor(
    task: (stop: Int32Array<SharedArrayBuffer>) => SamplerTask,
    { fd, peer }: SamplerOptions,
    listener: SamplerListener,
  ) {
    this.#fd = fd;
    this.#peer = peer;
    this.#stop = new StopSignal();
    const worker = new Worker(new URL('./sampler-worker.js', import.meta.url), {
      workerData: task(this.#stop.word),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    this.#worker = worker;
    this.firstRound = new Promise((resolve) => {
      worker.on('message', (message: SamplerMessage) => {
        switch (message.type) {
          case 'measured':
            // They are many, and large.
            this.#measurements.push({ ...message.measurement, probes: undefined });
            listener.measured?.(message.measurement);
            return;
          case 'round':
            for (const problem of message.problems) this.#problems.add(problem);
            resolve(message);
            listener.round?.(message);
            return;
          case 'problem':
            this.#problems.add(message.problem);
            return;
          case 'ended':
            this.#failure = message.problem;
            this.#hasEnded = true;
            return;
        }
      });
      worker.on('error', (error) => {
        this.#failure = `the thread that measures clocks crashed: ${error.message}`;
      });
      worker.on('exit', () =>
        resolve({ round: 0, measured: 0, problems: this.#failure === undefined ? [] : [this.#failure] }),
      );
    });
    this.ended = new Promise((resolve) => worker.on('exit', () => resolve(this.#result())));
  }

  /** What was measured so far, without probes. */
  get measurements(): readonly Measurement[] {
    return this.#measurements;
  }

  /**
   * Ends it: the host's side measures once more first, the guest's waits for the host to end it. When that takes
   * longer than `patienceMs`, the connection is shut down.
   */
  async stop(patienceMs: number): Promise<SamplingResult> {
    this.#stop.set();
    if (await this.#endsWithin(patienceMs)) return this.ended;
    shutdownSocket(this.#fd);
    if (!(await this.#endsWithin(LAST_PATIENCE_MS))) await this.#worker.terminate();
    // What the thread says of it is only what the shutdown did to it.
    return {
      ...(await this.ended),
      failure: `${this.#peer}: the last time measurement did not end within ${patienceMs} ms`,
    };
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), milliseconds);
    });
    const inTime = await Promise.race([this.ended.then(() => true), late]);
    clearTimeout(timer);
    return inTime;
  }

  #result(): SamplingResult {
    const failure = this.#failure ?? (this.#hasEnded ? undefined : 'the thread that measures clocks ended early');
    return { measurements: this.#measurements, problems: [...this.#problems], failure };
  }
}
