import { existsSync } from 'node:fs';
import { basename } from 'node:path';

/** A file that the page may ask for. */
export interface ServedFile {
  /** What the page calls it; no other file has this name. Without a slash. */
  readonly name: string;
  readonly path: string;
}

/** Where the page looks for what to open, and the folder in which it is; both beside the page. */
export const FILE_LIST = 'files.json';
export const FILES_FOLDER = 'trace';

/** Trace files, and the logs of time sync that lie beside them, by names of their own. */
export function servedFiles(traces: readonly string[]): ServedFile[] {
  const logs = traces.map((path) => `${path}.tsync`).filter((path) => existsSync(path));
  const taken = new Set<string>();
  return [...traces, ...logs].map((path) => {
    let name = basename(path);
    for (let count = 2; taken.has(name); count++) name = `${count}-${basename(path)}`;
    taken.add(name);
    return { name, path };
  });
}

/** The text of FILE_LIST: names, and addresses that count from the page's. */
export function fileList(files: readonly ServedFile[]): string {
  const listed = files.map(({ name }) => ({ name, url: `${FILES_FOLDER}/${encodeURIComponent(name)}` }));
  return `${JSON.stringify({ files: listed }, undefined, 2)}\n`;
}
