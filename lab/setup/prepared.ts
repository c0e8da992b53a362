import { LabError } from '../errors.ts';
import { findAccelerator } from './accelerator.ts';
import { type Emulator, emulator } from './emulator.ts';
import { initramfs } from './initramfs.ts';
import { installedKernel, missingPackages } from './packages.ts';
import { pruneCache } from './prune.ts';
import { buildTandem } from './tandem.ts';

/** What guests are started from. */
export interface Parts {
  readonly qemu: Emulator;
  readonly accelerator: 'tcg' | 'kvm';
  readonly kernel: string;
  readonly initramfs: string;
  readonly tandemInitramfs: string;
  readonly tandem: string;
}

/** Makes what can be made without installing anything. */
export async function prepared(): Promise<Parts> {
  const missing = await missingPackages();
  if (missing.length > 0)
    throw new LabError(`packages are missing: ${missing.join(' ')}`, 'run `npm run lab -- setup`');
  const kernel = installedKernel();
  const tandem = await buildTandem();
  pruneCache();
  const small = await initramfs(kernel);
  const qemu = emulator();
  return {
    qemu,
    accelerator: await findAccelerator(qemu, kernel, small),
    kernel: kernel.image,
    tandem,
    initramfs: small,
    tandemInitramfs: await initramfs(kernel, tandem),
  };
}
