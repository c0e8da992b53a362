import { formatText } from '../../../../test/support/build-events.ts';
import { comparesToStock } from '../../../../test/support/event-texts.ts';
import { buildRecord, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/sched.json', import.meta.url);

const SWITCH = [
  'char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;',
  'pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;',
  'int prev_prio;\toffset:28;\tsize:4;\tsigned:1;',
  'long prev_state;\toffset:32;\tsize:8;\tsigned:1;',
  'char next_comm[16];\toffset:40;\tsize:16;\tsigned:0;',
  'pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;',
  'int next_prio;\toffset:60;\tsize:4;\tsigned:1;',
];
const MASK = 'REC->prev_state & ((((0x00000000 | 0x00000001 | 0x00000080) + 1) << 1) - 1)';
const withStates = (states: string): string =>
  `"state=%s%s prio=%d", (${MASK}) ? __print_flags(${MASK}, "|", ${states}) : "R", ` +
  'REC->prev_state & (((0x00000000 | 0x00000080) + 1) << 1) ? "+" : "", REC->prev_prio';
const KERNEL_6 = withStates(
  '{ 0x00000001, "S" }, { 0x00000002, "D" }, { 0x00000004, "T" }, { 0x00000008, "t" }, { 0x00000010, "X" },' +
    ' { 0x00000020, "Z" }, { 0x00000040, "P" }, { 0x00000080, "I" }',
);
const SPARSE = withStates('{ 0x1, "Sleep" }, { 0x4, "q" }, { 2, "disk" }, { 0x10, "X" }, { 0x80000000, "Y" }');

function switches(format: string, seed: number) {
  const random = new Random(seed);
  const states = [0, 1, 2, 0x40, 0x80, 0x100, 0x402, 0xff, 0x1ff, 0xffff];
  return Array.from({ length: 60 }, (_, i) => ({
    cpu: i % 2,
    data: buildRecord(format, random, {
      ...(i < states.length ? { prev_state: states[i] as number } : {}),
      ...(i % 4 === 0 ? { prev_comm: `task ${i}`, prev_pid: 1 + (i % 5), next_pid: 0 } : {}),
    }),
  }));
}

const switchScenario = (format: string, seed: number) => ({
  formats: [{ system: 'sched', text: format }],
  records: switches(format, seed),
});

comparesToStock(
  stored,
  'sched_switch: names, numbers and states; the names it brings stay known',
  switchScenario(formatText('sched_switch', 372, SWITCH, KERNEL_6), 1),
);
comparesToStock(
  stored,
  'sched_switch with states of another kernel',
  switchScenario(formatText('sched_switch', 372, SWITCH, SPARSE), 2),
);
comparesToStock(
  stored,
  'sched_switch whose print format has no states',
  switchScenario(formatText('sched_switch', 372, SWITCH, '"%d", REC->prev_pid'), 3),
);

for (const missing of ['prev_pid', 'prev_comm', 'prev_prio', 'next_pid', 'next_comm', 'next_prio']) {
  const fields = SWITCH.filter((field) => !field.includes(`${missing};`) && !field.includes(`${missing}[`));
  const { formats, records } = switchScenario(formatText('sched_switch', 372, fields, '"%lx", REC->prev_state'), 4);
  comparesToStock(stored, `sched_switch without ${missing}`, { formats, records: records.slice(0, 4) });
}

const WAKEUP = [
  'char comm[16];\toffset:8;\tsize:16;\tsigned:0;',
  'pid_t pid;\toffset:24;\tsize:4;\tsigned:1;',
  'int prio;\toffset:28;\tsize:4;\tsigned:1;',
  'int target_cpu;\toffset:32;\tsize:4;\tsigned:1;',
];
const wakeup = formatText('sched_wakeup', 374, WAKEUP, '"comm=%s pid=%d", REC->comm, REC->pid');
const withSuccess = formatText(
  'sched_wakeup_new',
  375,
  [...WAKEUP, 'int success;\toffset:36;\tsize:4;\tsigned:1;'],
  '"comm=%s pid=%d", REC->comm, REC->pid',
);
const random = new Random(5);
comparesToStock(stored, 'sched_wakeup and sched_wakeup_new', {
  formats: [wakeup, withSuccess].map((text) => ({ system: 'sched', text })),
  records: Array.from({ length: 60 }, (_, i) => ({
    cpu: 0,
    data: buildRecord(i % 2 ? wakeup : withSuccess, random, i % 3 ? { pid: 1 + (i % 5), target_cpu: i } : {}),
  })),
});
