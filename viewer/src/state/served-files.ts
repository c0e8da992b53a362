import type { TraceInput } from '../protocol.ts';

const LIST = 'files.json';

/** Traces that lie beside the page, by a list of them; empty without one, as when the page was opened from a disk. */
export async function servedFiles(): Promise<TraceInput[]> {
  if (location.protocol === 'file:') return [];
  const answer = await fetch(new URL(LIST, location.href)).catch(() => undefined);
  if (!answer?.ok) return [];
  const list: unknown = await answer.json().catch(() => undefined);
  const files =
    typeof list === 'object' && list !== null && 'files' in list && Array.isArray(list.files) ? list.files : [];
  return files.filter(isListed).map(({ name, url }) => ({ name, url: new URL(url, location.href).href }));
}

function isListed(file: unknown): file is { readonly name: string; readonly url: string } {
  return (
    typeof file === 'object' &&
    file !== null &&
    'name' in file &&
    'url' in file &&
    typeof file.name === 'string' &&
    typeof file.url === 'string'
  );
}
