import { formatText } from '../../../../test/support/build-events.ts';
import { comparesToStock } from '../../../../test/support/event-texts.ts';
import { buildRecord, type FieldValue, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/kvm.json', import.meta.url);

const exit = formatText(
  'kvm_exit',
  103,
  [
    'unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;',
    'unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;',
    'u32 isa;\toffset:24;\tsize:4;\tsigned:0;',
    'u64 info1;\toffset:32;\tsize:8;\tsigned:0;',
    'u64 info2;\toffset:40;\tsize:8;\tsigned:0;',
  ],
  '"vcpu rip 0x%lx", REC->guest_rip',
);
const oldExit = formatText(
  'kvm_exit',
  103,
  [
    'unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;',
    'unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;',
  ],
  '"vcpu rip 0x%lx", REC->guest_rip',
);
const entry = formatText(
  'kvm_entry',
  115,
  [
    'unsigned int vcpu_id;\toffset:8;\tsize:4;\tsigned:0;',
    'unsigned long rip;\toffset:16;\tsize:8;\tsigned:0;',
    'bool immediate_exit;\toffset:24;\tsize:1;\tsigned:0;',
  ],
  '"vcpu %u, rip 0x%lx", REC->vcpu_id, REC->rip',
);
const emulate = formatText(
  'kvm_emulate_insn',
  85,
  [
    '__u64 rip;\toffset:8;\tsize:8;\tsigned:0;',
    '__u32 csbase;\toffset:16;\tsize:4;\tsigned:0;',
    '__u8 len;\toffset:20;\tsize:1;\tsigned:0;',
    '__u8 insn[15];\toffset:21;\tsize:15;\tsigned:0;',
    '__u8 flags;\toffset:36;\tsize:1;\tsigned:0;',
    '__u8 failed;\toffset:37;\tsize:1;\tsigned:0;',
  ],
  '"%x:%llx", REC->csbase, REC->rip',
);
const inject = formatText(
  'kvm_nested_vmexit_inject',
  89,
  [
    '__u32 exit_code;\toffset:8;\tsize:4;\tsigned:0;',
    '__u64 exit_info1;\toffset:16;\tsize:8;\tsigned:0;',
    '__u64 exit_info2;\toffset:24;\tsize:8;\tsigned:0;',
    '__u32 exit_int_info;\toffset:32;\tsize:4;\tsigned:0;',
    '__u32 exit_int_info_err;\toffset:36;\tsize:4;\tsigned:0;',
    '__u32 isa;\toffset:40;\tsize:4;\tsigned:0;',
  ],
  '"reason: %x", REC->exit_code',
);
const nested = formatText(
  'kvm_nested_vmexit',
  90,
  ['__u64 rip;\toffset:48;\tsize:8;\tsigned:0;', ...(inject.match(/(?<=\tfield:)__.*/g) as string[])],
  '"reason: %x", REC->exit_code',
);
const nestedOfToday = formatText(
  'kvm_nested_vmexit',
  90,
  [
    'unsigned int exit_reason;\toffset:8;\tsize:4;\tsigned:0;',
    'unsigned long guest_rip;\toffset:16;\tsize:8;\tsigned:0;',
  ],
  '"reason: %x rip 0x%lx", REC->exit_reason, REC->guest_rip',
);

function scenario(format: string, seed: number, values: readonly Readonly<Record<string, FieldValue>>[]) {
  const random = new Random(seed);
  return {
    formats: [{ system: 'kvm', text: format }],
    records: values.map((given) => ({ cpu: 0, data: buildRecord(format, random, given) })),
  };
}
const times = (count: number) => Array.from({ length: count }, () => ({}));
const reasons = [...Array(0x98).keys(), 0x3ff, 0x400, 0x401, 0x402, 0x403, 0x80000021, 0xffffffff, 0xfffffffe];

comparesToStock(
  stored,
  'kvm_exit: all reasons of both architectures, and of none',
  scenario(
    exit,
    1,
    [1, 2, 0, 3].flatMap((isa) => reasons.slice(isa % 3 ? 0 : -3).map((exit_reason) => ({ isa, exit_reason }))),
  ),
);
comparesToStock(stored, 'kvm_exit of old kernels', scenario(oldExit, 2, times(20)));
comparesToStock(stored, 'kvm_entry', scenario(entry, 3, times(20)));
comparesToStock(
  stored,
  'kvm_emulate_insn',
  scenario(
    emulate,
    4,
    Array.from({ length: 30 }, (_, i) => ({ len: 1 + (i % 15), ...(i % 2 ? { failed: 0 } : {}) })),
  ),
);
comparesToStock(
  stored,
  'kvm_nested_vmexit_inject',
  scenario(inject, 5, [...times(10), { isa: 1 }, { isa: 2, exit_code: 0x7b }]),
);
comparesToStock(stored, 'kvm_nested_vmexit', scenario(nested, 6, times(10)));
comparesToStock(stored, 'kvm_nested_vmexit of kernels of today', scenario(nestedOfToday, 7, times(4)));

const guest = {
  pid: 77,
  kallsyms: 'ffffffff81000000 T pv_native_safe_halt\nffffffff81000100 T default_idle\nffffffff81000200 T end\n',
};
const rips = [0xffffffff81000000n, 0xffffffff81000010n, 0xffffffff81000100n, 0xffffffff810001ffn, 0x1000n, -1n];
const inGuest = (format: string, seed: number, values: Record<string, number> = {}) => ({
  ...scenario(
    format,
    seed,
    rips.flatMap((rip) => [77, 78].map((common_pid) => ({ ...values, common_pid, rip, guest_rip: rip }))),
  ),
  guest,
});
comparesToStock(stored, 'kvm_entry with functions of a guest', inGuest(entry, 8));
comparesToStock(stored, 'kvm_exit with functions of a guest', inGuest(exit, 9, { isa: 1, exit_reason: 12 }));
comparesToStock(stored, 'kvm_emulate_insn with functions of a guest', inGuest(emulate, 10, { len: 3, failed: 1 }));
comparesToStock(stored, 'kvm_nested_vmexit with functions of a guest', inGuest(nested, 11, { isa: 2 }));
