// S3a. A family moves to a municipality without a node: the stafettholder makes a package for the hand, and the
// file opens in any browser with the code word, and with nothing else. The baton stays until the letter comes.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, bornYearsAgo, day, inderoy, openCase, publish } from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { toCase } from '../support/work.mjs';

const VERDAL = { name: 'Verdal kommune' };

export async function packaged(how, { child, mother, father }) {
  const { id } = await openCase('Marte', [child, mother, father], bornYearsAgo(5));
  await publish('Marte', id, 'note', ['language'], { title: 'Leser høyt', description: 'Hver kveld.' });
  const kept = await publish('Marte', id, 'note', ['language'], { title: 'Uro i mai', description: 'Bare her.' });
  const { id: consent } = await ask('Marte', 'POST', `/cases/${id}/consents`, {
    kind: 'transfer',
    recipient: { host: '938587418', code: 'school' },
    areas: ['language'],
    exceptions: [kept],
    purpose: 'Dere flytter til Verdal.',
  });
  const { parties } = await ask('Marte', 'GET', `/cases/${id}`);
  for (const { person } of parties.filter(({ name }) => [mother, father].includes(name))) {
    await ask('Marte', 'POST', `/cases/${id}/consents/${consent}/yes`, { giver: person, evidence: { kind: 'oral' } });
  }

  const marte = await Person.at(inderoy, 'Marte', how);
  await toCase(marte, child);
  await marte.link('case-move');
  await marte.says('moving-by-hand');
  await marte.link('hand-title');
  await marte.keys.write(marte.t('moving-note'), 'Ring meg gjerne.');
  await marte.button('hand-make');
  await marte.says('hand-done', VERDAL);
  const word = await marte.page.locator('#code-word').innerText();
  assert.match(word, /^([A-Z2-9]{4} ){4}[A-Z2-9]{4}$/);

  const folder = await mkdtemp(join(tmpdir(), 'package-'));
  const file = join(folder, 'package.html');
  const fetched = marte.page.waitForEvent('download');
  await marte.keys.to(marte.page.getByRole('link', { name: marte.t('hand-fetch'), exact: true }));
  await marte.keys.press('Enter');
  const download = await fetched;
  assert.match(download.suggestedFilename(), /^stafett-pakke-\d{4}-\d{2}-\d{2}\.html$/);
  await download.saveAs(file);
  const text = await readFile(file, 'utf8');
  for (const hidden of [child, 'Leser', word, word.replaceAll(' ', '')]) {
    assert(!text.includes(hidden), `the file tells ${hidden}`);
  }
  await opened(marte.context, file, word, [child, 'Leser høyt', 'Ring meg gjerne.'], ['Uro i mai', 'Bare her.']);
  await rm(folder, { recursive: true });

  // The word is told once; the case and the baton are here until the letter is registered.
  await marte.link('hand-on-with');
  await marte.seesNot(word);
  await marte.says('moving-yours');
  await marte.keys.write(marte.t('hand-archive'), '2027/118-3');
  await marte.keys.day(marte.t('hand-on'), day(0));
  await marte.button('hand-accept');
  await marte.says('notice-move-transferred');
  await marte.says('moving-over', VERDAL);
  const over = await ask('Marte', 'GET', `/cases/${id}/move`);
  assert.equal(over.by_hand.archive, '2027/118-3');
  await marte.leave();
}

/** Opens the file as the other municipality would: from a folder, without a network. */
async function opened(context, file, word, shown, hidden) {
  const page = await context.newPage();
  const faults = [];
  page.on('console', (said) => {
    if (['error', 'warning'].includes(said.type())) faults.push(said.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') && !request.url().startsWith('about:')) faults.push(request.url());
  });
  await page.goto(`file://${file}`);
  const type = async (written) => {
    await page.locator('#word').fill(written);
    await page.keyboard.press('Enter');
  };
  await type('AAAA AAAA AAAA AAAA AAAA');
  await page.locator('#wrong').waitFor();
  assert.equal(await page.locator('#paper').getAttribute('srcdoc'), null, 'nothing opens with another word');

  await type(word.toLowerCase().replaceAll(' ', '-'));

  await page.locator('#paper').waitFor();
  const paper = await page.locator('#paper').getAttribute('srcdoc');
  for (const words of shown) assert(paper.includes(words), `${words} stands in the paper`);
  for (const words of hidden) assert(!paper.includes(words), `${words} stays at home`);
  const inside = page.frameLocator('#paper').getByRole('heading', { level: 1 });
  await inside.waitFor();
  assert.deepEqual(faults, [], 'the file loads nothing and breaks no policy of its own');
  await page.close();
}
