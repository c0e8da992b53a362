import { expect, test } from 'vitest';
import { formatText, recordBytes } from '../../../test/support/build-events.ts';
import { comparesToStock, type Scenario } from '../../../test/support/event-texts.ts';
import { parseEventFormat } from '../../format/parse-event.ts';
import { blktraceFormat } from './blktrace.ts';

const stored = new URL('./expected/blktrace.json', import.meta.url);
const LOCK_DEPTH = '\tfield:int common_lock_depth;\toffset:8;\tsize:4;\tsigned:1;\n\n';
const predecessor = (name: string, id: number) =>
  formatText(name, id, ['unsigned int value;\toffset:12;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');

/** Records of the id after each of the formats, with a pid at its place in struct blk_io_trace. */
function scenario(formats: readonly string[], ids: readonly number[]): Scenario {
  return {
    formats: formats.map((text) => ({ system: 'ftrace', text })),
    records: ids.map((id) => ({
      cpu: 0,
      data: recordBytes(
        true,
        { id, pid: 1 },
        (out) =>
          void out
            .zeros(24)
            .u32(id === 14 ? -77 : 1000 + id)
            .zeros(28),
      ),
    })),
  };
}

const withLockDepth = predecessor('user_stack', 13).replace('signed:1;\n\n', `signed:1;\n${LOCK_DEPTH}`);
comparesToStock(stored, 'after user stacks', scenario([predecessor('user_stack', 13)], [14, 13, 14]));
comparesToStock(stored, 'after user stacks, with a lock depth', scenario([withLockDepth], [14]));
comparesToStock(
  stored,
  'after what came before it in older kernels',
  scenario([predecessor('user_stack', 13), predecessor('kmem_free', 20), predecessor('power', 30)], [31]),
);

test('is not described when its common fields are not known to lie where they must', () => {
  const describe = (format: string) =>
    blktraceFormat((_system, name) =>
      name === 'user_stack' ? parseEventFormat(format, 'ftrace', { longSize: 8 }) : undefined,
    );
  expect(describe(predecessor('user_stack', 13))).toContain('ID: 14\n');
  expect(
    describe(predecessor('user_stack', 13).replace('common_pid;\toffset:4', 'common_pid;\toffset:12')),
  ).toBeUndefined();
  expect(describe(withLockDepth.replace('depth;\toffset:8', 'depth;\toffset:16'))).toBeUndefined();
  expect(blktraceFormat(() => undefined)).toBeUndefined();
});
