import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildTrace } from '../../../test/support/build-trace.ts';
import { missing } from '../../../test/support/capabilities.ts';
import { memorySource } from '../../base/byte-source.ts';
import { utf8 } from '../../base/byte-writer.ts';
import { portableCodecs } from '../../trace-file/codecs.ts';
import { openTrace } from '../../trace-file/open.ts';
import { hookLines } from './hook-lines.ts';

const HOOKS = [
  'sched_wakeup,pid/sched_switch,next_pid',
  'sched:sched_wakeup,pid/sched:sched_switch,next_pid',
  'irq_handler_entry,irq,common_pid/irq_handler_exit,irq,PGS',
  'irq:softirq_entry,vec,pid/softirq_exit,vec,p',
  'a:b,c/d,e,s,more/and:more',
  'a,b:c,d:e/f,g:h',
  'a,,b//c,,d',
  'a,b/c:d,,e',
];

test.each([6, 7] as const)('hooks of a version %d file are told as by trace-cmd', async (version) => {
  const unable = missing('trace-cmd');
  if (unable !== undefined) return;
  const directory = mkdtempSync(join(tmpdir(), 'hooks-'));
  try {
    const bytes = buildTrace({
      version,
      options: HOOKS.map((hook) => ({ id: 6, data: utf8(`${hook}\0`) })),
      buffers: [{ cpus: [{ cpu: 0, events: [] }] }],
    });
    const path = join(directory, 'trace.dat');
    writeFileSync(path, bytes);
    const stock = execFileSync('trace-cmd', ['report', '-E', '-i', path], { encoding: 'latin1', stdio: 'pipe' });
    const trace = await openTrace(memorySource('trace.dat', bytes), portableCodecs);
    expect(Buffer.from(hookLines(trace)).toString('latin1')).toBe(stock);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
