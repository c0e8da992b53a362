import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // The kernel's tracefs is one for the whole machine: files that use it must not run side by side.
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
