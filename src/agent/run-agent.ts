import { localCid } from '../kernel/local-cid.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { putBack } from '../record/put-back.ts';
import { StopSignals } from '../record/stop-signals.ts';
import { type Listener, listen } from '../transport/listener.ts';
import { clientNamed } from '../transport/peer-check.ts';
import type { AgentLog } from './agent-log.ts';
import type { ServerSetting } from './agent-server.ts';

export interface AgentOptions extends Pick<ServerSetting, 'log' | 'instance'> {
  readonly port: number;
  /** Who may connect by TCP; undefined: listen on vsock. */
  readonly client: string | undefined;
  /** Loads what reads the options of requests. */
  readonly planOf: () => Promise<ServerSetting['planOf']>;
  /** Is called when recorders can connect. */
  readonly listening: () => void;
}

/**
 * Serves recorders, one at a time, until a signal ends it. Returns the exit status.
 *
 * All that serves is loaded when recorders can connect already: a guest may be slow, the more so while it boots.
 */
export async function runAgent(options: AgentOptions): Promise<number> {
  const { log, instance } = options;
  const tracefs = openTracefs();
  await putBackKilledRuns(log);
  const listener = await openListener(options);
  const signals = new StopSignals();
  // A second one is for the impatient.
  void signals.nth(2).then(() => process.exit(1));
  options.listening();
  const [{ AgentServer }, planOf] = await Promise.all([import('./agent-server.ts'), options.planOf()]);
  const server = new AgentServer(listener, { log, instance, planOf, tracefs });
  const putBackNow = (): void => server.putBack();
  process.on('exit', putBackNow);
  void signals.nth(1).then(() => server.stop());
  await server.serve();
  process.off('exit', putBackNow);
  signals.release();
  return 0;
}

async function putBackKilledRuns(log: AgentLog): Promise<void> {
  const problems = await putBack({
    kept: false,
    tell: ({ pid }) => log.warn(`Putting back what a run that was killed (pid ${pid}) left switched on`),
  });
  for (const problem of problems) log.warn(problem);
}

async function openListener({ port, client, log }: AgentOptions): Promise<Listener> {
  const rejected = (peer: string, why: string): void => log.warn(`${peer}: tried to connect, but ${why}`);
  if (client === undefined) {
    const listener = listen({ kind: 'vsock', port });
    process.stdout.write(`listening on @${localCid() ?? '?'}:${listener.port}\n`);
    return listener;
  }
  const listener = listen({ kind: 'tcp', port }, { check: await clientNamed(client), rejected });
  process.stdout.write(`listening on TCP port ${listener.port}\n`);
  log.warn(
    `TCP is open: nothing is encrypted, and whoever is, or pretends to be, ${client} can record this machine; use it in trusted networks only`,
  );
  return listener;
}
