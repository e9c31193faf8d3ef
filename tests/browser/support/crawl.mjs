// Follows every link that a person finds, from the first page on, and holds every page against the
// checks: each address once, and each sort of page in every window that a reader may have.
import { accessible, focused, framed, ringed } from './checks.mjs';
import { size } from './browser.mjs';

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** What in an address makes it another sort of page. The forms of all kinds of entry are one. */
const TELLING = ['what'];

/** The sort of page that an address leads to. */
export function sort(address) {
  const url = new URL(address);
  const said = TELLING.filter((name) => url.searchParams.has(name))
    .map((name) => `${name}=${url.searchParams.get(name)}`);
  const others = [...url.searchParams.keys()].filter((name) => ![...TELLING, 'towards', 'point', 'to', 'show', 'from'].includes(name));
  return [url.pathname.replace(ID, '{}'), ...said, ...others.toSorted()].join(' ');
}

/** The windows in which each sort of page is looked at, for each language. */
export const WINDOWS = {
  nb: [[1280, 'light'], [390, 'dark']],
  nn: process.env.BROWSER_ALL ? [[390, 'light'], [1280, 'dark']] : [[390, 'light']],
};

/** Holds the page that is shown against every check, in each window of its language. */
export async function look(person, where) {
  const found = [];
  const note = (findings, how) => found.push(...findings.map((one) => `${where} (${how}): ${one}`));
  for (const [width, scheme] of WINDOWS[person.language]) {
    const how = `${person.name}, ${person.language}, ${width}, ${scheme}`;
    await person.page.setViewportSize(size(width));
    await person.page.emulateMedia({ colorScheme: scheme });
    note(await framed(person.page, person.language), `${how}, folded`);
    if (scheme === 'light') note(await focused(person.page), how);
    note(await accessible(person.page), how);
    note(await ringed(person.page), how);
    note(await framed(person.page, person.language), `${how}, unfolded`);
  }
  note(person.faults.splice(0), `${person.name}, ${person.language}`);
  return found;
}

/**
 * Visits all that links lead to: so many pages of each sort in the window, and the others by asking
 * for them. Returns the sorts of pages, and what was found wrong.
 */
export async function crawl(person, most, from = ['/']) {
  const { origin } = new URL(person.page.url());
  const waiting = from.map((path) => origin + path);
  const known = new Set(waiting);
  const sorts = new Map();
  const visits = new Map();
  const found = [];
  while (waiting.length > 0) {
    const address = waiting.shift();
    const times = (visits.get(sort(address)) ?? 0) + 1;
    visits.set(sort(address), times);
    if (times > most) {
      const answer = await person.context.request.get(address);
      const text = await answer.text();
      const headings = text.split('<h1').length - 1;
      if (answer.status() !== 200 || headings !== 1) {
        found.push(`${sort(address)} (${person.name}): answers ${answer.status()} with ${headings} headings`);
      }
      add(written(text, address));
      continue;
    }
    const response = await person.page.goto(address);
    const where = sort(address);
    if (response.status() !== 200) found.push(`${where} (${person.name}): answers ${response.status()}`);
    const landed = sort(person.page.url());
    if (!sorts.has(landed)) {
      sorts.set(landed, address);
      found.push(...(await look(person, landed)));
    }
    found.push(...(await framed(person.page, person.language)).map((one) => `${landed} (${person.name}): ${one}`));
    add(await links(person.page));
  }
  function add(links) {
    for (const link of links) {
      if (!link.startsWith(`${origin}/`) || known.has(link) || isNoPage(link)) continue;
      known.add(link);
      waiting.push(link);
    }
  }
  found.push(...person.faults.splice(0).map((one) => `somewhere (${person.name}): ${one}`));
  return { sorts: [...sorts.keys()], pages: [...visits.values()].reduce((sum, times) => sum + times), found };
}

/** The links in a page that is no window's. */
function written(text, address) {
  const paths = [...text.matchAll(/<a [^>]*href="([^"]*)"/g)].map((link) => link[1].replace(/&(amp|#38);/g, '&'));
  return paths.map((path) => new URL(path, address).href.split('#')[0]);
}

/** The description of the API is for programs, and files of the look are no pages. */
const isNoPage = (link) => /\/api\/|\/assets\//.test(link);

function links(page) {
  return page.evaluate(() => [...document.querySelectorAll('a[href]')].map((one) => one.href.split('#')[0]));
}
