import { describe, expect, it } from 'vitest';
import { ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { CommTable } from '../../names/comms.ts';
import { TaskColumn } from './task-column.ts';

function text(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return new TextDecoder().decode(out.view());
}

function comms(names: Record<number, string>): CommTable {
  const table = new CommTable();
  for (const [pid, name] of Object.entries(names)) table.register(Number(pid), utf8(name), 0, utf8(name).length);
  return table;
}

describe('TaskColumn', () => {
  const names = { 1: 'init', 42: 'a-name-of-more-than-16-bytes', 0: 'swapper' };

  it('aligns names to 16 bytes and lets longer ones flow over', () => {
    const column = new TaskColumn(comms(names), false);
    expect(text((out) => column.write(out, 1))).toBe('            init-1     ');
    expect(text((out) => column.write(out, 42))).toBe('a-name-of-more-than-16-bytes-42    ');
    expect(text((out) => column.write(out, 0))).toBe('          <idle>-0     ');
    expect(text((out) => column.write(out, 123456))).toBe('           <...>-123456 ');
  });

  it('cuts names to 8 bytes in latency format', () => {
    const column = new TaskColumn(comms(names), true);
    expect(text((out) => column.write(out, 1))).toBe('    init-1     ');
    expect(text((out) => column.write(out, 42))).toBe('a-name-o-42    ');
  });

  it('shows a name from the moment it is known', () => {
    const table = comms(names);
    const column = new TaskColumn(table, false);
    expect(text((out) => column.write(out, 7))).toBe('           <...>-7     ');
    table.register(7, utf8('late'), 0, 4);
    expect(text((out) => column.write(out, 7))).toBe('            late-7     ');
  });
});
