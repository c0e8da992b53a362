/** What a guest is made of. */
export interface GuestHardware {
  readonly vcpus: number;
  /** Of several vCPUs, the last has an id far from the others', as on hosts with odd topologies. */
  readonly sparse: boolean;
  readonly megabytes: number;
  /** Whether QEMU gives the threads of vCPUs names. */
  readonly namesThreads: boolean;
}

/** Where a guest is and what it starts with; paths as the machine sees them that runs its QEMU. */
export interface GuestPlan extends GuestHardware {
  readonly name: string;
  readonly accelerator: 'tcg' | 'kvm';
  readonly cpuModel: string;
  readonly kernel: string;
  readonly initramfs: string;
  readonly kernelWords: readonly string[];
  /** The share /job. */
  readonly job: string;
  /** A root to share read-only, if it is not the initramfs. */
  readonly root?: string | undefined;
  readonly console: string;
  /** Virtio-serial ports by name: the pipe of each, without `.in` and `.out`, or a device. */
  readonly ports: Readonly<Record<string, string>>;
  /** As `ports`. */
  readonly monitor: string;
  readonly tap?: string | undefined;
  readonly vsockCid?: number | undefined;
  /** Where a migrated guest comes from, instead of booting. */
  readonly incoming?: string | undefined;
}

const QUIET = [
  'console=ttyS0',
  'quiet',
  'panic=-1',
  // Where CPUs are emulated the kernel can't measure clocks against each other.
  'tsc=reliable',
  'no_timer_check',
  'random.trust_cpu=on',
  'mitigations=off',
];

/** Arguments of qemu-system-x86_64. */
export function qemuArguments(plan: GuestPlan): string[] {
  const words = [...QUIET, `lab.name=${plan.name}`, ...(plan.root ? ['lab.root=9p'] : []), ...plan.kernelWords];
  return [
    ...[
      '-name',
      `${plan.name},debug-threads=${plan.namesThreads ? 'on' : 'off'}`,
      '-M',
      'q35,hpet=off',
      '-nodefaults',
      '-no-user-config',
    ],
    ...['-accel', plan.accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm', '-cpu', plan.cpuModel, ...topology(plan)],
    ...['-m', String(plan.megabytes), '-display', 'none', '-no-reboot', '-serial', `file:${plan.console}`],
    ...['-kernel', plan.kernel, '-initrd', plan.initramfs, '-append', words.join(' ')],
    // Every possible port costs QEMU two descriptors to poll, each time that it does anything at all.
    ...['-device', 'virtio-rng-pci', '-device', `virtio-serial-pci,max_ports=${1 + Object.keys(plan.ports).length}`],
    ...Object.entries(plan.ports).flatMap(([name, path]) => port(name, path)),
    ...['-chardev', `pipe,id=monitor,path=${plan.monitor}`, '-mon', 'chardev=monitor,mode=control'],
    ...share('job', plan.job, ''),
    ...(plan.root ? share('root', plan.root, ',readonly=on,multidevs=remap') : []),
    ...(plan.tap ? network(plan.tap, plan.name) : []),
    ...(plan.vsockCid ? ['-device', `vhost-vsock-pci,guest-cid=${plan.vsockCid}`] : []),
    ...(plan.incoming ? ['-incoming', plan.incoming] : []),
  ];
}

function port(name: string, path: string): string[] {
  const id = name.replace(/[^\w]/g, '-');
  return ['-chardev', `pipe,id=port-${id},path=${path}`, '-device', `virtserialport,chardev=port-${id},name=${name}`];
}

function share(tag: string, path: string, more: string): string[] {
  const backend = `local,id=${tag},path=${path},security_model=none${more}`;
  return ['-fsdev', backend, '-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`];
}

function network(tap: string, name: string): string[] {
  const last = [...name].reduce((sum, letter) => (sum + letter.charCodeAt(0)) & 0xff, 0).toString(16);
  const device = `virtio-net-pci,netdev=net,mac=52:54:00:77:00:${last.padStart(2, '0')},romfile=`;
  return ['-netdev', `tap,id=net,ifname=${tap},script=no,downscript=no`, '-device', device];
}

/** Sockets of three cores take four APIC ids each, and a vCPU's id is its APIC id: the second socket begins with 4. */
function topology({ vcpus, sparse, cpuModel }: GuestPlan): string[] {
  if (!sparse) return ['-smp', String(vcpus)];
  const [model, ...features] = cpuModel.split(',');
  const last = [`${model}-x86_64-cpu`, 'socket-id=1', 'core-id=0', 'thread-id=0', ...features].join(',');
  return ['-smp', `${vcpus - 1},maxcpus=6,sockets=2,cores=3,threads=1`, '-device', last];
}
