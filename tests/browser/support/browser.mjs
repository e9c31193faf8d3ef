// One browser for all that a script does, and for each person a window of its own that notes
// everything a page must not do.
import { chromium } from 'playwright-core';
import { SOON_MS } from './town.mjs';

let browser;

/** Whether the browser asks for the day before the month: its own language decides that. */
export let dayFirst;

export async function start() {
  const asRoot = process.getuid?.() === 0;
  browser = await chromium.launch({
    executablePath: process.env.BROWSER_CHROMIUM,
    chromiumSandbox: !asRoot,
    args: ['--lang=nb-NO', '--disable-gpu'],
    env: { ...process.env, LANGUAGE: 'nb_NO', LANG: 'nb_NO.UTF-8' },
  });
  const page = await browser.newPage();
  await page.setContent('<input type="date">');
  await page.keyboard.press('Tab');
  await page.keyboard.type('01022003');
  dayFirst = (await page.locator('input').inputValue()) === '2003-02-01';
  await page.close();
}

export const end = () => browser.close();

/** How wide windows are: a desk and a telephone. */
export const WIDTHS = [1280, 390];
const HEIGHT = 900;

export const size = (width) => ({ width, height: HEIGHT });

/** The node ends a connection that has been idle for ten seconds; a browser that is as slow as that may
 * just have taken it up again. */
const ENDED = 'net::ERR_SOCKET_NOT_CONNECTED';

/** A window with its faults: what a console says, what was refused, what did not load. */
export async function open({ width = 1280, scheme = 'light', script = true, locale = 'nb-NO' } = {}) {
  const context = await browser.newContext({
    viewport: size(width),
    colorScheme: scheme,
    locale,
    timezoneId: 'Europe/Oslo',
    javaScriptEnabled: script,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(SOON_MS);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (said) => {
    // A page that is refused on purpose is a failed load to the console; its status is checked apart.
    const refused = said.text().startsWith('Failed to load resource') && said.location().url === page.url();
    const isPassedOver = refused || said.text().includes(ENDED);
    if (['error', 'warning'].includes(said.type()) && !isPassedOver) faults.push(`console: ${said.text()} (${said.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // A page that is left takes what it was still loading with it.
    if (why !== 'net::ERR_ABORTED' && why !== ENDED) faults.push(`request: ${request.url()}: ${why}`);
  });
  page.on('response', (response) => {
    const isPage = response.request().isNavigationRequest();
    const wrong = isPage ? response.status() >= 500 : response.status() >= 400;
    if (wrong) faults.push(`response: ${response.url()}: ${response.status()}`);
  });
  page.on('dialog', (dialog) => faults.push(`dialog: ${dialog.message()}`));
  return { context, page, faults };
}
