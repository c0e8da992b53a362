import { constants } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fsError } from '../kernel/os-error.ts';
import { FILE_LIST, FILES_FOLDER, fileList, type ServedFile } from './served-files.ts';

/**
 * Makes a folder of the page and the files that any static host can serve. Files are copied by reference where the file
 * system can do that. Rejects with a TandemError (IO).
 */
export async function exportView(page: string, files: readonly ServedFile[], folder: string): Promise<void> {
  try {
    await mkdir(join(folder, FILES_FOLDER), { recursive: true });
    await copyFile(page, join(folder, 'index.html'));
    for (const { name, path } of files)
      await copyFile(path, join(folder, FILES_FOLDER, name), constants.COPYFILE_FICLONE);
    await writeFile(join(folder, FILE_LIST), fileList(files));
  } catch (error) {
    throw fsError(error, folder, 'can not be written');
  }
}
