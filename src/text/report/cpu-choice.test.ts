import { expect, it } from 'vitest';
import type { TraceBuffer } from '../../trace-file/types.ts';
import { type CountedFile, chooseCpus, chooseNumberedCpus } from './cpu-choice.ts';

const buffer = (name: string, ...cpus: number[]): TraceBuffer =>
  ({ name, cpus: cpus.map((cpu) => ({ cpu, offset: 0, size: 0 })) }) as unknown as TraceBuffer;
const FILES: readonly CountedFile[] = [
  { cpuCount: 4, buffers: [buffer('', 0, 1), buffer('instance', 0, 2)] },
  { cpuCount: 2, buffers: [buffer('', 1)] },
];

/** `FILE.BUFFER.CPU` of all that are shown. */
function shown(choice: ReturnType<typeof chooseCpus>): string[] {
  return FILES.flatMap(({ buffers }, file) =>
    buffers.flatMap((one, index) =>
      one.cpus.filter(({ cpu }) => choice(file, one, cpu)).map(({ cpu }) => `${file}.${index}.${cpu}`),
    ),
  );
}

it('means the same CPU of every file and buffer', () => {
  expect(shown(chooseCpus(['1-2']))).toEqual(['0.0.1', '0.1.2', '1.0.1']);
  expect(shown(chooseCpus([])).length).toBe(5);
});

it('counts CPUs through as trace-cmd does: top buffers first', () => {
  // 3.4: file 0 has 0 and 1, file 1 2 and 3, the instance 4 to 6. 3.1: 0 to 3, 4 and 5, 6 to 9.
  expect(shown(chooseNumberedCpus(['1,3', '4'], FILES, '3.4'))).toEqual(['0.0.1', '0.1.0', '1.0.1']);
  expect(shown(chooseNumberedCpus(['5:8'], FILES, '3.1'))).toEqual(['0.1.2', '1.0.1']);
});
