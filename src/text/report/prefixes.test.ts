import { describe, expect, it } from 'vitest';
import type { TraceBuffer } from '../../trace-file/types.ts';
import { prefixesOf } from './prefixes.ts';

const file = (label: string, ...instances: string[]) => ({
  label,
  trace: { buffers: ['', ...instances].map((name) => ({ name }) as TraceBuffer) },
});

function prefixes(...files: ReturnType<typeof file>[]): { headings: string[]; lines: string[][] } {
  const made = prefixesOf(files);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    headings: made.headings.map(text),
    lines: files.map(({ trace }, i) => trace.buffers.map((buffer) => text(made.of(i, buffer)))),
  };
}

describe('the names in front of lines', () => {
  it('are none for one buffer', () => {
    expect(prefixes(file('a.dat'))).toEqual({ headings: [''], lines: [['']] });
  });

  it('are those of instances only in one file', () => {
    expect(prefixes(file('a.dat', 'one', 'longer'))).toEqual({
      headings: [''],
      lines: [['        ', '   one: ', 'longer: ']],
    });
  });

  it('are those of all files and instances, headings aligned to what was met before', () => {
    expect(prefixes(file('h.dat', 'instance'), file('guest.dat', 'x/very-long-name'))).toEqual({
      headings: ['    h.dat: ', 'guest.dat: '],
      lines: [
        ['         h.dat: ', '      instance: '],
        ['     guest.dat: ', 'very-long-name: '],
      ],
    });
  });
});
