import { type Dirent, opendirSync } from 'node:fs';
import { fsError } from './os-error.ts';

/** Names in a folder of tracefs, in the kernel's own order, which trace-cmd shows (readdir of Node would sort). */
export function namesInKernelOrder(path: string): string[] {
  return entries(path).map(({ name }) => name);
}

/** As `namesInKernelOrder`, folders only. */
export function foldersInKernelOrder(path: string): string[] {
  return entries(path)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function entries(path: string): Dirent[] {
  try {
    const folder = opendirSync(path);
    try {
      const found: Dirent[] = [];
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) found.push(entry);
      return found;
    } finally {
      folder.closeSync();
    }
  } catch (error) {
    throw fsError(error, path, 'can not be read');
  }
}
