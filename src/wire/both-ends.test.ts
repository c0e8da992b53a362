import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loggedAgent, loggedHost } from '../../test/support/wire/ends.ts';
import { concat } from '../../test/support/wire/sessions.ts';
import type { AgentResponse } from './agent-session.ts';

/*
 * The two sessions, connected to each other: whatever one sends arrives at the other in pieces, at any time.
 */

/** What a session varies in. */
const scenario = fc.record({
  args: fc.array(
    fc.string({ minLength: 1, maxLength: 20 }).filter((arg) => !arg.includes('\0')),
    { maxLength: 5 },
  ),
  cpus: fc.integer({ min: 1, max: 600 }),
  syncs: fc.boolean(),
  /** What the agent hands to its session, piece by piece. */
  metadata: fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 5 }),
  /** How many bytes are moved at a time, and which way: to the agent if odd. */
  moves: fc.array(fc.nat(6000), { minLength: 1, maxLength: 50 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

interface Pair extends ReturnType<typeof pairFor> {}

function pairFor({ args, cpus, syncs, metadata }: Scenario) {
  const response: AgentResponse = {
    useFifos: false,
    pageSize: 4096,
    traceId: 99n,
    syncProtocol: syncs ? 'ptp' : '',
    syncPort: syncs ? 1499 : 0,
    ports: Array.from({ length: cpus }, (_, cpu) => 1500 + cpu),
  };
  const request = { useFifos: false, traceId: 77n, args, syncProtocols: ['kvm', 'ptp'] };
  const hostSide = loggedHost({ request }, { metadataEnd: () => hostSide.host.close() });
  const agentSide = loggedAgent({
    request: () => {
      agentSide.agent.respond(response);
      for (const piece of metadata) agentSide.agent.sendMetadata(piece);
      agentSide.agent.endMetadata();
    },
    closeRequested: () => agentSide.agent.confirmEnd(),
  });
  return { hostSide, agentSide };
}

/** Moves bytes until there are none left, or until `limit` of them have been moved. Returns how many there were. */
function run({ hostSide, agentSide }: Pair, { moves }: Scenario, limit = Number.POSITIVE_INFINITY): number {
  const { host, log: hostLog } = hostSide;
  const { agent, log: agentLog } = agentSide;
  host.start();
  agent.start();
  const moved = { toAgent: 0, toHost: 0 };
  for (let turn = 0; ; turn++) {
    const [toAgent, toHost] = [hostLog.sentBytes(), agentLog.sentBytes()];
    const left = limit - moved.toAgent - moved.toHost;
    if ((moved.toAgent === toAgent.length && moved.toHost === toHost.length) || left <= 0) break;
    const move = moves[turn % moves.length] as number;
    const size = Math.min(1 + (move >> 1), left);
    // Both ways by turns where the draws have only one of them.
    if ((move + Math.floor(turn / moves.length)) % 2 === 1) {
      agent.receive(toAgent.slice(moved.toAgent, moved.toAgent + size));
      moved.toAgent = Math.min(toAgent.length, moved.toAgent + size);
    } else {
      host.receive(toHost.slice(moved.toHost, moved.toHost + size));
      moved.toHost = Math.min(toHost.length, moved.toHost + size);
    }
    if (move % 5 === 0) host.roundEnded();
  }
  return moved.toAgent + moved.toHost;
}

test('a session comes to its end, however its bytes are cut', () => {
  const property = fc.property(scenario, (drawn) => {
    const pair = pairFor(drawn);
    run(pair, drawn);
    const { host, log } = pair.hostSide;
    expect([host.step, pair.agentSide.agent.step, log.error]).toEqual(['done', 'done', '']);
    expect(Buffer.compare(concat(log.metadata), concat(drawn.metadata))).toBe(0);
    const ports = Array.from({ length: drawn.cpus }, (_, cpu) => 1500 + cpu).join();
    expect(log.events).toEqual([`response ${ports} ${drawn.syncs ? 'ptp:1499' : ':0'}`, 'metadata end', 'ended']);
    expect(pair.agentSide.log.events).toEqual([`request 4d ${drawn.args.join(' ')}; kvm,ptp`, 'close requested']);
  });
  fc.assert(property, { numRuns: 200 });
});

test('a session that is cut off ends at both ends, each with one error at most', () => {
  const property = fc.property(scenario, fc.double({ min: 0, max: 1, noNaN: true }), (drawn, share) => {
    const all = run(pairFor(drawn), drawn);
    const pair = pairFor(drawn);
    run(pair, drawn, Math.floor(share * all));
    for (const end of [pair.hostSide.host, pair.agentSide.agent]) {
      end.closed();
      end.closed();
      end.expired();
      expect(end.over).toBe(true);
    }
    for (const { log } of [pair.hostSide, pair.agentSide]) {
      expect(log.events.filter((event) => event.startsWith('failed')).length).toBeLessThanOrEqual(1);
      expect(log.wait).toBeUndefined();
    }
    const { metadata } = pair.hostSide.log;
    const whole = concat(drawn.metadata);
    expect(Buffer.compare(concat(metadata), whole.subarray(0, concat(metadata).length))).toBe(0);
  });
  fc.assert(property, { numRuns: 200 });
});
