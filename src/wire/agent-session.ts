import { TandemError } from '../base/errors.ts';
import { DATA_LIMIT, type Message, type MessageOf } from './messages.ts';
import { labelOf, Session, type SessionListener } from './session.ts';
import { wrong } from './text.ts';

/** Milliseconds that a recorder has, after it connected, to send its request. */
export const REQUEST_LIMIT = 10_000;

export interface AgentOptions {
  /** The recorder, in words: "recorder at 10.0.0.1:40312". */
  readonly peer: string;
  /** Instead of `REQUEST_LIMIT`. */
  readonly requestLimit?: number;
}

/** What the recorder asks for. Its arguments come from anybody: check them against an allow-list. */
export type TraceRequest = Omit<MessageOf<'TRACE_REQ'>, 'command'>;

/** What the agent answers: see `MessageOf<'TRACE_RESP'>`. */
export type AgentResponse = Omit<MessageOf<'TRACE_RESP'>, 'command'>;

export interface AgentListener extends SessionListener {
  /** Call `respond` or `refuse`, now or later. */
  request(request: TraceRequest): void;
  /** The recorder ends the trace: stop, send all data, then call `confirmEnd`. */
  closeRequested(): void;
}

/**
 * - `request`: the request is waited for
 * - `decision`: it is here; respond or refuse
 * - `metadata`: the request is answered; send metadata
 * - `recording`: CLOSE is waited for, for as long as it takes
 * - `ending`: CLOSE is here; confirm it when all data is sent
 */
export type AgentStep = 'request' | 'decision' | 'metadata' | 'recording' | 'ending';

/** The agent's end of a control connection. */
export class AgentSession extends Session<AgentStep, AgentListener> {
  readonly #requestLimit: number;

  constructor(options: AgentOptions, listener: AgentListener) {
    super(options.peer, listener, 'request');
    this.#requestLimit = options.requestLimit ?? REQUEST_LIMIT;
  }

  /** Waits for the request, once the connection is accepted. */
  start(): void {
    this.mustBeIn('request');
    this.enter('request', this.#requestLimit);
  }

  /**
   * Agrees to record. All ports must be open by then.
   *
   * @throws TandemError (`UNSUPPORTED`) when there are more ports than a message can hold
   */
  respond(response: AgentResponse): void {
    if (this.over) return;
    this.mustBeIn('decision');
    this.post({ command: 'TRACE_RESP', ...response });
    this.enter('metadata');
  }

  /**
   * Refuses the request: send what there is to send, then close the connection. Possible until the metadata is
   * complete. Our recorder shows `reason` to its user, trace-cmd only that something failed.
   */
  refuse(reason: string): void {
    if (this.over) return;
    this.mustBeIn('decision', 'metadata');
    this.post({ command: 'NOT_SUPP', reason });
    this.enter('done');
  }

  /** Sends the next bytes of the trace file, in messages of at most 8180 bytes each. */
  sendMetadata(bytes: Uint8Array): void {
    if (this.over) return;
    this.mustBeIn('metadata');
    for (let start = 0; start < bytes.length; start += DATA_LIMIT) {
      this.post({ command: 'SEND_DATA', bytes: bytes.subarray(start, start + DATA_LIMIT) });
    }
  }

  /** The metadata is complete. The recorder connects the data ports next. */
  endMetadata(): void {
    if (this.over) return;
    this.mustBeIn('metadata');
    this.post({ command: 'FIN_DATA' });
    this.enter('recording');
  }

  /** Tracing is off and all data is sent: tells the recorder. The connection can be closed then. */
  confirmEnd(): void {
    if (this.over) return;
    this.mustBeIn('ending');
    this.post({ command: 'CLOSE_RESP' });
    this.enter('done');
  }

  protected override handle(message: Message): void {
    if (this.step === 'request') this.#takeRequest(message);
    else if (message.command !== 'CLOSE' || this.step === 'ending') this.tolerate(message);
    else if (this.step === 'recording') {
      this.enter('ending');
      this.listener.closeRequested();
    } else this.fail(wrong(this.peer, 'ended the session before recording began'));
  }

  #takeRequest(message: Message): void {
    if (message.command === 'TRACE_REQ') {
      const { command: _, ...request } = message;
      this.enter('decision');
      this.listener.request(request);
      return;
    }
    this.object(message);
    const hint = message.command === 'TRACE_PROXY' ? 'recording as a proxy is not possible here' : undefined;
    this.fail(wrong(this.peer, `sent ${labelOf(message)} instead of a request to record`, hint));
  }

  protected override whenClosed(reason: string): TandemError {
    switch (this.step) {
      case 'request':
        return wrong(this.peer, `closed the connection without a request${reason}`);
      case 'recording':
        return wrong(this.peer, `went away while recording${reason}`, 'the trace ends here');
      case 'ending':
        return wrong(this.peer, `went away before the end of the trace was confirmed${reason}`);
      default:
        return wrong(this.peer, `went away before recording began${reason}`);
    }
  }

  protected override whenExpired(time: string): TandemError {
    return new TandemError('TIMEOUT', this.peer, `connected, but sent no request within ${time}`);
  }
}
