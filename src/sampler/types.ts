import type { Measurement } from '../sync/types.ts';
import type { MarkerInstance } from './marker-instance.ts';

/** What both sides' samplers need. */
export interface SamplerOptions {
  /** The time sync connection, blocking. It stays open when the sampler has ended. */
  readonly fd: number;
  /** Name of the protocol that both ends agreed on. */
  readonly protocol: string;
  /** Where the stamps of the trace clock come from. Remove it when the sampler has ended, not before. */
  readonly instance: MarkerInstance;
  /** The other end, for messages. */
  readonly peer: string;
  /** How long the other end may keep silent amid a measurement, in ms. */
  readonly timeoutMs: number;
}

export interface HostSamplerOptions extends SamplerOptions {
  /** How long it may take until the guest says anything, in ms: its thread has to start. */
  readonly firstTimeoutMs: number;
  /** CPUs of the guest: each is measured in every round. */
  readonly cpuCount: number;
  /** From the end of a round to the next one; 0: at the start and at the end only. */
  readonly intervalMs: number;
  /** Where KVM tells about the guest, if it is a virtual machine of this machine: see `KvmFiles.open`. */
  readonly vm: { readonly pid: number; readonly kvmFolder: string } | undefined;
  /** Whether who hears of measurements has a use for their probes. */
  readonly wantsProbes: boolean;
}

/** What a sampling thread is started with. */
export type SamplerTask =
  | { readonly role: 'host'; readonly options: HostSamplerOptions; readonly stop: Int32Array<SharedArrayBuffer> }
  | { readonly role: 'guest'; readonly options: SamplerOptions };

/** How a round went. */
export interface Round {
  /** 0 and up. */
  readonly round: number;
  /** Measurements that succeeded, one per guest CPU at most. */
  readonly measured: number;
  /** One line for each that did not. */
  readonly problems: readonly string[];
}

/** What a sampling thread says. It ends after `ended`. */
export type SamplerMessage =
  | { readonly type: 'measured'; readonly measurement: Measurement }
  | ({ readonly type: 'round' } & Round)
  /** Something that spoils a measurement, but does not end the others. */
  | { readonly type: 'problem'; readonly problem: string }
  /** `problem`: why it could not go on; undefined after an orderly end. */
  | { readonly type: 'ended'; readonly problem: string | undefined };
