// S15. A father and his daughter of sixteen both want to see what stands in the log and who has
// looked. He gets what the rule leaves him; she gets all of hers; the request itself is written down.
import assert from 'node:assert/strict';
import { PPT, ask, askConsent, assignAtPpt, bornYearsAgo, inderoy, letIn, openCase, publish, readable, sayYes, steinkjer } from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { refused } from '../support/work.mjs';

export async function innsyn(how, { child, mother, father }) {
  const of = await openCase('Marte', [child, mother, father], bornYearsAgo(16));
  const { id } = of;
  const shared = await publish('Marte', id, 'note', ['learning'], { title: 'Prøve i norsk', description: 'Hun fikk lest opp oppgaven.' });
  await publish('Marte', id, 'child-voice', ['well-being'], { description: 'Jeg vil ikke at de hjemme får vite dette.' },
    { hidden_from_guardians: true });
  await publish('Marte', id, 'note', ['well-being'], { description: `${mother} har vært syk.` }, { about: [{ guardian: of.mother }] });
  const consent = await askConsent('Marte', id, PPT, ['learning']);
  await sayYes('Marte', id, consent, of.child);
  await assignAtPpt(id, 'Ole');
  await readable('Ole', id, shared);
  await letIn([{ name: father, role: 'guardian', person: of.father }, { name: child, role: 'subject', person: of.child }]);
  await ask('Marte', 'GET', `/cases/${id}`);

  // He reads what the rule leaves a guardian, on the screen and on paper, and not her own words.
  const nils = await Person.at(inderoy, father, how);
  await nils.seesNot('Jeg vil ikke at de hjemme');
  await nils.link('family-print');
  await nils.seesNot('Jeg vil ikke at de hjemme');
  await nils.seesNot(`${mother} har vært syk`);
  await nils.page.goBack();
  await nils.link('family-looks');
  await looked(nils);
  await nils.seesNot(child);

  // She gets all of it, who reads what, and who has looked.
  const idun = await Person.at(inderoy, child, how);
  await idun.sees('Jeg vil ikke at de hjemme får vite dette.');
  await idun.sees('Prøve i norsk');
  await idun.sees('PPT (Steinkjer kommune)');
  await idun.link('family-print');
  await idun.sees('Jeg vil ikke at de hjemme får vite dette.');
  await idun.sees('Prøve i norsk');
  await idun.page.goBack();
  await idun.link('family-looks');
  await looked(idun);
  await idun.says('looks-you');
  await idun.says('looks-print');
  await idun.seesNot(father);
  // She decides what her father reads of her.
  await idun.link('looks-back');
  await idun.link('family-guardians');
  const closed = idun.t('family-guardians-closed', { name: father });
  await idun.keys.tick(closed, idun.w('learning'));
  await idun.button('family-guardians-button', { name: father });
  await nils.page.goto(`${inderoy.web}/family/${id}`);
  await nils.seesNot('Prøve i norsk');
  await refused(nils, `/cases/${id}/entries/${shared}`);

  // Whoever oversees it sees that both have asked, in which role; never what nobody may learn.
  const dagny = await Person.at(inderoy, 'Dagny', how);
  await dagny.keys.follow(dagny.page.locator(`a[href="/cases/${id}/looks"]`).first());
  const rows = (await dagny.page.locator('tbody tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' '));
  for (const role of dagny.language === 'nb' ? ['foresatt', 'den saken gjelder'] : ['føresett', 'den saka gjeld']) {
    assert(rows.some((row) => row.toLowerCase().includes(role)), `${role} among ${rows.join('\n')}`);
  }
  const all = rows.join(' ').toLowerCase();
  for (const never of ['meldeplikt', 'kode 6', 'fortrolig', 'beskytt']) assert(!all.includes(never), all);
  for (const person of [nils, idun, dagny]) await person.leave();
}

/** Each row names somebody, the role with the service, what, and why. */
async function looked(person) {
  const rows = await person.page.locator('tbody tr').evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
  const marte = rows.find((row) => row[1] === 'Marte');
  assert(marte, `Marte among ${rows.map((row) => row.join(', ')).join('\n')}`);
  assert.match(marte[2], new RegExp(`, ${person.w('school')}`));
  assert.equal(marte[4], person.t('looks-task'));
  assert(rows.every((row) => row.every((cell) => cell.length > 0)), 'no cell is empty');
}
