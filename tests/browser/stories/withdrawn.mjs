// S4. The mother, who has the responsibility alone, calls and says stop. The line is down, so it is
// "not confirmed yet" until it is up again.
import assert from 'node:assert/strict';
import {
  PPT, askConsent, assignAtPpt, bornYearsAgo, family, inderoy, letIn, line, openCase, publish as prepare, readable, sayYes,
  steinkjer,
} from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { publish, refused, takeBack, toCase, waitFor } from '../support/work.mjs';

const CONFIRMED = {
  nb: /Steinkjer kommune har bekreftet \(\d+ slettet, \d+ låst\)/,
  nn: /Steinkjer kommune har stadfesta \(\d+ sletta, \d+ låst\)/,
};

export async function withdrawn(how, { child, mother }) {
  const guardians = [{ name: mother, relation: 'mother', parental_responsibility: true }];
  const { id } = await openCase('Marte', [child, '', ''], bornYearsAgo(9), { guardians });
  const of = await family('Marte', id);
  const entry = await prepare('Marte', id, 'note', ['language'], { title: 'Teller til ti', description: 'På tre språk.' });
  const consent = await askConsent('Marte', id, PPT, ['language']);
  await sayYes('Marte', id, consent, of.mother);
  await assignAtPpt(id, 'Ole');
  await readable('Ole', id, entry);
  await letIn([{ name: mother, role: 'guardian', person: of.mother }]);
  const marte = await Person.at(inderoy, 'Marte', how);
  const ole = await Person.at(steinkjer, 'Ole', how);
  await ole.keys.link(child);
  await publish(ole, 'note', { title: 'Fra PPT', description: 'Kartlegging er gjort.' }, ['language'], { notice: 'notice-proposed' });
  await toCase(marte, child);
  await waitFor(marte, 'Fra PPT');

  // The line is down: the sharing has ended here, and nothing is said to be erased there.
  await line('cut');
  await marte.link('case-consents');
  await marte.keys.link(/^PPT/);
  await takeBack(marte, mother);
  await marte.says('consents-order-waits');
  const said = (await marte.said()).toLowerCase();
  assert(!/\bhar (bekreftet|stadfesta)\b/.test(said), said);
  await marte.seesNot(marte.language === 'nb' ? ' slettet,' : ' sletta,');

  // Locked for further sharing: what is written now is read by nobody else.
  await toCase(marte, child);
  await publish(marte, 'note', { title: 'Etterpå', description: 'Bare her.' }, ['language'],
    { sees: [marte.t('write-read-by', { readers: marte.w('school') })] });

  // The line is up: PPT reads nothing, and has said what it did.
  await line('whole');
  await marte.link('case-consents');
  await marte.keys.link(/^PPT/);
  await waitFor(marte, CONFIRMED[marte.language]);
  await refused(ole, `/cases/${id}/entries/${entry}`);
  await ole.page.goto(`${steinkjer.web}/cases`);
  await ole.seesNot('Teller til ti');

  // She is told in plain words.
  const eva = await Person.at(inderoy, mother, how);
  await eva.says('family-notices');
  await eva.sees(/PPT/);
  for (const person of [eva, marte]) await person.leave();
  await ole.context.close();
}
