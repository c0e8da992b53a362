import { AgentSession } from '../../../src/wire/agent-session.ts';
import { type HostOptions, HostSession } from '../../../src/wire/host-session.ts';
import type { SessionListener } from '../../../src/wire/session.ts';
import { concat } from './sessions.ts';

/*
 * Both ends of a session with a listener that keeps what it is told.
 */

/** What a session reported, in order, in words; and the bytes it wanted to send. */
export class Log {
  readonly events: string[] = [];
  readonly sent: Uint8Array[] = [];
  readonly metadata: Uint8Array[] = [];
  /** The limit of the last wait. */
  wait: number | undefined;
  /** The message of the error that ended the session. */
  error = '';

  listener(): SessionListener {
    return {
      send: (bytes) => void this.sent.push(bytes),
      waits: (limit) => {
        this.wait = limit;
      },
      unexpected: (command) => void this.events.push(`unexpected ${command}`),
      failed: (error) => {
        this.events.push(`failed ${error.code}`);
        this.error = error.message;
      },
    };
  }

  sentBytes(): Uint8Array {
    return concat(this.sent);
  }
}

export const HOST_OPTIONS: HostOptions = {
  peer: 'agent at 10.0.0.2:823',
  portKind: 'tcp',
  request: { useFifos: false, traceId: 0x1234n, args: ['-e', 'sched_switch'], syncProtocols: ['ptp'] },
};

/** A host's session. `reactions` are called after the log was written. */
export function loggedHost(
  options: Partial<HostOptions> = {},
  reactions: { response?: () => void; metadataEnd?: () => void } = {},
): { host: HostSession; log: Log } {
  const log = new Log();
  const host = new HostSession(
    { ...HOST_OPTIONS, ...options },
    {
      ...log.listener(),
      response: ({ ports, syncProtocol, syncPort, useFifos }) => {
        log.events.push(`response ${useFifos ? 'FIFOs' : ports.join()} ${syncProtocol}:${syncPort}`);
        reactions.response?.();
      },
      metadata: (bytes) => void log.metadata.push(bytes.slice()),
      metadataEnd: () => {
        log.events.push('metadata end');
        reactions.metadataEnd?.();
      },
      ended: (confirmed) => void log.events.push(confirmed ? 'ended' : 'ended unconfirmed'),
    },
  );
  return { host, log };
}

/** An agent's session. */
export function loggedAgent(reactions: { request?: () => void; closeRequested?: () => void } = {}): {
  agent: AgentSession;
  log: Log;
} {
  const log = new Log();
  const agent = new AgentSession(
    { peer: 'recorder at 10.0.0.1:4321' },
    {
      ...log.listener(),
      request: ({ args, syncProtocols, useFifos, traceId }) => {
        const protocols = syncProtocols?.join() ?? 'no sync';
        log.events.push(`request ${traceId.toString(16)} ${args.join(' ')}; ${protocols}${useFifos ? '; FIFOs' : ''}`);
        reactions.request?.();
      },
      closeRequested: () => {
        log.events.push('close requested');
        reactions.closeRequested?.();
      },
    },
  );
  return { agent, log };
}
