import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type OutputChunk, rolldown } from 'rolldown';
import { beforeAll, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { bundledCapture, readTrace } from './support/captures.ts';
import { openBrowser } from './support/viewer.ts';

/* The library as a page has it: bundled into one file, traces compressed by zstd from a server that answers ranges. */
const unable = missing('chromium');
const capture = bundledCapture('kvm-auto-1vcpu');
/** A browser on a busy machine takes its time to start. */
const BROWSER_TIMEOUT_MS = 240_000;

const PAGE = `<!doctype html><p>unfinished</p><script type="module">
  import * as tandem from '/library.js';
  const hash = async () => {
    const inputs = [];
    for (const name of ${JSON.stringify(capture.files)}) {
      const source = await tandem.urlSource(new URL(name, location.href).href);
      const trace = await tandem.openTrace(source, tandem.portableCodecs);
      inputs.push(tandem.reportInput(await tandem.loadReportFile(trace, name, '3.4')));
    }
    const pieces = [];
    const sink = { write: async (bytes) => pieces.push(bytes.slice()) > 0 };
    await tandem.writeReport(inputs, tandem.reportSettings({ compat: true }), sink);
    const digest = await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  document.querySelector('p').textContent = await hash().catch(String);
</script>`;

let library: OutputChunk;

beforeAll(async () => {
  const bundle = await rolldown({ input: 'src/index.ts', platform: 'browser' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  expect(output.length).toBe(1);
  library = output[0];
});

test('a bundle of the library imports nothing', () => {
  expect(library.imports).toEqual([]);
});

test('a page prints a host and its guest as trace-cmd does', async (context) => {
  context.skip(unable !== undefined, unable);
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const result = page.getByText(/^(?!unfinished)/);
  await result.waitFor({ timeout: BROWSER_TIMEOUT_MS });
  const shown = await result.textContent();
  await browser.close();
  server.close();
  const isWanted = ({ command, version, files }: (typeof capture.texts)[number]) =>
    command === 'report' && version === '3.4' && files.length === capture.files.length;
  const stored = capture.texts.find(isWanted)?.read() as Buffer;
  expect(shown).toBe(createHash('sha256').update(stored).digest('hex'));
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const name = (request.url as string).slice(1);
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (capture.files.includes(name) && range !== null) {
    const bytes = readTrace(capture, name);
    const [first, last] = [Number(range[1]), Number(range[2])];
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}` });
    response.end(bytes.subarray(first, last + 1));
  } else if (name === 'library.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(library.code);
  else if (name === '') response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  else response.writeHead(404).end();
}
