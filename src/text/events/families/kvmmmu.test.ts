import { formatText } from '../../../../test/support/build-events.ts';
import { comparesToStock } from '../../../../test/support/event-texts.ts';
import { buildRecord, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/kvmmmu.json', import.meta.url);
const PAGE = [
  '__u8 mmu_valid_gen;\toffset:8;\tsize:1;\tsigned:0;',
  '__u64 gfn;\toffset:16;\tsize:8;\tsigned:0;',
  '__u32 role;\toffset:24;\tsize:4;\tsigned:0;',
  '__u32 root_count;\toffset:28;\tsize:4;\tsigned:0;',
  'bool unsync;\toffset:32;\tsize:1;\tsigned:0;',
];
const NAMES = ['get_page', 'sync_page', 'unsync_page', 'zap_page', 'prepare_zap_page'];
const formats = NAMES.map((name, i) =>
  formatText(
    `kvm_mmu_${name}`,
    120 + i,
    i === 0 ? [...PAGE, 'bool created;\toffset:33;\tsize:1;\tsigned:0;'] : PAGE,
    '"gfn %llx", REC->gfn',
  ),
);

function scenario(littleEndian: boolean) {
  const random = new Random(1);
  return {
    littleEndian,
    formats: formats.map((text) => ({ system: 'kvmmmu', text })),
    records: Array.from({ length: 100 }, (_, i) => ({
      cpu: 0,
      data: buildRecord(formats[i % 5] as string, random, i < 40 ? { role: 2 ** (i % 32) } : {}, { littleEndian }),
    })),
  };
}

comparesToStock(stored, 'shadow pages and all bits of their role', scenario(true));
comparesToStock(stored, 'shadow pages of a big-endian kernel', scenario(false));
