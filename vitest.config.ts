import { defineConfig } from 'vitest/config';

/** What the kernel, sockets and other programs are asked for: these tests have deadlines, and one tracefs for all. */
const OF_THE_MACHINE = 'src/{kernel,record,sampler,transport,wire}/**/*.test.ts';

export default defineConfig({
  test: {
    reporters: ['./test/support/reporter.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    maxConcurrency: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,lab,viewer}/**/*.test.ts', 'test/support/*.test.ts'],
          exclude: [OF_THE_MACHINE],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'files',
          include: ['test/files/*.test.ts'],
          globalSetup: './test/support/build.ts',
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'machine',
          include: [OF_THE_MACHINE, 'test/*.test.ts'],
          globalSetup: './test/support/build.ts',
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
