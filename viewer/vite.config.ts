import { createHash } from 'node:crypto';
import { defineConfig, type Plugin } from 'vite';

/**
 * The whole page in one file, script and style in it: it opens from a disk, where browsers load no module that a page
 * names.
 */
function singleFile(): Plugin {
  return {
    name: 'single-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find(({ fileName }) => fileName.endsWith('.html'));
      if (page?.type !== 'asset') throw new Error('the build made no page');
      let html = String(page.source);
      const [scripts, styles]: [string[], string[]] = [[], []];
      for (const part of Object.values(bundle)) {
        if (part.type === 'chunk') {
          const script = part.code.replaceAll('</script', '<\\/script');
          scripts.push(hashOf(script));
          html = html.replace(
            new RegExp(`<script[^>]*src="[^"]*${part.fileName}"[^>]*></script>`),
            () => `<script type="module">${script}</script>`,
          );
        } else if (part.fileName.endsWith('.css')) {
          styles.push(hashOf(String(part.source)));
          html = html.replace(
            new RegExp(`<link[^>]*href="[^"]*${part.fileName}"[^>]*>`),
            () => `<style>${part.source}</style>`,
          );
        } else continue;
        delete bundle[part.fileName];
      }
      const policy = `<meta http-equiv="Content-Security-Policy" content="${policyOf(scripts, styles)}" />`;
      page.source = html.replace('<meta charset="utf-8" />', (charset) => `${charset}\n    ${policy}`);
    },
  };
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * What the page may do, and nothing else: run its own script, which makes the worker of a text and zstd of bytes, ask
 * for what lies beside the page, and show its icon.
 */
function policyOf(scripts: readonly string[], styles: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')} 'wasm-unsafe-eval'`,
    'worker-src blob:',
    `style-src ${styles.join(' ')}`,
    'img-src data:',
    "connect-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [singleFile()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The worker is text in the page. It can't load parts of its own, and on a page from a disk it must be no module.
  worker: { format: 'iife' },
  build: {
    outDir: '../dist/viewer',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
  },
});
