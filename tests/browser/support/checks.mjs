// What must hold of every page. Each check says what it finds, so that it can itself be tried on a
// page that breaks it.
import axe from 'axe-core';

/** WCAG 2.2, levels A and AA, with what it took over from 2.0 and 2.1. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** More stops than any page has. */
const STOPS_MAX = 400;

/** What axe finds, with everything unfolded. */
export async function accessible(page) {
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  const loaded = await page.evaluate(() => 'axe' in window);
  if (!loaded) await page.evaluate(axe.source);
  const violations = await page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations'],
      preload: false,
    });
    const said = (node) => `${node.target.join(' ')} (${node.failureSummary.replace(/\s+/g, ' ')})`;
    return violations.map((rule) => `${rule.id}: ${rule.nodes.map(said).join('; ')}`);
  }, TAGS);
  return violations.map((one) => `axe: ${one}`);
}

/** One heading of the first level, a language, a title, and nothing beyond the edge. */
export function framed(page, language) {
  return page.evaluate((wanted) => {
    const found = [];
    const headings = document.querySelectorAll('h1').length;
    if (headings !== 1) found.push(`${headings} headings of the first level`);
    const spoken = document.documentElement.lang;
    if (spoken !== wanted) found.push(`the language is ${spoken}, not ${wanted}`);
    if (!document.title.trim()) found.push('no title');
    if (document.querySelectorAll('main').length !== 1) found.push('not one main part');
    const { scrollWidth: wide, clientWidth: shown } = document.documentElement;
    if (wide > shown) found.push(`${wide} pixels wide in a window of ${shown}: ${beyond(shown)}`);
    const empty = [...document.querySelectorAll('p, li, dd, h1, h2, h3, th[scope=row], legend, a, button')]
      .filter((one) => !one.textContent.trim() && !one.querySelector('*') && !one.dataset.field);
    for (const one of empty) found.push(`nothing stands in ${one.outerHTML.slice(0, 80)}`);
    return found;

    function beyond(edge) {
      const outside = (one) => one.getBoundingClientRect().right > edge + 1 && !one.closest('.scroll');
      return [...document.querySelectorAll('body *')].filter(outside).slice(0, 3)
        .map((one) => one.outerHTML.slice(0, 100)).join(' | ');
    }
  }, language);
}

/** What a ring of focus must have against what is around it (WCAG 2.2, 1.4.11). */
const RING_CONTRAST_MIN = 3;

/** One of each sort that can have the focus shows it, in the colours that the page has at this moment. */
export async function ringed(page) {
  // What is focused after a key was pressed shows it as for somebody at the keyboard.
  await page.keyboard.press('Tab');
  return page.evaluate((least) => {
    const sorts = {
      'a link': 'a[href]',
      'a button': 'button',
      'a field': 'input:not([type=hidden], [type=radio], [type=checkbox]), select, textarea',
      'a choice': 'input[type=radio], input[type=checkbox]',
      'what is folded': 'summary',
    };
    const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const found = [];
    for (const [sort, selector] of Object.entries(sorts)) {
      const there = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility() && !one.disabled);
      const one = there.find((other) => other.closest('main')) ?? there[0];
      if (!one) continue;
      // A box or a choice shows it around itself and its label.
      const shown = sort === 'a choice' ? [one, one.parentElement] : [one];
      document.activeElement?.blur();
      const without = shown.map(outline);
      one.focus();
      const name = one.outerHTML.slice(0, 100).replace(/\s+/g, ' ');
      // An outline that is there without the focus tells nobody where it is.
      const rings = shown.filter((of, number) => outline(of) !== without[number]).map(ring).filter(Boolean);
      const best = Math.max(0, ...rings);
      if (rings.length === 0) found.push(`no visible focus on ${sort}: ${name}`);
      else if (best < least) found.push(`the focus on ${sort} has ${best.toFixed(1)} to 1 around it: ${name}`);
    }
    document.activeElement?.blur();
    return found;

    function outline(of) {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(of);
      return `${outlineStyle} ${outlineWidth} ${outlineColor}`;
    }

    /** The contrast of an element's ring with what is around it; nothing if it has none. */
    function ring(of) {
      const style = getComputedStyle(of);
      if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return undefined;
      const ground = grounds(of.parentElement).reduce((below, colour) => painted(colour, below), undefined);
      return contrast(light(painted(style.outlineColor, ground)), light(ground));
    }

    /** The backgrounds behind an element, the lowest first. */
    function grounds(of) {
      const root = document.documentElement;
      const isDark = matchMedia('(prefers-color-scheme: dark)').matches
        && getComputedStyle(root).colorScheme.includes('dark');
      const own = [];
      for (let one = of; one; one = one.parentElement) own.unshift(getComputedStyle(one).backgroundColor);
      return [isDark ? '#121212' : '#fff', ...own];
    }

    /** What is seen of a colour over another: red, green, blue, each from 0 to 255. */
    function painted(colour, below) {
      pixel.clearRect(0, 0, 1, 1);
      for (const layer of [below && `rgb(${below.join(' ')})`, colour].filter(Boolean)) {
        pixel.fillStyle = layer;
        pixel.fillRect(0, 0, 1, 1);
      }
      return [...pixel.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }

    /** The relative luminance, as WCAG defines it. */
    function light(colour) {
      const [red, green, blue] = colour.map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }

    function contrast(one, other) {
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    }
  }, RING_CONTRAST_MIN);
}

