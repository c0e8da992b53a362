import { existsSync } from 'node:fs';
import { run } from '../command.ts';
import type { Emulator } from './emulator.ts';
import type { Kernel } from './packages.ts';

const DEVICE = '/dev/kvm';
const MOST_SECONDS = 20;

/** kvm where a guest's kernel runs with it: some machines have the device, and can't run other kernels than their own. */
export async function findAccelerator(qemu: Emulator, kernel: Kernel, initramfs: string): Promise<'kvm' | 'tcg'> {
  return existsSync(DEVICE) && (await powersOffWithKvm(qemu, kernel, initramfs)) ? 'kvm' : 'tcg';
}

/** Whether a guest comes as far as to its first program, which switches it off. */
async function powersOffWithKvm(
  [program, ...firmware]: Emulator,
  { image }: Kernel,
  initramfs: string,
): Promise<boolean> {
  const plain = ['-M', 'q35', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'];
  const words = 'console=ttyS0 quiet panic=-1 rdinit=/bin/poweroff -- -f';
  const machine = ['-accel', 'kvm', '-cpu', 'host', '-m', '256'];
  const start = ['-kernel', image, '-initrd', initramfs, '-append', words];
  const result = await run(program, [...firmware, ...plain, ...machine, ...start], { seconds: MOST_SECONDS });
  return result.stdout.includes('Power down');
}
