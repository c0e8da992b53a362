import type { Command } from 'commander';
import { AgentLog, type LogLevel } from '../agent/agent-log.ts';
import { leaveTerminal } from '../agent/background.ts';
import { runAgent } from '../agent/run-agent.ts';
import { TandemError } from '../base/errors.ts';
import { Daemon, startDaemon } from '../record/daemon.ts';
import { AGENT_PORT, LAST_TCP_PORT, LAST_VSOCK_PORT } from '../transport/address.ts';
import { EXIT_HELP } from './exit-status.ts';
import { GetoptCommand } from './getopt-command.ts';
import { levelOf } from './verbose-level.ts';

interface Switches {
  readonly port: string;
  readonly N?: string;
  readonly D?: true;
  readonly P?: string;
  readonly instance?: string;
  readonly verbose?: LogLevel;
  readonly debug?: true;
}

const NOTES = `
A recorder (tandem record -A, trace-cmd record -A) connects, says what to record, and takes the data. It can't have
programs run or files written here, and there is one at a time. When it has gone, everything is as it was before.
SIGINT or SIGTERM ends the agent.`;

/** `tandem agent`, ready to be added to the program. */
export function agentCommand(): Command {
  return new GetoptCommand('agent')
    .description("Let a recorder on another machine, a VM's host mostly, record this one, as trace-cmd agent does.")
    .option('-p, --port <port>', 'listen on this port', String(AGENT_PORT))
    .option('-N <client>', 'listen on TCP, not vsock, for this host or address; in trusted networks only')
    .option('-D', 'go to the background as soon as recorders can connect')
    .option('--instance <name>', 'record an instance of this name, not the top buffer')
    .option('--verbose [level]', '0 to 6: from 4 on say what is done', logLevel)
    .option('--debug', 'say each step')
    .option('-P <cid>', 'be a proxy, which is not possible yet')
    .addHelpText('after', NOTES)
    .addHelpText('after', EXIT_HELP)
    .action(async (switches: Switches) => {
      process.exitCode = await serve(switches);
    });
}

async function serve({
  port,
  N: client,
  D: background,
  P: proxy,
  instance,
  verbose,
  debug,
}: Switches): Promise<number> {
  if (proxy !== undefined) throw new TandemError('USAGE', '-P', 'is not supported', 'record on the host, with -A');
  if (instance !== undefined && !/^[^./][^/]*$/.test(instance)) {
    throw new TandemError('USAGE', `--instance ${instance}`, 'is not a possible name', 'use letters, digits, - and _');
  }
  const daemon = background ? Daemon.join() : undefined;
  if (background && daemon === undefined) return startDaemon();
  return runAgent({
    port: portOf(port, client === undefined ? LAST_VSOCK_PORT : LAST_TCP_PORT),
    ...{ client, instance: instance ?? '' },
    planOf: async () => (await import('./agent-plan.ts')).planOf,
    log: new AgentLog(debug ? 'debug' : (verbose ?? 'warning')),
    listening: () => {
      if (daemon === undefined) return;
      daemon.letGo();
      leaveTerminal();
    },
  });
}

function portOf(text: string, last: number): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= last) return Number(text);
  throw new TandemError('USAGE', `-p ${text}`, `is not a port from 0 (any that is free) to ${last}`);
}

function logLevel(text: string): LogLevel {
  const level = levelOf(text);
  return level === 'debug' || level === 'all' ? 'debug' : level === 'info' ? 'info' : 'warning';
}
