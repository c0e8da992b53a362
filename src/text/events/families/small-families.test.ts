import { formatText } from '../../../../test/support/build-events.ts';
import { comparesToStock } from '../../../../test/support/event-texts.ts';
import { buildRecord, type FieldValue, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/small-families.json', import.meta.url);

function scenario(
  system: string,
  formats: readonly string[],
  values: readonly Readonly<Record<string, FieldValue>>[],
  kallsyms = '',
) {
  const random = new Random(values.length);
  return {
    formats: formats.map((text) => ({ system, text })),
    kallsyms,
    records: values.map((given, i) => ({
      cpu: 0,
      data: buildRecord(formats[i % formats.length] as string, random, given),
    })),
  };
}
const times = (count: number) => Array.from({ length: count }, () => ({}));

const ALLOCATIONS = [
  'kfree',
  'kmalloc',
  'kmalloc_node',
  'kmem_cache_alloc',
  'kmem_cache_alloc_node',
  'kmem_cache_free',
];
comparesToStock(
  stored,
  'kmem: the caller before the print format',
  scenario(
    'kmem',
    ALLOCATIONS.map((name, i) =>
      formatText(
        name,
        650 + i,
        [
          'unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;',
          'const void * ptr;\toffset:16;\tsize:8;\tsigned:0;',
        ],
        '"call_site=%lx ptr=%p", REC->call_site, REC->ptr',
      ),
    ),
    Array.from({ length: 24 }, (_, i) => ({ call_site: 0xffffffff81000000n + BigInt(i) * 0x40n })),
    'ffffffff81000100 T caller\nffffffff81000200 T other\nffffffff81000300 T last\n',
  ),
);
comparesToStock(
  stored,
  'kmem without a caller',
  scenario(
    'kmem',
    [formatText('kfree', 657, ['void * ptr;\toffset:8;\tsize:8;\tsigned:0;'], '"ptr=%p", REC->ptr')],
    [{ ptr: 5 }],
  ),
);

const tlb = formatText(
  'tlb_flush',
  188,
  ['int reason;\toffset:8;\tsize:4;\tsigned:1;', 'unsigned long pages;\toffset:16;\tsize:8;\tsigned:0;'],
  '"pages:%ld", REC->pages',
);
comparesToStock(
  stored,
  'tlb_flush',
  scenario(
    'tlb',
    [tlb],
    [0, 1, 2, 3, 4, 5, -1].map((reason) => ({ reason })),
  ),
);
comparesToStock(
  stored,
  'tlb_flush without a reason',
  scenario('tlb', [tlb.replace(' reason;', ' why;')], [{ pages: 1 }, { pages: -1 }]),
);

const futex = formatText(
  'sys_enter_futex',
  522,
  [
    'int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;',
    'u32 * uaddr;\toffset:16;\tsize:8;\tsigned:0;',
    'int op;\toffset:24;\tsize:8;\tsigned:0;',
    'u32 val;\toffset:32;\tsize:8;\tsigned:0;',
    'const struct __kernel_timespec * utime;\toffset:40;\tsize:8;\tsigned:0;',
    'u32 * uaddr2;\toffset:48;\tsize:8;\tsigned:0;',
    'u32 val3;\toffset:56;\tsize:8;\tsigned:0;',
  ],
  '"uaddr: 0x%08lx, op: 0x%08lx", ((unsigned long)(REC->uaddr)), ((unsigned long)(REC->op))',
);
const operations = [...Array(15).keys(), 64, 2 ** 32, 2 ** 33 + 1, -1];
comparesToStock(
  stored,
  'sys_enter_futex: all operations with all flags',
  scenario(
    'syscalls',
    [futex],
    [0, 128, 256, 384].flatMap((flags) => operations.map((op) => ({ op: BigInt(op) | BigInt(flags) }))),
  ),
);
comparesToStock(
  stored,
  'sys_enter_futex with a field of another size',
  scenario('syscalls', [futex.replace('utime;\toffset:40;\tsize:8', 'utime;\toffset:40;\tsize:3')], times(2)),
);

const BSS = [
  '__data_loc char[] wiphy_name;\toffset:8;\tsize:4;\tsigned:0;',
  'char vif_name[16];\toffset:12;\tsize:16;\tsigned:0;',
  'enum nl80211_iftype vif_type;\toffset:28;\tsize:4;\tsigned:0;',
  'bool assoc;\toffset:32;\tsize:1;\tsigned:0;',
  'u16 aid;\toffset:34;\tsize:2;\tsigned:0;',
  'bool cts;\toffset:36;\tsize:1;\tsigned:0;',
  'bool shortpre;\toffset:37;\tsize:1;\tsigned:0;',
  'u8 dtimper;\toffset:39;\tsize:1;\tsigned:0;',
  'u16 bcnint;\toffset:40;\tsize:2;\tsigned:0;',
  'u16 assoc_cap;\toffset:42;\tsize:2;\tsigned:0;',
  'u32 basic_rates;\toffset:44;\tsize:4;\tsigned:0;',
  'bool enable_beacon;\toffset:48;\tsize:1;\tsigned:0;',
  'u16 ht_operation_mode;\toffset:50;\tsize:2;\tsigned:0;',
];
const bss = (fields: readonly string[]) =>
  scenario(
    'mac80211',
    [formatText('drv_bss_info_changed', 800, fields, '"%d", REC->assoc')],
    Array.from({ length: 8 }, (_, i) => ({ wiphy_name: ((8 - i) << 16) | 12, assoc_cap: i % 3 })),
  );
comparesToStock(stored, 'drv_bss_info_changed', bss(BSS));
comparesToStock(
  stored,
  'drv_bss_info_changed without some fields',
  bss(BSS.filter((_, i) => i !== 2 && i !== 1 && i < 11)),
);
