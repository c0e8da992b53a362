import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from './capabilities.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const SIZE = { width: 1280, height: 800 };
const TIMEOUT_MS = 60_000;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, '--disable-component-update', '--disable-sync'] });

/** A page of its own that has nothing to complain of: what scripts throw or log as errors is in `problems`. */
export class ViewerPage {
  readonly problems: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', ({ message }) => this.problems.push(message));
    page.on('console', (message) => {
      // Browsers ask for an icon by themselves.
      if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico')) {
        this.problems.push(message.text());
      }
    });
    page.on('dialog', (dialog) => {
      this.problems.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** With all files read that the page finds by itself; `welcome`: it finds none. */
  static async open(browser: Browser, url: string, first: 'loaded' | 'welcome' = 'loaded'): Promise<ViewerPage> {
    const context = await browser.newContext({ viewport: SIZE });
    const own = new ViewerPage(await context.newPage());
    await own.page.goto(url);
    if (first === 'welcome') await own.page.getByTestId('welcome').waitFor();
    else await own.loaded();
    return own;
  }

  /** Waits until all files are read. */
  async loaded(): Promise<void> {
    await this.page.locator('[data-testid=progress][data-stage=loaded]').waitFor({ state: 'attached' });
  }

  /** The text of a part, blanks as one. */
  async text(testId: string): Promise<string> {
    return (await this.page.getByTestId(testId).first().innerText()).replace(/\s+/g, ' ').trim();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** `tandem view`, started in a folder. */
export class ViewProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(folder: string, ...args: readonly string[]): Promise<ViewProcess> {
    const command = [resolve('dist/cli/main.js'), 'view', '--no-open', ...args];
    const child = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    return new ViewProcess(first.toString().trim(), child);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGINT');
    await once(this.#child, 'exit');
  }
}
