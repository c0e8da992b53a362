import { join } from 'node:path';
import { mustRun } from '../command.ts';
import { made, PORTS, RUN, SHARE } from '../folders.ts';
import { prepared } from '../setup/prepared.ts';
import type { Site } from './lab.ts';
import { LocalHost, type Machine } from './machine.ts';
import { addressOf, enter, startNetwork, tapOf, tapScript } from './network.ts';
import { makePipe } from './pipes.ts';
import { end, isAlive, LIFETIME, startDetached } from './processes.ts';
import { qemuArguments } from './qemu.ts';
import type { GuestState, LabState } from './state.ts';

/** Guests of this machine, in a network of their own. */
export class FlatSite implements Site {
  readonly host: Machine;
  readonly #state: LabState;

  constructor(state: LabState) {
    this.#state = state;
    this.host = new LocalHost(state.holder);
  }

  static async begin(): Promise<LabState> {
    const parts = await prepared();
    const holder = await startNetwork(join(RUN, 'network.log'));
    const bin = made(join(SHARE, 'host/bin'));
    const command = `#!/bin/sh\nexec ${process.execPath} ${parts.tandem}/dist/cli/main.js "$@"\n`;
    await mustRun('sh', ['-c', `printf %s "$1" >"$2" && chmod 755 "$2"`, 'sh', command, join(bin, 'tandem')]);
    return { shape: 'flat', ...parts, holder, guests: [] };
  }

  isAlive(): boolean {
    return isAlive(this.#state.holder);
  }

  portOf(guest: string, port: string): string {
    return join(PORTS, guest, port);
  }

  async start(guest: Omit<GuestState, 'pid'>, incoming?: string): Promise<number> {
    const { name, number, vcpus } = guest;
    const { qemu, accelerator, kernel, initramfs, tandem, holder } = this.#state;
    const network = enter(holder);
    await mustRun('nsenter', [...network, 'sh', '-c', tapScript(number)]);
    const names = ['lab', 'monitor', ...tracePipes(vcpus)];
    await mustRun('rm', ['-rf', join(PORTS, name)]);
    for (const port of names) await makePipe(this.portOf(name, port));
    const ports = names.filter((port) => port !== 'monitor').map((port) => [port, this.portOf(name, port)]);
    const plan = qemuArguments({
      ...guest,
      accelerator,
      cpuModel: accelerator === 'kvm' ? 'host' : 'max',
      kernel,
      initramfs,
      kernelWords: [`lab.address=${addressOf(number)}/24`, `lab.tandem=/host${tandem}/dist/cli/main.js`],
      job: SHARE,
      root: '/',
      console: join(SHARE, name, 'console.log'),
      ports: Object.fromEntries(ports),
      monitor: this.portOf(name, 'monitor'),
      tap: tapOf(number),
      incoming,
    });
    return startDetached('nsenter', [...network, 'timeout', LIFETIME, ...qemu, ...plan], join(SHARE, name, 'qemu.log'));
  }

  async runs({ pid }: GuestState): Promise<boolean> {
    return isAlive(pid);
  }

  async stop({ pid }: GuestState): Promise<void> {
    await end([pid]);
  }
}

/** Ports through which a guest's CPUs send their traces without a network, named as trace-cmd names them. */
export const tracePipes = (vcpus: number): string[] =>
  Array.from({ length: vcpus }, (_, cpu) => `trace-pipe-cpu${cpu}`);
