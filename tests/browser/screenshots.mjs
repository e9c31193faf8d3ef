// Pictures of the main pages for the README, from a town filled with invented persons. They are
// written only when BROWSER_SCREENSHOTS names a folder for them.
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { end, start } from './support/browser.mjs';
import { fill } from './support/fill.mjs';
import { Person } from './support/person.mjs';
import { takeBack } from './support/work.mjs';
import { PPT, assignAtPpt, bornYearsAgo, inderoy, openCase, publish, readable, share, steinkjer, until } from './support/town.mjs';

const folder = process.env.BROWSER_SCREENSHOTS;
/** So that the README is read on a telephone too. */
const BYTES_MAX = 200_000;
let cases;

before(async () => {
  assert(folder, 'BROWSER_SCREENSHOTS names a folder');
  mkdirSync(folder, { recursive: true });
  await start();
  cases = await fill();
});
after(end);

/** Takes what a person sees without scrolling, in a window that is as high as the picture needs. */
async function take(person, name, path, height = 900) {
  await person.page.setViewportSize({ width: person.page.viewportSize().width, height });
  if (path) await person.page.goto(person.node.web + path);
  await person.page.evaluate(() => document.activeElement?.blur());
  const file = join(folder, `${name}.png`);
  await person.page.screenshot({ path: file, animations: 'disabled' });
  const bytes = statSync(file).size;
  assert(bytes < BYTES_MAX, `${name} has ${bytes} bytes`);
  await person.isUsable();
}

test('what a stafettholder sees', async () => {
  const { ante, measure } = cases;
  const marte = await Person.at(inderoy, 'Marte');
  await take(marte, 'my-cases', '/cases');
  await take(marte, 'case', `/cases/${ante.id}`, 1300);
  await marte.page.goto(`${inderoy.web}/cases/${ante.id}/entries/${measure}`);
  await marte.page.locator('details.readers').evaluate((one) => { one.open = true; });
  await take(marte, 'readers', undefined, 1150);
  await marte.page.goto(`${inderoy.web}/cases/${ante.id}/consents/new`);
  await marte.keys.choose(marte.t('consents-new-recipient'), /PPT/);
  await marte.keys.tick(marte.t('consents-new-areas'), marte.w('language'), marte.w('learning'), marte.w('home'));
  await marte.keys.write(marte.t('consents-new-purpose'), 'Kartlegging av språk');
  await marte.button('consents-new-look-button');
  await take(marte, 'consent-preview', undefined, 1300);
  await marte.context.close();
  const dark = await Person.at(inderoy, 'Marte', { scheme: 'dark' });
  await take(dark, 'case-dark', `/cases/${ante.id}`);
  await dark.context.close();
  const phone = await Person.at(inderoy, 'Marte', { width: 390 });
  await take(phone, 'case-phone', `/cases/${ante.id}`);
  await phone.context.close();
});

test('a consent that was taken back, with its receipt', async () => {
  const of = await openCase('Marte', ['Sanna Eksempel', 'Inga Eksempel', 'Lars Eksempel'], bornYearsAgo(8));
  const entry = await publish('Marte', of.id, 'note', ['language'], { title: 'Teller til ti', description: 'På tre språk.' });
  const consent = await share('Marte', of, PPT, ['language']);
  await assignAtPpt(of.id, 'Ole');
  await readable('Ole', of.id, entry);
  const marte = await Person.at(inderoy, 'Marte');
  await marte.page.goto(`${inderoy.web}/cases/${of.id}/consents/${consent}`);
  await takeBack(marte, 'Inga');
  await until('the receipt', async () => {
    await marte.again();
    return (await marte.said()).includes('har bekreftet');
  });
  await take(marte, 'withdrawn');
  await marte.context.close();
});

test('what others see', async () => {
  const others = [
    [inderoy, 'Eva', 'family', undefined],
    [steinkjer, 'Berit', 'inbox', '/inbox'],
    [inderoy, 'Jo', 'operations', '/operations'],
  ];
  for (const [node, who, name, path] of others) {
    const person = await Person.at(node, who);
    await take(person, name, path);
    await person.context.close();
  }
});
