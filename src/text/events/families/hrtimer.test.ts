import { formatText } from '../../../../test/support/build-events.ts';
import { comparesToStock } from '../../../../test/support/event-texts.ts';
import { buildRecord, Random } from '../../../../test/support/random-records.ts';

const stored = new URL('./expected/hrtimer.json', import.meta.url);
const LONG_NAME = `_R${'x'.repeat(150)}`;
const KALLSYMS =
  'ffffffff81000000 T first\nffffffff81000100 t tick_sched_timer\n' +
  `ffffffff81000200 t ${LONG_NAME}\nffffffff81000300 T last\n`;
const FUNCTIONS = [0xffffffff81000100n, 0xffffffff81000104n, 0xffffffff81000200n, 0xffffffff81000210n, 0n, 0x1234n];

const start = formatText(
  'hrtimer_start',
  460,
  [
    'void * hrtimer;\toffset:8;\tsize:8;\tsigned:0;',
    'void * function;\toffset:16;\tsize:8;\tsigned:0;',
    's64 expires;\toffset:24;\tsize:8;\tsigned:1;',
    's64 softexpires;\toffset:32;\tsize:8;\tsigned:1;',
    'enum hrtimer_mode mode;\toffset:40;\tsize:4;\tsigned:0;',
  ],
  '"hrtimer=%p", REC->hrtimer',
);
const expire = formatText(
  'hrtimer_expire_entry',
  459,
  [
    'void * hrtimer;\toffset:8;\tsize:8;\tsigned:0;',
    's64 now;\toffset:16;\tsize:8;\tsigned:1;',
    'void * function;\toffset:24;\tsize:8;\tsigned:0;',
  ],
  '"hrtimer=%p", REC->hrtimer',
);

function scenario(formats: readonly string[], seed: number) {
  const random = new Random(seed);
  return {
    formats: formats.map((text) => ({ system: 'timer', text })),
    kallsyms: KALLSYMS,
    records: Array.from({ length: 40 }, (_, i) => ({
      cpu: i % 2,
      data: buildRecord(formats[i % formats.length] as string, random, { function: random.pick(FUNCTIONS) }),
    })),
  };
}

comparesToStock(stored, 'hrtimer_start and hrtimer_expire_entry', scenario([start, expire], 1));

const renamed = [start, expire].map((format) => format.replace('* hrtimer;', '* timer;').replace('->hrt', '->t'));
comparesToStock(stored, 'of old kernels, where the timer is called so', scenario(renamed, 2));

const without = [start, expire].map((format) =>
  format
    .replace('* hrtimer;', '* other;')
    .replace('now;', 'then;')
    .replace('expires;', 'runs;')
    .replace(' function;', ' fn;')
    .replace('->hrtimer', '->other'),
);
comparesToStock(stored, 'without the fields', scenario(without, 3));
