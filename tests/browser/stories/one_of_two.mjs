// S5. The father takes back PPT on his own page; the mother still wants it.
import assert from 'node:assert/strict';
import {
  NURSE, PPT, ask, assignAtPpt, bornYearsAgo, inderoy, letIn, openCase, publish, readable, share, status, steinkjer, until,
} from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { refused, register, toCase, waitFor } from '../support/work.mjs';

export async function oneOfTwo(how, { child, mother, father }) {
  const of = await openCase('Marte', [child, mother, father], bornYearsAgo(9));
  const { id } = of;
  const entry = await publish('Marte', id, 'note', ['language'], { title: 'Teller til ti', description: 'På tre språk.' });
  const first = await share('Marte', of, PPT, ['language']);
  await share('Marte', of, NURSE, ['language']);
  await ask('Marte', 'POST', `/cases/${id}/assignments`, { account: inderoy.accounts.Siri });
  await assignAtPpt(id, 'Ole');
  await readable('Ole', id, entry);
  await letIn([
    { name: mother, role: 'guardian', person: of.mother },
    { name: father, role: 'guardian', person: of.father },
  ]);
  const marte = await Person.at(inderoy, 'Marte', how);
  const ole = await Person.at(steinkjer, 'Ole', how);
  await ole.keys.link(child);

  // He does it himself, in two clicks, and is told what happens.
  const nils = await Person.at(inderoy, father, how);
  await nils.keys.link(nils.like('family-withdraw', { service: 'PPT (Steinkjer kommune)' }));
  await nils.says('consents-withdraw-nobody');
  await nils.keys.choose(nils.t('consents-withdraw-part'), nils.t('consents-part-whole'));
  await nils.button('consents-withdraw-button', {});
  await nils.says('notice-withdrawn');

  // PPT stops, the health station goes on.
  await until('the end of the sharing', async () => (await status('Ole', `/cases/${id}/entries/${entry}`)) === 404);
  await refused(ole, `/cases/${id}/entries/${entry}`);
  const siri = await Person.at(inderoy, 'Siri', how);
  await siri.keys.link(child);
  await siri.sees('Teller til ti');

  // Marte is to talk with both; the mother's page says nothing of him.
  await marte.home();
  await waitFor(marte, marte.t('waiting-clarify', { name: child, service: 'PPT (Steinkjer kommune)' }));
  const eva = await Person.at(inderoy, mother, how);
  await eva.seesNot(father);
  await eva.seesNot(eva.language === 'nb' ? 'trukket' : 'trekt');
  await refused(eva, `/cases/${id}/family`, 403);
  await eva.home();

  // A new version, and her yes alone brings nothing back.
  await toCase(marte, child);
  await marte.link('case-consents');
  await marte.page.getByRole('heading', { name: marte.t('consents-over') }).waitFor();
  await marte.keys.follow(marte.page.locator(`a[href="/cases/${id}/consents/${first}"]`).last());
  await marte.says('consents-clarify');
  await marte.link('consents-version');
  await marte.button('consents-new-look-button');
  await marte.button('consents-review-ask', {});
  const second = marte.path.split('/').at(-1);
  assert.notEqual(second, first);
  await register(marte, mother);
  await marte.says('consents-state-partly', { missing: `${father} (${marte.t('household-father')})` });
  await refused(ole, `/cases/${id}/entries/${entry}`);

  // They agree: he says yes on his own page, and Ole reads again.
  await nils.link('family-title');
  await nils.keys.link(nils.like('family-asked-read', {}));
  await nils.link('consents-own-answer');
  await nils.keys.choose(nils.t('consents-answer-what'), nils.t('consents-answer-own-yes'));
  await nils.button('consents-answer-own-button');
  await nils.says('notice-answered');
  await readable('Ole', id, entry);
  await ole.page.goto(`${steinkjer.web}/cases/${id}`);
  await ole.sees('Teller til ti');

  // All of it can be shown: the first version, who took it back, the second.
  await marte.again();
  await marte.sees(`${marte.t('consents-row-version')} 2`);
  await marte.link('consents-to-all');
  await marte.says('consents-over');
  await marte.keys.follow(marte.page.locator(`a[href="/cases/${id}/consents/${first}"]`).last());
  await marte.sees(father);
  await custody(marte, how, { id, child, mother, father });
  for (const person of [nils, eva, siri, marte]) await person.leave();
  await ole.context.close();
}

/** A court gives the mother the responsibility alone: filed, approved by the leader. */
async function custody(marte, how, { id, child, father }) {
  await marte.link('consents-to-all');
  await marte.link('consents-to-family');
  await marte.keys.unfold(marte.t('household-register'));
  await marte.keys.select(father, marte.t('household-is-parent'));
  await marte.keys.write(marte.t('household-document'), '2026/117-3');
  await marte.button('household-register-button');
  await marte.says('notice-family-registered');
  await marte.says('household-waits-leader');
  const randi = await Person.at(inderoy, 'Randi', how);
  await randi.keys.follow(randi.page.locator(`a[href="/cases/${id}/family"]`));
  await randi.button('household-approve');
  await randi.says('notice-family-approved');
  await randi.leave();
  await marte.again();
  await marte.sees(`${father} (${marte.t('household-father')}) – ${marte.t('household-is-parent')}`);
}
