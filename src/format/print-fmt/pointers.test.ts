import { mixedScenario } from '../../../test/support/mixed-event.ts';
import { printsAsStock } from '../../../test/support/print-texts.ts';
import { Random } from '../../../test/support/random-records.ts';

const stored = new URL('expected/pointers.json', import.meta.url);

const PRINT_FORMATS: readonly string[] = [
  '"%p %p %p", REC->zero, REC->a, REC->func',
  '"%pK|%px|%pa|%pB|%pR|%pd", REC->zero, REC->a, REC->func, REC->func, REC->a, REC->a',
  '"%ps|%pS|%pf|%pF|", REC->func, REC->func, REC->func, REC->func',
  '"%pfw|%pSR|%psx", REC->func, REC->func, REC->func',
  '"0x%ps %lx", REC->func, REC->ul',
  '"%pS", (void *)REC->func',
  '"%pS", REC->func + 1',
  '"%pM|%pm|%pMF|%pMR|%pmR|%pmF", REC->mac, REC->mac, REC->mac, REC->mac, REC->mac, REC->mac',
  '"%pM", REC->ip4',
  '"%pM", (u8 *)REC->mac',
  '"%pM", __get_str(str)',
  '"%pM %pM %pM", REC->e + 1, 5, "x"',
  '"%pM %d", __get_dynamic_array(dyn), REC->e',
  '"%pI4|%pi4|%pI4h|%pI4n|%pI4l|%pI4b|%pi4h|%pi4l", REC->ip4, REC->ip4, REC->ip4, REC->ip4, REC->ip4, REC->ip4, REC->ip4, REC->ip4',
  '"%pI4|%pI4", REC->addr4, &REC->addr4',
  '"%pI4", REC->mac',
  '"%pI6|%pi6|%pI6c|%pi6c|", REC->ip6, REC->ip6, REC->ip6, REC->ip6',
  '"%pI6 %pI6", REC->ip4, REC->e',
  '"%pI|%pI5|%pi", REC->ip4, REC->ip4, REC->ip4',
  '"%pIS|%pISc|%pISp|%pISpc|%piS|", REC->sa, REC->sa, REC->sa, REC->sa, REC->sa',
  '"%pISpsc|%pISpfch|%pIScp|%pISpch|%pISphc|%pISh|%pISl|", REC->sa, REC->sa, REC->sa, REC->sa, REC->sa, REC->sa, REC->sa',
  '"%pISpc|%pIS", __get_sockaddr(dsa), __get_dynamic_array(dsa)',
  '"%pISpc", (struct sockaddr *)__get_sockaddr(dsa)',
  '"%pISpc", REC->e',
  '"%pU|%pUb|%pUB|%pUl|%pUL", REC->uuid, REC->uuid, REC->uuid, REC->uuid, REC->uuid',
  '"%pU", REC->mac',
  '"%pUx", REC->uuid',
  '"%*ph|%*phC|%*phD|%*phN", REC->i, __get_dynamic_array(dyn), REC->i, __get_dynamic_array(dyn), REC->i, __get_dynamic_array(dyn), REC->i, __get_dynamic_array(dyn)',
  '"%*ph", (int)__get_dynamic_array_len(dyn), __get_dynamic_array(dyn)',
  '"%6ph|%ph", __get_dynamic_array(dyn), __get_dynamic_array(dyn)',
  '"%*ph", 6, REC->mac',
  '"%*ph", 100, __get_rel_dynamic_array(rdyn)',
  '"%*pbl", 64, REC->a',
  '"%*pb", 64, __get_bitmask(mask)',
  '"%pUb", __get_dynamic_array(dyn)',
  '"%s %d", jbd2_dev_to_name(REC->d), jbd2_dev_to_name(REC->d)',
  '"%s", xen_hypercall_name(REC->i)',
  '"%s", xen_hypercall_name(REC->d)',
  '"%d", is_writable_pte(REC->d)',
  '"%s", scsi_trace_parse_cdb(p, __get_dynamic_array(dyn), 16)',
  '"%d", __le16_to_cpup(__get_dynamic_array(dyn32))',
  '"%pS", __get_stacktrace(mask)',
];

const { scenario, labels } = mixedScenario(PRINT_FORMATS, new Random(1));
printsAsStock(stored, 'conversions of pointers, and functions of the kernel', scenario, { labels, every34: 5 });

const bigEndian = mixedScenario(PRINT_FORMATS, new Random(2), { littleEndian: false });
printsAsStock(stored, 'conversions of pointers, and functions of the kernel, big endian', bigEndian.scenario, {
  labels: bigEndian.labels,
  every34: 11,
});

const calls = mixedScenario(
  PRINT_FORMATS.filter((format) => /"%[sd].*", \w+\(/.test(format)),
  new Random(3),
);
for (const raw of [false, true]) {
  printsAsStock(
    stored,
    `functions of the kernel without plug-ins${raw ? ', report -R' : ''}`,
    { ...calls.scenario, raw, knowsCalls: false },
    { labels: calls.labels, every34: 5 },
  );
}
