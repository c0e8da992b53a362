import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { takeLargest } from '../../test/support/mutation/guard.ts';
import { Random } from '../../test/support/mutation/random.ts';
import { damaged, inPieces, messagesOf } from '../../test/support/wire/damage.ts';
import { HOST_OPTIONS, type Log, loggedAgent, loggedHost } from '../../test/support/wire/ends.ts';
import { CAPTURED, capturedSession, streamOf } from '../../test/support/wire/sessions.ts';
import { TandemError } from '../base/errors.ts';
import { MessageReader, serialize } from './frame.ts';
import { MESSAGE_LIMIT, type Message } from './messages.ts';
import { readTimeSyncHeader, TimeSyncHeader } from './time-sync/header.ts';
import { readPtpProbes } from './time-sync/ptp.ts';

/*
 * Captured sessions, damaged at random, and in random pieces: what comes out are messages or one TandemError of one
 * line that names the peer. No other exception, no hang, no buffer longer than a message.
 * Repeat a run with MUTATION_SEED=N; case C of a test is damaged by seed N + C alone.
 */
const seed = Number(process.env.MUTATION_SEED ?? randomInt(2 ** 31));
const CASES = 26_000;
function checkMessage(message: string, peer: string): void {
  if (!message.startsWith(`${peer}: `) || /\p{Cc}/u.test(message) || message.length > 600) {
    throw new Error(`a bad message: ${JSON.stringify(message)}`);
  }
}

/** A session ends once, and says nothing afterwards. (An agent's good end is no event.) */
function checkLog(log: Log, peer: string, received: number): void {
  const end = log.events.findIndex((event) => /^(failed|ended)/.test(event));
  if (end >= 0 && end < log.events.length - 1) throw new Error(`went on after its end: ${log.events.join()}`);
  if ((log.error !== '') !== (log.events[end]?.startsWith('failed') ?? false))
    throw new Error(`ended with ${log.error}`);
  if (log.error !== '') checkMessage(log.error, peer);
  if (log.sent.length > 200) throw new Error(`${log.sent.length} messages sent`);
  const metadata = log.metadata.reduce((sum, bytes) => sum + bytes.length, 0);
  if (metadata > received) throw new Error(`${metadata} bytes of metadata out of ${received}`);
}

const inverse = new MessageReader('inverse');

/** What was read can be written, unless the missing end of its fixed part has no room; it is read the same again. */
function checkInverse(message: Message): void {
  try {
    const bytes = serialize(message);
    inverse.read(bytes, (same) => {
      if (Buffer.compare(bytes, serialize(same)) !== 0) throw new Error(`${message.command} changes`);
    });
  } catch (error) {
    if (!(error instanceof TandemError && error.code === 'UNSUPPORTED')) throw error;
  }
}

/** Runs all cases of one target; `play` throws where it misbehaves. */
function mutate(
  streams: readonly Uint8Array[],
  play: (stream: Uint8Array, random: Random, which: number) => void,
): void {
  const kinds = streams.map(messagesOf);
  const failures: string[] = [];
  for (let number = 0; number < CASES && failures.length < 5; number++) {
    const random = new Random(seed + number);
    const which = random.below(kinds.length);
    const stream = damaged(kinds[which]!, random);
    takeLargest();
    try {
      play(stream, random, which);
      const largest = takeLargest();
      if (largest > MESSAGE_LIMIT) throw new Error(`a buffer of ${largest} bytes`);
    } catch (error) {
      failures.push(`case ${number}: ${(error as Error).stack}`);
    }
  }
  expect(failures.join('\n\n'), `MUTATION_SEED=${seed}`).toBe('');
}

describe(`damaged sessions, seed ${seed}`, () => {
  beforeAll(() => console.log(`MUTATION_SEED=${seed}`));
  const sessions = CAPTURED.map(capturedSession);
  const controls = sessions.map(({ control }) => control);
  const fromAgents = controls.map((control) => streamOf(control, 'server'));
  const fromHosts = controls.map((control) => streamOf(control, 'client'));
  const syncs = sessions.flatMap(({ sync }) => [streamOf(sync, 'client'), streamOf(sync, 'server')]);

  test(`${CASES} times through the reader`, () => {
    mutate([...fromAgents, ...fromHosts, ...syncs], (stream, random) => {
      const reader = new MessageReader('peer');
      try {
        inPieces(stream, random, (piece) => {
          reader.read(piece, checkInverse);
          if (reader.pending.length >= MESSAGE_LIMIT) throw new Error('holds more than a message');
        });
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        checkMessage(error.message, 'peer');
      }
    });
  });

  test(`${CASES} times through a host's session`, () => {
    mutate(fromAgents, (stream, random, which) => {
      const syncProtocols = ['kvm', 'ptp'];
      const portKind = which === 0 ? 'tcp' : 'vsock';
      const { host, log } = loggedHost({ portKind, request: { ...HOST_OPTIONS.request, syncProtocols } });
      host.start();
      inPieces(stream, random, (piece) => {
        host.receive(piece);
        if (random.below(3) === 0) host.roundEnded();
        if (host.step === 'recording' && random.below(4) > 0) host.close();
      });
      if (random.below(2) === 0) host.expired();
      host.closed();
      if (!host.over) throw new Error(`not over, but in step ${host.step}`);
      checkLog(log, host.peer, stream.length);
    });
  });

  test(`${CASES} times through an agent's session`, () => {
    mutate(fromHosts, (stream, random) => {
      const { agent, log } = loggedAgent();
      agent.start();
      inPieces(stream, random, (piece) => {
        agent.receive(piece);
        if (agent.step === 'decision' && random.below(4) > 0) {
          const ports = [1500, 1501];
          agent.respond({ useFifos: false, pageSize: 4096, traceId: 1n, syncProtocol: '', syncPort: 0, ports });
          agent.endMetadata();
        }
        if (agent.step === 'ending' && random.below(2) === 0) agent.confirmEnd();
      });
      if (random.below(2) === 0) agent.expired();
      agent.closed();
      if (!agent.over) throw new Error(`not over, but in step ${agent.step}`);
      checkLog(log, agent.peer, stream.length);
    });
  });

  test(`${CASES} times through the sampler's codecs`, () => {
    const header = new TimeSyncHeader();
    const stamps = new BigUint64Array(339);
    mutate(syncs, (stream) => {
      const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
      try {
        for (let offset = 0; readTimeSyncHeader(view, offset, stream.length - offset, header, 'peer'); ) {
          const payload = offset + 32 + header.surplus;
          offset = payload + header.payloadLength;
          if (offset > stream.length) break;
          readPtpProbes(view, payload, header.payloadLength, stamps, 'peer');
        }
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        checkMessage(error.message, 'peer');
      }
    });
  });
});
