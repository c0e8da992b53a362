import type { SyncSample } from '../../time/types.ts';
import {
  KVM_NAME,
  KVM_REQUEST,
  KVM_RESPONSE,
  KVM_SIZE,
  readKvmTime,
  writeKvmRequest,
  writeKvmResponse,
} from '../../wire/time-sync/kvm.ts';
import { isTscClock } from '../clocks.ts';
import type { GuestSide, GuestTools, HostSide, HostTools, Measurement, SyncProtocol, VcpuTsc } from '../types.ts';
import { wrongContent, wrongMessage } from './peer-error.ts';

/** Measurements in which the hypervisor's numbers changed before one is kept all the same. */
const MOST_TRIES = 4;

/**
 * The hypervisor's own numbers: the guest stamps its TSC, the host says what KVM adds to it, by debugfs. Nothing is
 * measured, so the bound is 0; both clocks must be TSCs.
 */
export const kvm: SyncProtocol = {
  name: KVM_NAME,
  accuracy: 0,
  flags: 0,
  supports(role, clock, { readsVcpuTsc }) {
    if (!isTscClock(clock)) return false;
    return role === 'guest' || (role === 'host' && readsVcpuTsc);
  },
  host: (tools) => new KvmHost(tools),
  guest: (tools) => new KvmGuest(tools),
};

/** What stands in sample and message: the hypervisor's offset with the sign turned, and neutral default ratios. */
function storedForm({ offset, scaling, fraction }: VcpuTsc): Omit<SyncSample, 'time' | 'bound'> {
  const neutral = isDefaultRatio(scaling);
  return { offset: -offset, scaling: neutral ? 1n : scaling, fraction: neutral ? 0 : fraction };
}

/** Ratios of 1 as AMD (32 bits of fraction) and Intel (48 bits) write them, or none. */
function isDefaultRatio(scaling: bigint): boolean {
  return scaling === 1n || scaling === 1n << 32n || scaling === 1n << 48n;
}

class KvmHost implements HostSide {
  readonly #tools: HostTools;

  constructor(tools: HostTools) {
    this.#tools = tools;
  }

  measure(cpu: number): Measurement {
    const { link, vcpuTsc } = this.#tools;
    if (vcpuTsc === undefined) throw wrongContent(link, 'a choice of "kvm" that was not offered');
    for (let left = MOST_TRIES; ; left--) {
      const before = vcpuTsc(cpu);
      this.#tools.ask(cpu);
      const time = this.#receiveRequest();
      const after = vcpuTsc(cpu);
      const { offset, scaling, fraction } = storedForm(after);
      link.send(KVM_RESPONSE, writeKvmResponse(link.output, 0, time, offset, scaling, BigInt(fraction)));
      const changed = before.offset !== after.offset || before.scaling !== after.scaling;
      if (changed && left > 1) continue;
      // Which of the two held when the guest stamped can't be told.
      const bound = changed ? magnitude(after.offset - before.offset) : 0n;
      const sample = { time: BigInt.asUintN(64, time), offset, scaling, fraction, bound };
      return { cpu, sample, limits: undefined, probes: undefined };
    }
  }

  /** Returns the guest's stamp. */
  #receiveRequest(): bigint {
    const { link } = this.#tools;
    const id = link.receive();
    const length = link.payload();
    if (id !== KVM_REQUEST) throw wrongMessage(link, id, 'its stamp of the TSC was due');
    if (length < KVM_SIZE) throw wrongContent(link, `a stamp of ${length} bytes`);
    const time = readKvmTime(link.input, 0);
    if (time === 0n) throw wrongContent(link, 'no stamp: its marker is not in its trace');
    return time;
  }
}

class KvmGuest implements GuestSide {
  readonly #tools: GuestTools;

  constructor(tools: GuestTools) {
    this.#tools = tools;
  }

  answer(): void {
    const { link, markers } = this.#tools;
    markers.begin(1);
    markers.mark(0);
    link.send(KVM_REQUEST, writeKvmRequest(link.output, 0, markers.read()[0] ?? 0n));
    const id = link.receive();
    link.payload();
    if (id !== KVM_RESPONSE) throw wrongMessage(link, id, "the hypervisor's numbers were due");
  }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
