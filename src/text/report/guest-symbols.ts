import { pairFiles, pairWithFirst } from '../../timeline/pairing.ts';
import type { GuestSymbols } from './file-context.ts';
import type { ReportFile } from './report-file.ts';

const NO_GUESTS: GuestSymbols = () => undefined;

/**
 * For each file, the functions of the guests whose CPUs are threads of its pids. With `compat` the first file is the
 * host of all others, and its pids count in every file.
 */
export function guestSymbols(files: readonly ReportFile[], compat: boolean): GuestSymbols[] {
  const traces = files.map(({ trace }) => trace);
  const { guestCpusOf } = compat ? pairWithFirst(traces) : pairFiles(traces);
  return files.map((_, index) => {
    const guests = guestCpusOf[compat ? 0 : index];
    if (guests === undefined || guests.size === 0) return NO_GUESTS;
    return (pid, hi, lo) => {
      const guest = guests.get(pid);
      return guest && files[guest.file]?.env.symbols.find(hi, lo);
    };
  });
}
