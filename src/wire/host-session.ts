import { TandemError } from '../base/errors.ts';
import { quoted } from './frame.ts';
import { LISTEN_HELLO, matchHello } from './listen-hello.ts';
import type { Message, MessageOf, Parameters } from './messages.ts';
import { labelOf, Session, type SessionListener } from './session.ts';
import { wrong } from './text.ts';

/** No kernel has more metadata than this, and a peer could fill the disk with it. */
const METADATA_LIMIT = 1 << 28;
/** Characters of the arguments that an error shows. */
const ARGS_SHOWN = 200;

/** Milliseconds that the agent has for each step, before it is given up. */
export interface HostLimits {
  /**
   * To answer the request. The agent sets its kernel up first: more than 30 s in an emulated guest that has just booted.
   * Stock agents also look up the recorder's name, and a dead name server takes its time.
   */
  readonly response: number;
  /** For the first metadata after the first round of time sync, and for each further message of it. */
  readonly metadata: number;
  /** To confirm the end, after the last round of time sync. All data has to be on its way by then. */
  readonly closeResponse: number;
}

export const HOST_LIMITS: HostLimits = { response: 60_000, metadata: 30_000, closeResponse: 60_000 };

export interface HostOptions {
  /** The agent, in words: "agent at 10.0.0.2:823". */
  readonly peer: string;
  /** What the agent's ports are: 1..65535 with TCP, 32 bits with vsock. */
  readonly portKind: 'tcp' | 'vsock';
  readonly request: Parameters & { readonly useFifos: boolean; readonly traceId: bigint };
  readonly limits?: Partial<HostLimits>;
}

/** What the agent answered, checked: ports of the transport's kind, all different; a protocol that was offered. */
export type TraceResponse = Omit<MessageOf<'TRACE_RESP'>, 'command'>;

export interface HostListener extends SessionListener {
  /** The agent agreed. With a `syncProtocol`, connect `syncPort` and call `roundEnded` after the first round. */
  response(response: TraceResponse): void;
  /** The next bytes of the guest's trace file, only valid during the call. They can come before the first round ended. */
  metadata(bytes: Uint8Array): void;
  /** The metadata is complete: connect the data ports. */
  metadataEnd(): void;
  /**
   * The session came to its end; the last call. `confirmed`: the agent says that it stopped tracing and sent all data.
   * Otherwise it only closed the connection, after CLOSE. Stock agents do that at times, with all data sent as well.
   */
  ended(confirmed: boolean): void;
}

/**
 * - `start`: nothing was sent yet
 * - `response`: the request is sent
 * - `first-round`: the agent agreed; metadata may arrive while clocks are measured, but is not waited for
 * - `metadata`: metadata is waited for
 * - `recording`: the agent has nothing to say
 * - `last-round`: CLOSE is sent; the confirmation may arrive, but is not waited for
 * - `close-response`: the confirmation is waited for
 */
export type HostStep =
  | 'start'
  | 'response'
  | 'first-round'
  | 'metadata'
  | 'recording'
  | 'last-round'
  | 'close-response';

/** The recorder's end of the control connection to one agent. */
export class HostSession extends Session<HostStep, HostListener> {
  readonly #options: HostOptions;
  readonly #limits: HostLimits;
  #syncs = false;
  #metadataBytes = 0;

  constructor(options: HostOptions, listener: HostListener) {
    super(options.peer, listener, 'start');
    this.#options = options;
    this.#limits = { ...HOST_LIMITS, ...options.limits };
  }

