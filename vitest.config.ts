import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['./test/support/reporter.ts'],
    // The kernel's tracefs is one for the whole machine: files that use it must not run side by side.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    maxConcurrency: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{src,lab,viewer}/**/*.test.ts', 'test/support/*.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'whole', include: ['test/*.test.ts'], globalSetup: './test/support/build.ts' },
      },
    ],
  },
});
