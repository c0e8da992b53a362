import { formatText, recordBytes } from '../../../test/support/build-events.ts';
import { mixedScenario } from '../../../test/support/mixed-event.ts';
import { printsAsStock } from '../../../test/support/print-texts.ts';
import { Random } from '../../../test/support/random-records.ts';

const stored = new URL('expected/raw-fields.json', import.meta.url);

/** Conversions that fields are printed by: behind a `0x`, out of order, twice, in casts, and none at all. */
const PRINT_FORMATS: readonly string[] = [
  '"a=%llx b=%llu", REC->a, REC->b',
  '"b=0x%llx a=0x%08llx e=%d", REC->b, REC->a, REC->e',
  '"0x%x 0x %x", REC->d, REC->e',
  '"x0x%d%x", REC->e, REC->d',
  '"%d %x %d", REC->e, REC->e, REC->d',
  '"%u", (u8)REC->d',
  '"%u", (u8)(int)REC->d',
  '"%d", REC->d + 1',
  '"%5d|%-5u|%*d", REC->e, REC->d, REC->c, REC->f',
  '"%ps %pS %p", REC->func, REC->func, REC->zero',
  '"%pS", REC->func',
  '"%ps %d", (void *)REC->func, REC->e',
  '"%s %s", REC->name, __get_str(str)',
  '"%s %pM %pI4", REC->pstr, REC->mac, REC->ip4',
  '"%s", __print_flags(REC->d, "|", { 1, "A" })',
  '"%hhd %hd %lx %lld", REC->c, REC->sh, REC->l, REC->sbig',
  '"%s %s", REC->arr, REC->dyn',
  '"%d %d", REC->e',
  '"%d", unknown(REC->e, REC->sh, REC->c, REC->f, REC->l, REC->ul, REC->func, REC->name, REC->empty, REC->rstr, REC->bad)',
  '"%c %d", REC->zero, REC->e',
  '"nothing" " of a, b, c, d, e, f"',
];
const { scenario, labels } = mixedScenario(PRINT_FORMATS, new Random(3), { raw: true });
printsAsStock(stored, 'fields of report -R', scenario, { labels, every34: 5 });

/** What comes after a text that was none is bytes, too. */
const TEXTS = ['plain', 'caf\xc3\xa9', 'plain', ''];
const text = formatText('text', 1, ['char name[8];\toffset:8;\tsize:8;\tsigned:0;'], '"%s", REC->name');
const records = TEXTS.map((name) =>
  recordBytes(true, { id: 1, pid: 1 }, (out) => void out.bytes(Buffer.from(name.padEnd(8, '\0'), 'latin1'))),
);
printsAsStock(
  stored,
  'texts after bytes',
  { formats: [{ system: 'test', text }], records, raw: true },
  { labels: TEXTS },
);
