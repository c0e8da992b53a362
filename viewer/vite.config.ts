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
      for (const part of Object.values(bundle)) {
        if (part.type === 'chunk') {
          const script = part.code.replaceAll('</script', '<\\/script');
          html = html.replace(
            new RegExp(`<script[^>]*src="[^"]*${part.fileName}"[^>]*></script>`),
            () => `<script type="module">${script}</script>`,
          );
        } else if (part.fileName.endsWith('.css')) {
          html = html.replace(
            new RegExp(`<link[^>]*href="[^"]*${part.fileName}"[^>]*>`),
            () => `<style>${part.source}</style>`,
          );
        } else continue;
        delete bundle[part.fileName];
      }
      page.source = html;
    },
  };
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
