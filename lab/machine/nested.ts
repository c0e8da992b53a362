import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { made, PORTS, SHARE } from '../folders.ts';
import { prepared } from '../setup/prepared.ts';
import { waitFor } from '../waiting.ts';
import { vsockCid } from './agent.ts';
import { tracePipes } from './flat.ts';
import type { Site } from './lab.ts';
import { GuestMachine, type Machine, mustExec } from './machine.ts';
import { addressOf, BRIDGE_SCRIPT, tapOf, tapScript } from './network.ts';
import { makePipe } from './pipes.ts';
import { isAlive, LIFETIME, startDetached } from './processes.ts';
import { qemuArguments } from './qemu.ts';
import type { GuestState, LabState } from './state.ts';

const INNER = ['guest1', 'guest2'];
const HOST_READY_SECONDS = 120;
/** The default, 15, had an AGP bridge, for which kernels search 5 s here. */
const PLAIN_FAMILY = 23;
/** The emulated SVM gives the host a real KVM. */
const HOST_CPU = `max,+svm,+npt,family=${PLAIN_FAMILY}`;
const HOST_MEGABYTES = 4096;
/** QEMU's SVM is wrong on several: see "What it can't" in lab/README.md. */
const HOST_CPUS = 1;
/** The files of the machine outside, as the host sees them. */
const OUTSIDE = '/host';

/** Where trace-cmd looks for the pipes of a guest's CPUs. */
const tracePipeFolder = (guest: string): string => `/var/lib/trace-cmd/virt/${guest}`;

/** A test in shell. The host's first process does not collect what remains of others. */
const alive = (pid: number): string => `grep -qs '^State:.[^ZX]' /proc/${pid}/status`;

/** One emulated guest with a KVM of its own, which is the host, and the guests of that. */
export class NestedSite implements Site {
  readonly host: Machine;
  readonly #state: LabState;

  constructor(state: LabState) {
    this.#state = state;
    this.host = new GuestMachine('host', join(PORTS, 'host/lab'), () => this.isAlive());
  }

  static async begin(): Promise<LabState> {
    const parts = await prepared();
    made(join(SHARE, 'host/exec'));
    // The guests' ports lead through the host, to this machine.
    const inner = INNER.flatMap((guest) => [`${guest}/lab`, `${guest}/monitor`]);
    const names = ['host/lab', 'host/monitor', ...inner];
    for (const name of names) await makePipe(join(PORTS, name));
    const ports = inner.map((name) => [name.replace('/', '.'), join(PORTS, name)]);
    const plan = qemuArguments({
      name: 'host',
      accelerator: 'tcg',
      cpuModel: HOST_CPU,
      vcpus: HOST_CPUS,
      sparse: false,
      megabytes: HOST_MEGABYTES,
      namesThreads: true,
      kernel: parts.kernel,
      initramfs: parts.initramfs,
      kernelWords: [
        'lab.modules=kvm_amd,vhost_vsock,tun,bridge',
        // Moving pages together interrupts all CPUs, which emulated ones don't always survive.
        'transparent_hugepage=never',
        `lab.tandem=${OUTSIDE}${parts.tandem}/dist/cli/main.js`,
      ],
      job: SHARE,
      root: '/',
      console: join(SHARE, 'host/console.log'),
      ports: { lab: join(PORTS, 'host/lab'), ...Object.fromEntries(ports) },
      monitor: join(PORTS, 'host/monitor'),
    });
    const holder = startDetached('timeout', [LIFETIME, ...parts.qemu, ...plan], join(SHARE, 'host/qemu.log'));
    const state: LabState = { shape: 'nested', ...parts, holder, guests: [] };
    const site = new NestedSite(state);
    await waitFor(`the host (see ${SHARE}/host/console.log)`, HOST_READY_SECONDS, () => {
      if (!site.isAlive()) throw new LabError('QEMU of the host has ended', `see ${SHARE}/host/qemu.log`);
      return existsSync(join(SHARE, 'host/ready')) || undefined;
    });
    await mustExec(site.host, BRIDGE_SCRIPT);
    return state;
  }

  isAlive(): boolean {
    return isAlive(this.#state.holder);
  }

  portOf(guest: string, port: string): string {
    return join(PORTS, guest, port);
  }

  async start(guest: Omit<GuestState, 'pid'>, incoming?: string): Promise<number> {
    const { name, number, vcpus } = guest;
    const { kernel, tandemInitramfs } = this.#state;
    const pipes = tracePipes(vcpus).map((pipe) => [pipe, `${tracePipeFolder(name)}/${pipe}`] as const);
    const plan = qemuArguments({
      ...guest,
      accelerator: 'kvm',
      cpuModel: `host,family=${PLAIN_FAMILY}`,
      kernel: `${OUTSIDE}${kernel}`,
      initramfs: `${OUTSIDE}${tandemInitramfs}`,
      kernelWords: [
        'lab.modules=vmw_vsock_virtio_transport',
        'lab.tandem=/opt/tandem/dist/cli/main.js',
        `lab.address=${addressOf(number)}/24`,
        'lpj=10000000',
        'pci=nommconf',
      ],
      job: '/job',
      console: `/job/${name}/console.log`,
      ports: { lab: `/dev/virtio-ports/${name}.lab`, ...Object.fromEntries(pipes) },
      monitor: `/dev/virtio-ports/${name}.monitor`,
      tap: tapOf(number),
      incoming,
      vsockCid: vsockCid(number),
    });
    const quoted = plan.map((word) => `'${word}'`).join(' ');
    const script = `${tapScript(number)}
mkdir -p ${tracePipeFolder(name)}
${pipes.map(([, path]) => `rm -f ${path}.in ${path}.out; mkfifo ${path}.in ${path}.out`).join('\n')}
setsid qemu-system-x86_64 ${quoted} >/job/${name}/qemu.log 2>&1 </dev/null &
echo $!`;
    return Number(await mustExec(this.host, script));
  }

  async runs({ pid }: GuestState): Promise<boolean> {
    return (await this.host.exec(alive(pid))).status === 0;
  }

  async stop({ pid, name }: GuestState): Promise<void> {
    const script = `kill -KILL ${pid} 2>/dev/null
while ${alive(pid)}; do sleep 0.1; done
rm -rf ${tracePipeFolder(name)}`;
    await mustExec(this.host, script);
  }
}