/** Goes through the page with Tab: every stop shows that it has the focus, and none is left out. */
export async function focused(page) {
  await page.evaluate(() => {
    // Tab begins where somebody was last, also after a link to a part of the page.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    window.scrollTo(0, 0);
    window.reached = new Set();
  });
  const found = [];
  for (let stops = 0; ; stops += 1) {
    if (stops > STOPS_MAX) return [...found, 'Tab never comes to the end'];
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(at);
    if (stop.end) break;
    found.push(...stop.found);
  }
  return [...found, ...(await page.evaluate(missed))];
}

function at() {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return { end: true };
  // The parts of a date are one stop each, and one element.
  if (window.reached.has(one)) return ['date', 'time'].includes(one.type) ? { found: [] } : { end: true };
  window.reached.add(one);
  const name = one.outerHTML.slice(0, 100).replace(/\s+/g, ' ');
  const found = [];
  // A box or a choice shows it around itself and its label.
  const shown = ['radio', 'checkbox'].includes(one.type) ? [one, one.parentElement] : [one];
  if (!shown.some(hasRing)) found.push(`no visible focus on ${name}`);
  const box = one.getBoundingClientRect();
  if (box.width < 1 || box.height < 1) found.push(`the focus is on nothing to see: ${name}`);
  if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) {
    found.push(`the focus is outside the window: ${name}`);
  } else if (box.width >= 1) {
    const inside = (x, y) => document.elementsFromPoint(
      Math.min(Math.max(x, 1), innerWidth - 1), Math.min(Math.max(y, 1), innerHeight - 1));
    const points = [[box.left + box.width / 2, box.top + box.height / 2], [box.left + 2, box.top + 2],
      [box.right - 2, box.bottom - 2]];
    const seen = points.some(([x, y]) => {
      const [top] = inside(x, y);
      return top && (one.contains(top) || top.contains(one));
    });
    if (!seen) found.push(`the focus is behind something else: ${name}`);
  }
  return { found };

  function hasRing(of) {
    const style = getComputedStyle(of);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      && !/rgba\(.*, 0\)|transparent/.test(style.outlineColor);
  }
}

function missed() {
  const reached = [...window.reached];
  const all = document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
  const isShown = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 0;
  const isReached = (one) => reached.includes(one)
    || (one.type === 'radio' && reached.some((other) => other.type === 'radio' && other.name === one.name));
  const left = [...all].filter((one) => isShown(one) && !one.disabled && !isReached(one));
  return left.map((one) => `Tab does not lead to ${one.outerHTML.slice(0, 100)}`);
}