  /**
   * Sends the request, once the connection is made.
   *
   * @throws TandemError (`USAGE`) when the arguments don't fit into it
   */
  start(): void {
    this.mustBeIn('start');
    this.post({ command: 'TRACE_REQ', ...this.#options.request });
    this.enter('response', this.#limits.response);
  }

  /** A round of time sync ended, or was given up: the first after `response`, the last after `close`. */
  roundEnded(): void {
    if (this.step === 'first-round') this.enter('metadata', this.#limits.metadata);
    else if (this.step === 'last-round') this.enter('close-response', this.#limits.closeResponse);
  }

  /**
   * Asks the agent to end its trace. With time sync, call `roundEnded` after the last round. Only possible while
   * recording: before that, close the connection.
   */
  close(): void {
    this.mustBeIn('recording');
    this.post({ command: 'CLOSE' });
    if (this.#syncs) this.enter('last-round');
    else this.enter('close-response', this.#limits.closeResponse);
  }

  protected override handle(message: Message): void {
    switch (this.step) {
      case 'response':
        if (message.command === 'TRACE_RESP') this.#respond(message);
        else this.#refused(message, 'answered the request with');
        break;
      case 'first-round':
      case 'metadata':
        this.#takeMetadata(message);
        break;
      case 'last-round':
      case 'close-response':
        if (message.command === 'CLOSE_RESP') {
          this.#end(true);
        } else this.tolerate(message);
        break;
      default:
        this.tolerate(message);
    }
  }

  override closed(reason?: string): void {
    if (this.step === 'last-round' || this.step === 'close-response') this.#end(false);
    else super.closed(reason);
  }

  #end(confirmed: boolean): void {
    this.enter('done');
    this.listener.ended(confirmed);
  }

  #respond({ command: _, ...response }: MessageOf<'TRACE_RESP'>): void {
    const problem = this.#problemOf(response);
    if (problem) {
      this.fail(wrong(this.peer, `agreed to record, but ${problem}`, 'this agent does not follow the protocol'));
      return;
    }
    this.#syncs = response.syncProtocol !== '';
    if (this.#syncs) this.enter('first-round');
    else this.enter('metadata', this.#limits.metadata);
    this.listener.response(response);
  }

  /** What no agent may answer. */
  #problemOf({ ports, useFifos, syncProtocol, syncPort }: TraceResponse): string | undefined {
    const { request, portKind } = this.#options;
    if (ports.length === 0) return 'named no CPU';
    if (useFifos && !request.useFifos) return 'wants FIFOs, which were not offered';
    const used = useFifos ? [] : [...ports];
    if (syncProtocol !== '') {
      if (!request.syncProtocols?.includes(syncProtocol)) return `chose time sync '${syncProtocol}', not on offer`;
      used.push(syncPort);
    }
    const highest = portKind === 'tcp' ? 0xffff : 0xffff_ffff;
    const bad = used.find((port) => port < 1 || port > highest);
    if (bad !== undefined) return `named ${bad} as a port`;
    return new Set(used).size < used.length ? 'named a port twice' : undefined;
  }

  #takeMetadata(message: Message): void {
    if (message.command === 'FIN_DATA') {
      this.enter('recording');
      this.listener.metadataEnd();
    } else if (message.command !== 'SEND_DATA') {
      this.#refused(message, 'sent, in the middle of the trace metadata,');
    } else if (message.bytes.length > 0) this.#takeData(message.bytes);
  }

  #takeData(bytes: Uint8Array): void {
    this.#metadataBytes += bytes.length;
    if (this.#metadataBytes > METADATA_LIMIT) {
      this.fail(wrong(this.peer, `sent more than ${METADATA_LIMIT} bytes of trace metadata`));
      return;
    }
    // A new wait, but not in the first round.
    if (this.step === 'metadata') this.enter('metadata', this.#limits.metadata);
    this.listener.metadata(bytes);
  }

  /** Ends the session with a message that rules out all that was to follow. */
  #refused(message: Message, how: string): void {
    this.object(message);
    if (message.command === 'NOT_SUPP') {
      const reason = message.reason === '' ? this.#shownArgs() : `: ${message.reason}`;
      this.fail(wrong(this.peer, `refused the request${reason}`, message.reason ? undefined : 'see what it printed'));
    } else if (message.command === 'CLOSE') {
      this.fail(wrong(this.peer, 'ended the session before recording began', 'see what it printed'));
    } else {
      this.fail(wrong(this.peer, `${how} ${labelOf(message)}`, 'this agent does not follow the protocol'));
    }
  }

  #shownArgs(): string {
    const args = this.#options.request.args.join(' ');
    return args === '' ? '' : ` (${args.length > ARGS_SHOWN ? `${args.slice(0, ARGS_SHOWN)} ...` : args})`;
  }

  protected override whenClosed(reason: string): TandemError {
    const bytes = this.#metadataBytes;
    switch (this.step) {
      case 'first-round':
      case 'metadata':
        if (bytes > 0) {
          const problem = `went away in the middle of the trace metadata, after ${bytes} bytes${reason}`;
          return wrong(this.peer, problem, 'was the agent or its guest stopped?');
        }
        return wrong(
          this.peer,
          `rejected the arguments${this.#shownArgs()}: it closed the connection before any trace metadata${reason}`,
          'what it printed says why; its kernel may lack an event, a clock or a tracer',
        );
      case 'recording':
        return wrong(
          this.peer,
          `went away while recording${reason}`,
          'its trace ends here; was the agent or its guest stopped?',
        );
      default:
        return (
          this.#otherServer() ??
          wrong(
            this.peer,
            `closed the connection instead of answering the request${reason}`,
            'it is busy with another session, or does not accept this machine (its option -N)',
          )
        );
    }
  }

  protected override whenExpired(time: string): TandemError {
    switch (this.step) {
      case 'metadata': {
        const bytes = this.#metadataBytes;
        if (bytes > 0) {
          const problem = `sent ${bytes} bytes of trace metadata, then nothing for ${time}`;
          return this.#late(problem, 'the network is stuck, or the guest stands still');
        }
        const problem = `accepted, but sent no trace metadata within ${time}`;
        return this.#late(problem, 'setting up its trace takes too long or is stuck: see what it printed');
      }
      case 'close-response':
        return this.#late(`did not confirm the end of the trace within ${time}`, 'its last events may be missing');
      default: {
        const problem = `accepted the connection, but did not answer the request within ${time}`;
        const hint = 'an earlier session may hang there (restart the agent), or it is no agent';
        return this.#otherServer() ?? this.#late(problem, hint);
      }
    }
  }

  /** Says so if what answered is no agent. */
  #otherServer(): TandemError | undefined {
    const { pending } = this;
    if (pending.length === 0) return undefined;
    if (matchHello(LISTEN_HELLO[0]!, pending) === 'complete') {
      return wrong(this.peer, 'is a listen server, not an agent', 'start an agent there, or record to it with -N');
    }
    return wrong(this.peer, `stopped in the middle of an answer, ${quoted(pending)}`, 'is it an agent?');
  }

  #late(problem: string, hint: string): TandemError {
    return new TandemError('TIMEOUT', this.peer, problem, hint);
  }
}
