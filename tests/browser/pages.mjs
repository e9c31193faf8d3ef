// Every page of every role: reached by links, accessible by WCAG 2.2 A and AA in both languages,
// light and dark, at a desk and on a telephone, and without a fault that a browser reports.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { end, open, start } from './support/browser.mjs';
import { accessible, focused, framed, ringed } from './support/checks.mjs';
import { crawl } from './support/crawl.mjs';
import { fill } from './support/fill.mjs';
import { answered } from './support/answered.mjs';
import { Keys } from './support/keys.mjs';
import { Person } from './support/person.mjs';
import { REACHES, forgotten, missing } from './support/routes.mjs';
import { onceMore } from './support/run.mjs';
import { inderoy, steinkjer } from './support/town.mjs';

const AT_STEINKJER = ['Berit', 'Ole'];
let cases;

before(async () => {
  await start();
  cases = await fill();
});
after(end);

describe('a check that meets what it is for', () => {
  const BROKEN = {
    'a picture without words': ['<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', /axe: image-alt/],
    'words that are hard to see': ['<p style="color:#999;background:#fff">Faint</p>', /axe: color-contrast/],
    'a field without a label': ['<input type="text">', /axe: label/],
    'a second heading of the first level': ['<h1>Two</h1>', /2 headings of the first level/],
    'something wider than the window': ['<div style="width:2000px">Wide</div>', /2\d\d\d pixels wide/],
    'a focus that does not show': ['<button style="outline:none">Press</button>', /no visible focus on <button/],
    'a link whose focus is lost in the dark': [
      '<style>body { background: #111 } a { color: #fff } a:focus { outline: 3px solid #333 }</style><a href="#x">To x</a>',
      /the focus on a link has 1\.\d to 1/, 'dark'],
    'a button whose focus is seen in the light alone': [
      `<style>button:focus { outline: 3px solid #003; outline-offset: 3px }
      @media (prefers-color-scheme: dark) { body { background: #000 } }</style><button>Press</button>`,
      /the focus on a button has 1\.\d to 1/, 'dark'],
    'a field that shows no focus in the dark': [
      '<style>input:focus { outline: 3px solid #003 } @media (prefers-color-scheme: dark) { input:focus { outline: none } }</style><label>Name <input></label>',
      /no visible focus on a field/, 'dark'],
    'a button whose outline is there without the focus too': [
      '<style>button { outline: 3px solid #003 }</style><button>Press</button>', /no visible focus on a button/],
    'a focus behind something else': [
      '<div style="position:fixed;inset:0;background:#fff"></div><button>Press</button>', /behind something else/],
    'a button that Tab passes by': ['<button tabindex="-1">Press</button>', /Tab does not lead to <button/],
  };
  for (const [what, [html, finding, scheme = 'light']] of Object.entries(BROKEN)) {
    test(what, async () => {
      const { page, context } = await open({ width: 390, scheme });
      await page.setContent(
        `<!doctype html><html lang="nb"><title>Broken</title><main><h1>Broken</h1>${html}</main></html>`);
      const found = [
        ...(await framed(page, 'nb')), ...(await focused(page)), ...(await ringed(page)), ...(await accessible(page)),
      ];
      await context.close();
      assert(found.some((one) => finding.test(one)), found.join('\n'));
    });
  }

  test('a fault that the browser reports', async () => {
    const { page, context, faults } = await open();
    await page.goto(`${inderoy.web}/login`);
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<p style="color:red">x</p><img src="/nowhere.png" alt="">');
    });
    await page.waitForTimeout(300);
    await context.close();
    assert(faults.some((one) => one.includes('Content Security Policy')), faults.join('\n'));
  });
});

test('every page that there is a route for stands in the list of somebody who must reach it', () => {
  assert.deepEqual(forgotten(), []);
});

describe('every page', { concurrency: 2 }, () => {
  for (const language of ['nb', 'nn']) {
    for (const who of Object.keys(REACHES)) {
      test(`of ${who} in ${language}`, (context) => onceMore(context, async () => {
        const person = await visitor(who, language);
        const { sorts, pages, found } = await crawl(person, language === 'nb' ? 4 : 1);
        const more = await answered(person, cases);
        await person.context.close();
        context.diagnostic(`${pages} pages of ${sorts.length} sorts, and ${more.length} answers to forms`);
        const all = [...found, ...more.flatMap((one) => one.found)];
        assert(all.length === 0, `${all.length} findings:\n${all.join('\n')}`);
        assert.deepEqual(missing(who, sorts), [], 'pages that no link leads to');
      }));
    }
  }
});

/** Somebody who has logged in, or whoever comes by. */
async function visitor(who, language) {
  const node = AT_STEINKJER.includes(who) ? steinkjer : inderoy;
  if (who !== 'nobody') return Person.at(node, who, { language });
  const window = await open({ locale: `${language}-NO` });
  const person = Object.assign(new Person(), window, { node, name: who, language, keys: new Keys(window.page) });
  await person.page.goto(`${node.web}/`);
  return person;
}
