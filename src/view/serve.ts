import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fsError } from '../kernel/os-error.ts';
import { byteRange } from './byte-range.ts';
import { FILE_LIST, FILES_FOLDER, fileList, type ServedFile } from './served-files.ts';

/** A page and files that are being served. */
export interface ViewServer {
  /** With the token: whoever has it may read the files. */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const TOKEN_BYTES = 16;
/** Each read and each write of an answer: a page reads megabytes at a time. */
const READ_BYTES = 1 << 20;
/** Own names of this machine. Another name that leads here is that of a web page which wants to read the files. */
const HOSTS = [LOOPBACK, 'localhost'];

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Serves the page at `page` and the files to programs of this machine that know the address.
 * @param port 0: any that is free
 * Rejects with a TandemError (IO) where the page is not there or the port can't be had.
 */
export async function serveView(page: string, files: readonly ServedFile[], port: number): Promise<ViewServer> {
  const html = await readFile(page).catch((error: unknown) => {
    throw fsError(error, page, 'can not be read');
  });
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const answers = new Answers(token, html, files);
  const server = createServer((request, response) => {
    answers.give(request, response).catch(() => response.destroy());
  });
  await listen(server, port);
  const { port: own } = server.address() as AddressInfo;
  answers.port = own;
  return {
    url: `http://${LOOPBACK}:${own}/${token}/`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw fsError(error, `--port ${port}`, 'can not be listened on');
  }
}

/** What the server says to whom. Names are looked up in a list: no path is ever made of what was asked for. */
class Answers {
  port = 0;
  readonly #token: Buffer;
  readonly #html: Buffer;
  readonly #policy: string;
  readonly #list: Buffer;
  readonly #files: ReadonlyMap<string, string>;

  constructor(token: string, html: Buffer, files: readonly ServedFile[]) {
    this.#token = Buffer.from(token);
    this.#html = html;
    this.#policy = pagePolicy(html.toString());
    this.#list = Buffer.from(fileList(files));
    this.#files = new Map(files.map(({ name, path }) => [`${FILES_FOLDER}/${encodeURIComponent(name)}`, path]));
  }

  async give(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (!HOSTS.some((host) => request.headers.host === `${host}:${this.port}`)) return refuse(response, 403);
    const asked = this.#afterToken(request.url ?? '');
    if (asked === undefined) return refuse(response, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405);
    }
    const withBody = request.method === 'GET';
    if (asked === '') {
      response.setHeader('Content-Security-Policy', this.#policy);
      return sendBytes(response, 'text/html; charset=utf-8', this.#html, withBody);
    }
    if (asked === FILE_LIST) return sendBytes(response, 'application/json', this.#list, withBody);
    const path = this.#files.get(asked);
    if (path === undefined) return refuse(response, 404);
    await sendFile(response, path, request.headers.range, withBody);
  }

  /** What follows `/TOKEN/`, without a query; undefined where the token is wrong. */
  #afterToken(url: string): string | undefined {
    const [, token, rest] = /^\/([^/?#]*)\/([^?#]*)/.exec(url) ?? [];
    const given = Buffer.from(token ?? '');
    if (given.length !== this.#token.length || !timingSafeEqual(given, this.#token)) return undefined;
    return rest;
  }
}

/** What the page says of itself, and what only a header can say. Of a page that says nothing, what holds for all else. */
function pagePolicy(html: string): string {
  const own = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
  return own === undefined ? HEADERS['Content-Security-Policy'] : `${own}; frame-ancestors 'none'`;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 }).end();
}

function sendBytes(response: ServerResponse, type: string, bytes: Buffer, withBody: boolean): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(withBody ? bytes : undefined);
}

async function sendFile(
  response: ServerResponse,
  path: string,
  wanted: string | undefined,
  withBody: boolean,
): Promise<void> {
  const size = await stat(path).then(
    (file) => file.size,
    () => undefined,
  );
  if (size === undefined) return refuse(response, 410);
  const range = byteRange(wanted, size);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', 'application/octet-stream');
  if (range === 'none') {
    response.setHeader('Content-Range', `bytes */${size}`);
    return refuse(response, 416);
  }
  const { first, last } = range === 'all' ? { first: 0, last: size - 1 } : range;
  if (range !== 'all') response.setHeader('Content-Range', `bytes ${first}-${last}/${size}`);
  response.writeHead(range === 'all' ? 200 : 206, { 'Content-Length': last - first + 1 });
  if (!withBody || last < first) response.end();
  else await sendBody(response, path, first, last);
}

/** Memory that nobody sends from. New memory for each piece would cost more than reading and sending it. */
const spare: Buffer[] = [];

/** Bytes first to last. The connection breaks where the file has become shorter. */
async function sendBody(response: ServerResponse, path: string, first: number, last: number): Promise<void> {
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  const file = await open(path);
  const gone = once(response, 'close').catch(() => {});
  try {
    for (let at = first; at <= last; ) {
      const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, last + 1 - at), at);
      if (bytesRead === 0) return void response.destroy();
      await Promise.race([sent(response, memory.subarray(0, bytesRead)), gone]);
      if (response.destroyed) return;
      at += bytesRead;
    }
    response.end();
  } finally {
    await file.close();
    spare.push(memory);
  }
}

/** Until the bytes may be overwritten. */
const sent = (response: ServerResponse, bytes: Buffer): Promise<void> =>
  new Promise((done, failed) => {
    response.write(bytes, (error) => (error ? failed(error) : done()));
  });
