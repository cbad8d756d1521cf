// The machine's Chromium for tests of the page: started once, nothing kept, everything it complains about collected.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why tests of the page cannot run, or false when they can. With FAIRLEAD_REAL=1 nothing is skipped. */
export function missingBrowser(): string | false {
  if (process.env.FAIRLEAD_REAL === '1' || browserProgram() !== undefined) return false;
  return `needs one of ${PROGRAMS.join(', ')} on the PATH, or its file in CHROMIUM`;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = browserProgram();
  if (executablePath === undefined) throw new Error(`No Chromium: install ${PROGRAMS[0]} or set CHROMIUM`);
  return await chromium.launch({ executablePath, headless: true, args: ARGUMENTS });
}

function browserProgram(): string | undefined {
  const given = process.env.CHROMIUM;
  if (given !== undefined && given !== '') return given;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) =>
    existsSync(file),
  );
}

export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors on the console, uncaught errors and refusals by the content security policy, so far. */
  complaints(): readonly string[];
}

/** A page of a browser window of its own. */
export async function openPage(browser: Browser, options: BrowserContextOptions): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  await page.exposeFunction('reportViolation', (text: string) => complaints.push(`policy: ${text}`));
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', (refused) => reportViolation(refused.violatedDirective + ' ' + refused.blockedURI))",
  );
  return { page, complaints: () => complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** How far the page can be scrolled sideways, in CSS pixels. */
export async function sidewaysPx(page: Page): Promise<number> {
  return await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
}

/** Texts whose contrast with what is behind them is below the 4.5 : 1 of WCAG AA, each with its ratio. */
export async function faintTexts(page: Page): Promise<readonly string[]> {
  return await page.evaluate(await readFile(new URL('faint-texts.js', import.meta.url), 'utf8'));
}
