// S1. PPT at Steinkjer serves Inderøy: what the family said yes to comes across, what it did not
// stays, and what PPT writes comes back.
import assert from 'node:assert/strict';
import { bornYearsAgo, day, inderoy, steinkjer, until } from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import {
  askConsent, openCase, publish, refused, register, toCase, waitFor,
} from '../support/work.mjs';

export async function sharedService(how, { child, mother, father }) {
  const marte = await Person.at(inderoy, 'Marte', how);
  const ole = await Person.at(steinkjer, 'Ole', how);
  const home = `Hjemme er det uro, sier ${mother}.`;

  // The family says yes to a service of its own municipality; PPT sees nothing.
  const id = await openCase(marte, { child, born: bornYearsAgo(9), mother, father });
  await publish(marte, 'note', { title: 'Teller til ti', description: 'På tre språk.' }, ['language']);
  await publish(marte, 'note', { title: 'Uro hjemme', description: home }, ['home'],
    { sees: [marte.t('write-read-by', { readers: marte.w('school') })] });
  await askConsent(marte, marte.w('health-station'), ['language', 'well-being'],
    { opens: ['Teller til ti'], hides: ['Uro hjemme'] });
  await register(marte, mother);
  await marte.says('consents-state-partly', { missing: `${father} (${marte.t('household-father')})` });
  await register(marte, father);
  await ole.seesNot(child);
  await refused(ole, `/cases/${id}`);

  // At level 2 she asks for PPT: language and learning, not home.
  await toCase(marte, child);
  await marte.keys.unfold(marte.t('case-set-level'));
  await marte.keys.choose(marte.t('cases-level'), /2$/);
  await marte.button('case-set-level');
  await marte.says('notice-level');
  await askConsent(marte, /^PPT/, ['language', 'learning'], { opens: ['Teller til ti'], hides: ['Uro hjemme'] });
  await register(marte, mother);
  await ole.page.goto(`${steinkjer.web}/cases`);
  await ole.seesNot(child);
  await register(marte, father);
  const consent = marte.path.split('/').at(-1);

  // The leader sees the municipality and the day, and gives the case to Ole.
  const berit = await Person.at(steinkjer, 'Berit', how);
  const inbox = berit.page.locator(`li:has(form[action="/cases/${id}/assign"])`);
  await until('the case in the inbox', async () => (await inbox.count()) > 0 || berit.again());
  const row = await inbox.innerText();
  assert.match(row, /Inderøy kommune/);
  assert(!row.includes(child) && !row.includes('Teller'), row);
  const list = inbox.getByRole('combobox');
  await berit.keys.to(list);
  for (let steps = 0; (await list.evaluate((one) => one.selectedOptions[0].textContent)) !== 'Ole'; steps += 1) {
    assert(steps < 20, 'Ole is among the people');
    await berit.keys.press('ArrowDown');
  }
  await berit.keys.follow(inbox.getByRole('button'));
  await berit.says('notice-assigned');

  // Ole sees whose case it is, what was shared, and not what is about home.
  await waitFor(ole, child);
  await ole.says('cases-owner', { owner: 'Inderøy kommune' });
  await ole.keys.link(child);
  await waitFor(ole, 'Teller til ti');
  await ole.says('cases-owner', { owner: 'Inderøy kommune' });
  await ole.seesNot('Uro hjemme');
  await ole.seesNot(home);
  await publish(ole, 'measure', { title: 'Språkkartlegging', responsible: 'Ole', deadline: day(30) }, ['language'],
    { notice: 'notice-proposed', sees: ['Inderøy kommune'] });
  await waitFor(ole, 'Språkkartlegging');

  // It comes back to Marte, with who reads it.
  await toCase(marte, child);
  await waitFor(marte, 'Språkkartlegging');
  await marte.keys.link('Språkkartlegging');
  await marte.sees('PPT');

  // Nobody else at Steinkjer: not another adviser, not the school, not who runs the node.
  const ida = await Person.at(steinkjer, 'Ida', how);
  await ida.says('cases-none');
  await ida.link('search-title');
  await ida.keys.write(ida.t('search-query'), 'Teller');
  await ida.button('search-do');
  await ida.says('search-found', { count: 0 });
  await refused(ida, `/cases/${id}`);
  await ida.context.close();
  for (const name of ['Tor', 'Gro', 'Kari']) {
    const other = await Person.at(steinkjer, name, how);
    await refused(other, `/cases/${id}`);
    await refused(other, `/cases/${id}/print`);
    await other.context.close();
  }

  // Each exchange lists the consent that it rests on.
  const dagny = await Person.at(inderoy, 'Dagny', how);
  const rows = dagny.page.locator('tbody tr', { hasText: id });
  assert((await rows.count()) >= 1, 'something was disclosed');
  for (const text of await rows.allInnerTexts()) assert(text.includes(consent), text);
  await dagny.seesNot(child);
  for (const person of [dagny, berit, ole, marte]) await person.leave();
}
