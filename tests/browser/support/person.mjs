// Somebody at a node: a window, a keyboard, and the language that the person chose.
import assert from 'node:assert/strict';
import { open } from './browser.mjs';
import { Keys } from './keys.mjs';
import { pattern, text, word } from './texts.mjs';

export class Person {
  /** Opens a window, goes to a node and logs in by picking a name. */
  static async at(node, name, how = {}) {
    const person = new Person();
    Object.assign(person, await open(how), { node, name, language: how.language ?? 'nb' });
    person.keys = new Keys(person.page);
    await person.page.goto(`${node.web}/`);
    await person.speak();
    await person.keys.link(person.t('frame-log-in'));
    await person.pick();
    return person;
  }

  /** Picks the person by its label; again before what shares. */
  async pick() {
    await this.keys.button(new RegExp(`^${this.name} – `));
  }

  /** Chooses the language with the button for it. */
  async speak() {
    const shown = await this.page.locator('html').getAttribute('lang');
    if (shown !== this.language) {
      await this.keys.button(this.language === 'nn' ? 'Nynorsk' : 'Bokmål');
    }
    assert.equal(await this.page.locator('html').getAttribute('lang'), this.language);
  }

  t(key, values) {
    return text(this.language, key, values);
  }

  like(key, values) {
    return pattern(this.language, key, values);
  }

  w(code) {
    return word(this.language, code);
  }

  link(key, values) {
    return this.keys.link(values ? this.like(key, values) : this.t(key));
  }

  button(key, values) {
    return this.keys.button(values ? this.like(key, values) : this.t(key));
  }

  /** Everything that the page shows, without what is folded or hidden. */
  async said() {
    return (await this.page.locator('main').innerText()).replace(/\s+/g, ' ');
  }

  async sees(words) {
    const said = await this.said();
    const fits = typeof words === 'string' ? said.includes(words.replace(/\s+/g, ' ')) : words.test(said);
    assert(fits, `${this.name} sees «${words}» on ${this.page.url()}:\n${said}`);
  }

  async seesNot(words) {
    const said = await this.said();
    assert(!said.includes(words), `${this.name} does not see «${words}» on ${this.page.url()}:\n${said}`);
  }

  /** Sees a text by its key. */
  says(key, values) {
    return this.sees(this.t(key, values));
  }

  async isAt(path) {
    assert.match(new URL(this.page.url()).pathname, path);
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  /** Loads the page again, as with F5. */
  async again() {
    await this.page.reload();
  }

  /** Begins anew from the first page of whoever is logged in. */
  async home() {
    await this.keys.link('Stafett');
  }

  async isUsable() {
    assert.deepEqual(this.faults, [], `${this.name} meets no fault`);
    const { wide, shown } = await this.page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      shown: document.documentElement.clientWidth,
    }));
    assert(wide <= shown, `nothing is beyond the edge at ${shown} pixels: ${wide} on ${this.page.url()}`);
  }

  async leave() {
    await this.isUsable();
    await this.context.close();
  }
}
