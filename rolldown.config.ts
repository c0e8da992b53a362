import { defineConfig } from 'rolldown';

/**
 * The `tandem` command in a few files: Node takes as long to find and link two hundred modules as to read a small
 * trace. Workers are entries of their own, beside the command, where `new URL('./NAME.js', import.meta.url)` looks.
 */
export default defineConfig({
  input: {
    main: 'src/cli/main.ts',
    'capture-worker': 'src/record/capture-worker.ts',
    'receive-worker': 'src/record/guests/receive-worker.ts',
    'sampler-worker': 'src/sampler/sampler-worker.ts',
  },
  platform: 'node',
  // What brings native code or WebAssembly finds its own files where it is installed. Plots are large, and rare.
  external: ['koffi', '@bokuweb/zstd-wasm', '@resvg/resvg-wasm', /^echarts\//],
  output: { dir: 'dist/cli', sourcemap: true, cleanDir: true },
});
