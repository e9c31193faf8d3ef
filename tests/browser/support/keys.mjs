// A person who uses a page by keyboard alone: Tab to what is wanted, Enter, Space, arrows, typing.
// Nothing here moves a pointer or sets a value. Every press is counted.
import assert from 'node:assert/strict';
import { dayFirst } from './browser.mjs';

/** More stops than any page has. */
const STOPS_MAX = 260;

export class Keys {
  constructor(page) {
    this.page = page;
    this.counted = { tabs: 0, acts: 0, other: 0, letters: 0 };
  }

  /** What was pressed since the last time that somebody asked. */
  take() {
    const taken = this.counted;
    this.counted = { tabs: 0, acts: 0, other: 0, letters: 0 };
    return taken;
  }

  async press(key) {
    const kind = key.endsWith('Tab') ? 'tabs' : ['Enter', 'Space'].includes(key) ? 'acts' : 'other';
    this.counted[kind] += 1;
    await this.page.keyboard.press(key);
  }

  async type(written) {
    this.counted.letters += [...written].length;
    await this.page.keyboard.type(written);
  }

  /** Goes on with Tab until the focus is there. */
  async to(wanted) {
    assert.equal(await wanted.count(), 1, `${await wanted.count()} of ${wanted} on ${this.page.url()}`);
    const element = await wanted.elementHandle();
    const isThere = () => element.evaluate((one) => one === document.activeElement);
    for (let stops = 0; stops <= STOPS_MAX; stops += 1) {
      if (await isThere()) return element;
      await this.press('Tab');
    }
    throw new Error(`no Tab leads to ${wanted} on ${this.page.url()}`);
  }

  /** Acts on a link or a button that leads to another page. */
  async follow(wanted) {
    await this.to(wanted);
    await this.leave('Enter');
  }

  async leave(key) {
    const gone = this.page.waitForEvent('framenavigated');
    await this.press(key);
    await gone;
    await this.page.waitForLoadState('load');
  }

  /** Follows the first link of that name; if there are several they must lead to one place. */
  async link(name) {
    const links = this.page.getByRole('link', { name, exact: typeof name === 'string' });
    await links.first().waitFor();
    const places = new Set(await links.evaluateAll((all) => all.map((one) => one.href)));
    assert.equal(places.size, 1, `links ${name} on ${this.page.url()}: ${[...places].join(', ')}`);
    await this.follow(links.first());
  }

  button(name) {
    return this.follow(this.page.getByRole('button', { name, exact: typeof name === 'string' }));
  }

  /** Opens what is folded. */
  async unfold(words) {
    const folded = this.page.locator('details', { has: this.page.locator('summary', { hasText: words }) });
    await this.to(folded.locator('summary'));
    await this.press('Enter');
    await folded.locator(':scope > :not(summary)').first().waitFor();
  }

  field(label) {
    return this.page.getByLabel(label, { exact: typeof label === 'string' });
  }

  /** Writes into a field in place of what stands there. */
  async write(label, written) {
    const element = await this.to(this.field(label));
    if ((await element.inputValue()) !== '') await this.press('Control+a');
    await this.type(written);
  }

  /** Writes a day in the order in which the browser asks for its parts. */
  async day(label, iso) {
    const element = await this.to(this.field(label));
    const [year, month, day] = iso.split('-');
    await this.type(dayFirst ? `${day}${month}${year}` : `${month}${day}${year}`);
    assert.equal(await element.inputValue(), iso, `the day in ${label}`);
  }

  group(legend) {
    return this.page.getByRole('group', { name: legend, exact: typeof legend === 'string' });
  }

  /** Ticks boxes of a group, and takes the ticks from the others that have one. */
  async tick(legend, ...labels) {
    const boxes = this.group(legend).getByRole('checkbox');
    for (const box of await boxes.all()) {
      const label = await box.evaluate((one) => one.labels[0].textContent.trim());
      if ((await box.isChecked()) !== labels.includes(label)) {
        await this.to(box);
        await this.press('Space');
      }
    }
    const ticked = await boxes.evaluateAll((all) =>
      all.filter((one) => one.checked).map((one) => one.labels[0].textContent.trim()));
    assert.deepEqual(ticked.toSorted(), labels.toSorted(), `ticked in ${legend}`);
  }

  /** Chooses one of a group. */
  async choose(legend, label) {
    const group = this.group(legend);
    const wanted = group.getByRole('radio', { name: label, exact: typeof label === 'string' });
    assert.equal(await wanted.count(), 1, `${label} in ${legend} on ${this.page.url()}`);
    if (await wanted.isChecked()) return;
    const chosen = group.locator('input:checked');
    await this.to((await chosen.count()) === 1 ? chosen : group.getByRole('radio').first());
    if ((await chosen.count()) === 0) await this.press('Space');
    for (let steps = 0; !(await wanted.isChecked()); steps += 1) {
      assert(steps < 40, `the arrows lead to ${label} in ${legend}`);
      await this.press('ArrowDown');
    }
  }

  /** Chooses one of a list that opens. */
  async select(label, words) {
    const element = await this.to(this.field(label));
    const chosen = () => element.evaluate((one) => one.selectedOptions[0].textContent.trim());
    const fits = (found) => (typeof words === 'string' ? found === words : words.test(found));
    const place = await element.evaluate((one) => one.selectedIndex);
    const options = await element.evaluate((one) => [...one.options].map((option) => option.textContent.trim()));
    const wanted = options.findIndex(fits);
    assert(wanted >= 0, `${words} among ${options.join(', ')}`);
    for (let steps = 0; !fits(await chosen()); steps += 1) {
      assert(steps < options.length, `the arrows lead to ${words} in ${label}`);
      await this.press(wanted > place ? 'ArrowDown' : 'ArrowUp');
    }
  }
}
