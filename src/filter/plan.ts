import type { TextVersion } from '../format/environment.ts';

/** A filter as a command line says it: its text, and whether a `-v` came before it. */
export interface FilterText {
  readonly text: string;
  readonly excludes: boolean;
}

/** What a command line says about filters, in its order: `-F TEXT`, `-v`, `-i FILE`. */
export type FilterOption = { readonly filter: string } | 'exclude' | 'file';

/** The filters of one file. One may be there twice, which only `-T` shows. */
export interface FilePlan {
  /** For the top buffer, in the order in which `-T` prints them. */
  readonly filters: readonly FilterText[];
  /** What `-T` prints once more for each further buffer of the file; the filters are the same ones. */
  readonly repeated: readonly FilterText[];
}

/**
 * Which filters apply to which file, as trace-cmd has it: those before the first `-i` to all files, those after an
 * `-i` to its file. If there are any before the first `-i`, those after it are for all files too.
 * `tasks` is the filter of `--pid` and `--comm`, which goes with those of the first file.
 *
 * 3.1 differs: without a second file it ignores filters after `-i`, unless one comes before it; with several files
 * all of those before the first `-i` are for the first file only.
 *
 * `files` counts the files that are read, also those that no `-i` names.
 */
export function planFilters(
  options: readonly FilterOption[],
  files: number,
  tasks: string | undefined,
  version: TextVersion,
): FilePlan[] {
  const groups = groupByFile(options);
  const task = tasks === undefined ? [] : [{ text: tasks, excludes: false }];
  const [global = [], first = []] = groups;
  const ofFirst = [...global, ...first, ...task];
  const later = (file: number): FilterText[] => groups[file + 1] ?? [];
  const plans = Array.from({ length: files }, (_, file): FilePlan => {
    if (version === '3.1') return { filters: file === 0 ? ofFirst : later(file), repeated: [] };
    const shared = global.length > 0 ? ofFirst : [];
    const own = file === 0 ? ofFirst : later(file);
    return { filters: [...shared, ...own], repeated: files > 1 ? [...shared, ...own] : shared };
  });
  if (version === '3.1' && files === 1) return [{ filters: onlyFileOf31(global, first, task), repeated: [] }];
  return plans;
}

/** The filters before the first file, then those after each. */
function groupByFile(options: readonly FilterOption[]): FilterText[][] {
  let group: FilterText[] = [];
  const groups = [group];
  let excludes = false;
  for (const option of options) {
    if (option === 'exclude') excludes = true;
    else if (option === 'file') {
      group = [];
      groups.push(group);
    } else group.push({ text: option.filter, excludes });
  }
  return groups;
}

/** With one file, 3.1 looks only at its list of filters before the first `-i`; `--pid` cuts off what followed that. */
function onlyFileOf31(global: FilterText[], first: FilterText[], task: FilterText[]): FilterText[] {
  if (global.length === 0 || task.length > 0) return [...global, ...task];
  return [...global, ...first];
}
