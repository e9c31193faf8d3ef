// S2. A family moves from Inderøy to Steinkjer: what it keeps back stays, nobody there learns whom it is
// about before the case is theirs, and the line is cut between the offer and the answer.
import assert from 'node:assert/strict';
import { ask, bornYearsAgo, day, inderoy, line, openCase, publish, steinkjer, until } from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { register, toCase, waitFor } from '../support/work.mjs';

const THERE = { name: 'Steinkjer kommune' };
const HERE = { name: 'Inderøy kommune' };

export async function moving(how, { child, mother, father }) {
  const { id } = await openCase('Marte', [child, mother, father], bornYearsAgo(5));
  await publish('Marte', id, 'note', ['language'], { title: 'Leser høyt', description: 'Hver kveld.' });
  await publish('Marte', id, 'note', ['language'], { title: 'Uro i mai', description: `${mother} var syk.` });

  // The family is asked by itself: where to, what goes along, what stays.
  const marte = await Person.at(inderoy, 'Marte', how);
  await toCase(marte, child);
  await marte.link('case-move');
  await marte.says('moving-sees-none');
  await marte.link('moving-ask');
  await marte.keys.tick(marte.t('consents-move-ask-services'), 'Skole (Steinkjer kommune)');
  await marte.keys.tick(marte.t('consents-new-areas'), marte.w('language'));
  await marte.keys.unfold(marte.t('consents-move-ask-exceptions'));
  await marte.keys.tick(marte.t('consents-move-ask-exceptions'),
    `${marte.w('note')}: Uro i mai · ${marte.w('language')}`);
  await marte.keys.write(marte.t('consents-new-purpose'), 'Dere flytter.');
  await marte.button('consents-new-look-button');
  const list = (key) => marte.page.locator(`h2:text-is("${marte.t(key)}") + ul`);
  await list('consents-move-opens').getByText('Leser høyt').waitFor();
  await list('consents-move-hides').getByText('Uro i mai').waitFor();
  await marte.button('consents-move-review-ask', {});
  await marte.says('notice-asked');
  const answers = { button: 'consents-move-answer-button' };
  await register(marte, mother, 'consents-answer-yes', answers);
  await register(marte, father, 'consents-answer-yes', answers);

  // She offers the case: a stage, a day, and no name.
  await marte.link('move-title');
  await marte.keys.select(marte.t('moving-stage'), marte.t('stage-before-school'));
  await marte.keys.day(marte.t('moving-wished'), day(30));
  await marte.keys.write(marte.t('moving-note'), 'Ring meg gjerne.');
  await marte.button('moving-offer-do', THERE);
  await marte.says('notice-move-offered');
  await marte.says('moving-yours');
  const { open } = await ask('Marte', 'GET', `/cases/${id}/move`);

  // The coordinator of the other municipality asks a colleague.
  const kari = await Person.at(steinkjer, 'Kari', how);
  await kari.link('coming-title');
  const offer = kari.page.locator(`a[href="/moves/${open.succession}"]`);
  await until('the offer in the inbox', async () => (await offer.count()) > 0 || kari.again());
  await kari.keys.follow(offer);
  await kari.sees(kari.t('stage-before-school'));
  await kari.seesNot(child);
  await kari.keys.select(kari.t('coming-to'), 'Tor');
  await kari.button('coming-ask');
  await kari.says('notice-coming-asked');

  // He says yes while the line is cut; nobody knows more for it.
  await line('cut');
  const tor = await Person.at(steinkjer, 'Tor', how);
  await tor.says('waiting-coming', HERE);
  await tor.keys.follow(tor.page.locator(`a[href="/moves/${open.succession}"]`));
  await tor.says('coming-accept-means', HERE);
  await tor.button('coming-accept');
  await tor.says('coming-in-doubt-you', HERE);
  await tor.seesNot(child);
  await marte.again();
  await marte.says('moving-yours');
  await line('whole');

  // What goes along and what stays is read once more; then it is carried over.
  const last = marte.page.getByRole('link', { name: marte.t('moving-to-transfer', THERE) });
  await until('the package at Steinkjer', async () => (await last.count()) > 0 || marte.again());
  await marte.sees('Leser høyt');
  await marte.keys.follow(last);
  await marte.says('moving-means-for-good');
  await marte.keys.write(marte.t('moving-word', { word: 'OVERFØR' }), 'OVERFØR');
  await marte.button('moving-do', THERE);
  await marte.says('notice-move-transferred');
  await marte.seesNot(marte.t('moving-recall'));

  // It is his, with where each entry comes from, and without what was kept back.
  await waitFor(tor, tor.t('coming-here-you', HERE));
  await tor.link('coming-to-case');
  await tor.sees(child);
  await tor.sees('Leser høyt');
  await tor.sees(tor.language === 'nb' ? 'Fra Inderøy kommune' : 'Frå Inderøy kommune');
  await tor.seesNot('Uro i mai');
  await tor.seesNot(`${mother} var syk`);
  const consents = await ask('Tor', 'GET', `${tor.path}/consents`);
  assert.deepEqual(consents, [], 'no consent has followed');
  await until('the word that it was opened', async () =>
    (await ask('Marte', 'GET', `/cases/${id}/move`)).moved?.is_confirmed === true);
  await marte.again();
  await marte.says('moving-over', THERE);
  for (const person of [marte, kari, tor]) await person.leave();
}
