import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { mustRun, run } from '../command.ts';
import { CACHE, GUEST_SCRIPTS, made } from '../folders.ts';
import { type ArchiveEntry, cpioArchive } from './cpio.ts';
import type { Kernel } from './packages.ts';
import { markUsed } from './prune.ts';

const MODULES = [
  'virtio_pci',
  'virtio_console',
  'virtio_net',
  '9pnet_virtio',
  '9p',
  'overlay',
  'vmw_vsock_virtio_transport',
  'vhost_vsock',
  'tun',
  'bridge',
  'kvm_amd',
  'kvm_intel',
];
/** Programs with their libraries. iproute2's ip, because busybox's knows no quickack. */
const PROGRAMS = ['trace-cmd', 'ip'];
const FOLDERS = ['dev', 'proc', 'sys', 'tmp', 'run', 'etc', 'root', 'job', 'usr/local/bin'];

/** What goes into an archive; folders are made as needed. */
class Tree {
  readonly #entries = new Map<string, ArchiveEntry>();

  folder(path: string): void {
    if (path === '.' || path === '' || this.#entries.has(path)) return;
    this.folder(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    this.#entries.set(path, { path, kind: 'folder' });
  }

  add(entry: ArchiveEntry): void {
    this.folder(entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/'))));
    this.#entries.set(entry.path, entry);
  }

  file(path: string, from: string, executable = false): void {
    this.add({ path, kind: 'file', content: readFileSync(from), executable });
  }

  /** A program at usr/bin, and the libraries that it and `libraryUsers` are linked with. */
  async program(name: string, from: string): Promise<void> {
    this.file(`usr/bin/${name}`, from, true);
    await this.libraries(from);
  }

  async libraries(of: string): Promise<void> {
    const listing = (await run('ldd', [of])).stdout;
    for (const [path] of listing.matchAll(/\/\S+/g)) {
      // The loader looks in /lib by itself.
      this.file(path.replace(/^\/(usr\/)?/, ''), path, true);
    }
  }

  copy(path: string, from: string): void {
    if (lstatSync(from).isDirectory())
      for (const name of readdirSync(from)) this.copy(join(path, name), join(from, name));
    else this.file(path, from);
  }

  archive(): Buffer {
    return cpioArchive(this.#entries.values());
  }
}

/** Files of modules and of what they need, in the order in which to load them. */
async function moduleFiles({ root, version }: Kernel, name: string): Promise<string[]> {
  const { stdout } = await run('modprobe', ['-d', root, '-S', version, '--show-depends', name]);
  return [...stdout.matchAll(/^insmod (\S+)/gm)].map(([, path]) => path as string);
}

async function which(name: string): Promise<string> {
  return (await mustRun('sh', ['-c', `command -v ${name}`])).trim();
}

async function baseTree(kernel: Kernel): Promise<Tree> {
  const tree = new Tree();
  for (const folder of FOLDERS) tree.folder(folder);
  const busybox = await which('busybox');
  tree.file('bin/busybox', busybox, true);
  const applets = (await mustRun(busybox, ['--list'])).split('\n').filter((name) => name && name !== 'busybox');
  for (const name of applets) tree.add({ path: `bin/${name}`, kind: 'link', content: 'busybox' });
  for (const module of MODULES) {
    const files = await moduleFiles(kernel, module);
    for (const path of files) tree.file(`modules/${basename(path)}`, path);
    const content = files.map((path) => `${basename(path)}\n`).join('');
    tree.add({ path: `modules/${module}.needs`, kind: 'file', content });
  }
  for (const name of PROGRAMS) await tree.program(name, await which(name));
  for (const script of ['init', 'serve']) tree.file(script, join(GUEST_SCRIPTS, script), true);
  return tree;
}

/** Adds Node without its symbols, and Tandem as `tandem` runs it. */
async function addTandem(tree: Tree, tandem: string): Promise<void> {
  const node = join(CACHE, `node-${process.version}`);
  if (!existsSync(node)) {
    await mustRun('strip', ['-o', `${node}.partial`, process.execPath]);
    renameSync(`${node}.partial`, node);
  }
  await tree.program('node', node);
  tree.copy('opt/tandem', tandem);
}

/** An initramfs for guests, without a file system of its own; with Node and Tandem if `tandem` names its folder. */
export async function initramfs(kernel: Kernel, tandem?: string): Promise<string> {
  const tree = await baseTree(kernel);
  if (tandem !== undefined) await addTandem(tree, tandem);
  return cached(tandem === undefined ? 'small' : 'tandem', tree.archive());
}

/** Files are named after what they hold: guests may keep what they read of a name for ever. */
function cached(kind: string, content: Buffer): string {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const path = join(made(CACHE), `initramfs-${kind}-${hash}.cpio`);
  if (!existsSync(path)) {
    writeFileSync(`${path}.partial`, content);
    renameSync(`${path}.partial`, path);
  }
  markUsed(path);
  return path;
}
