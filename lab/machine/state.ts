import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { made, RUN } from '../folders.ts';
import type { Emulator } from '../setup/emulator.ts';
import type { GuestHardware } from './qemu.ts';

/** flat: guests of this machine. nested: one guest, named host, and guests of its KVM. */
export type Shape = 'flat' | 'nested';

/** A guest that was asked for. */
export interface GuestState extends GuestHardware {
  readonly name: string;
  /** From 1: gives its address and its vsock id. */
  readonly number: number;
  /** Pid of its QEMU, on the machine that is its host. */
  readonly pid: number;
}

/** What runs, as the last step of `up` left it. */
export interface LabState {
  readonly shape: Shape;
  /** Emulates CPUs, or gives guests the KVM of this machine. */
  readonly qemu: Emulator;
  readonly accelerator: 'tcg' | 'kvm';
  readonly kernel: string;
  readonly initramfs: string;
  /** With Node and Tandem in it: for guests without another root. */
  readonly tandemInitramfs: string;
  /** Folder of the built Tandem. */
  readonly tandem: string;
  /** flat: keeps the network. nested: QEMU of the machine `host`. */
  readonly holder: number;
  readonly guests: readonly GuestState[];
}

const file = (): string => join(RUN, 'state.json');

export function readState(): LabState | undefined {
  return existsSync(file()) ? (JSON.parse(readFileSync(file(), 'utf8')) as LabState) : undefined;
}

export function writeState(state: LabState): LabState {
  made(RUN);
  writeFileSync(`${file()}.partial`, JSON.stringify(state, undefined, 2));
  renameSync(`${file()}.partial`, file());
  return state;
}
