/** A file of an archive. `content` is what a regular file holds, or where a symbolic link leads. */
export interface ArchiveEntry {
  /** Without a slash in front. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link';
  readonly content?: Uint8Array | string;
  readonly executable?: boolean;
}

const MODE = { folder: 0o040755, file: 0o100644, link: 0o120777 } as const;
const ALIGNMENT = 4;

/**
 * A cpio archive of the "newc" format, as the kernel unpacks an initramfs (its Documentation:
 * driver-api/early-userspace/buffer-format). Folders come before what is in them.
 */
export function cpioArchive(entries: Iterable<ArchiveEntry>): Buffer {
  const pieces: Buffer[] = [];
  let inode = 1;
  for (const { path, kind, content = '', executable } of entries) {
    const mode = kind === 'file' && executable ? 0o100755 : MODE[kind];
    addMember(pieces, path, inode++, mode, Buffer.from(content));
  }
  addMember(pieces, 'TRAILER!!!', 0, 0, Buffer.alloc(0));
  return Buffer.concat(pieces);
}

function addMember(pieces: Buffer[], path: string, inode: number, mode: number, content: Buffer): void {
  const name = Buffer.from(`${path}\0`);
  const [uid, gid, links, time, major, minor, rMajor, rMinor, check] = [0, 0, 1, 0, 0, 0, 0, 0, 0];
  const numbers = [
    inode,
    mode,
    uid,
    gid,
    links,
    time,
    content.length,
    major,
    minor,
    rMajor,
    rMinor,
    name.length,
    check,
  ];
  const header = `070701${numbers.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  pieces.push(padded(Buffer.concat([Buffer.from(header), name])), padded(content));
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % ALIGNMENT;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT - rest)]);
}
