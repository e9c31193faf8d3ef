// What people do with the pages, by keyboard: each from where the task before it ended, as a person
// would, by the words on links, buttons and fields.
import assert from 'node:assert/strict';
import { SOON_MS } from './town.mjs';

/** Opens a case of a child with two guardians who both have the responsibility. */
export async function openCase(marte, { child, born, mother, father, level = 1 }) {
  await marte.link('cases-title');
  await marte.link('cases-new');
  const { keys } = marte;
  await keys.write(marte.t('new-name'), child);
  await keys.day(marte.t('new-birth'), born);
  for (const [number, name, relation] of [[1, mother, 'new-mother'], [2, father, 'new-father']]) {
    if (!name) continue;
    await keys.write(marte.t('new-guardian-name', { number }), name);
    await keys.select(marte.t('new-guardian-relation', { number }), marte.t(relation));
    await keys.tick(marte.t('new-guardian-responsible', { number }), marte.t('new-responsible-yes'));
  }
  await keys.choose(marte.t('new-level'), new RegExp(`${level}$`));
  await marte.button('new-open');
  await marte.says('notice-opened');
  return marte.path.split('/').at(-1);
}

/** From the page of a case: writes something of a kind, sees who reads it, and publishes. */
export async function publish(person, kind, fields, areas, { sees = [], notice = 'notice-published' } = {}) {
  const { keys } = person;
  await person.link('case-write');
  await keys.link(person.w(kind));
  await fill(person, fields);
  await keys.tick(person.t('write-area'), ...areas.map((area) => person.w(area)));
  await person.button('write-review');
  for (const words of sees) await person.sees(words);
  await person.button('write-publish', {});
  await person.says(notice);
}

/** Fills the fields of an entry: `{ title: '…', deadline: '2027-03-01' }`. */
export async function fill(person, fields) {
  for (const [field, value] of Object.entries(fields)) {
    const label = person.w(field);
    if (/^\d{4}-\d\d-\d\d$/.test(value)) await person.keys.day(label, value);
    else await person.keys.write(label, value);
  }
}

/** From the page of a case: asks the family whether a service may see some areas. */
export async function askConsent(marte, service, areas, { opens = [], hides = [], purpose = 'Hjelp med lesing' } = {}) {
  const { keys } = marte;
  await marte.link('case-consents');
  await marte.link('consents-ask');
  await keys.choose(marte.t('consents-new-recipient'), service);
  await keys.tick(marte.t('consents-new-areas'), ...areas.map((area) => marte.w(area)));
  await keys.write(marte.t('consents-new-purpose'), purpose);
  await marte.button('consents-new-look-button');
  const { page } = marte;
  const list = (key) => page.locator(`h2:text-is("${marte.t(key)}") + ul`);
  for (const words of opens) await list('consents-opens').getByText(words).waitFor();
  for (const words of hides) await list('consents-hides').getByText(words).waitFor();
  await marte.button('consents-review-ask', {});
  await marte.says('notice-asked');
  return marte.path.split('/').at(-1);
}

/** From the page of a consent: writes down what somebody of the family said. */
export async function register(marte, who, answer = 'consents-answer-yes', { button = 'consents-answer-button' } = {}) {
  await marte.link('consents-register');
  await marte.keys.choose(marte.t('consents-answer-who'), new RegExp(`^${who}`));
  await marte.keys.choose(marte.t('consents-answer-what'), marte.t(answer));
  await marte.keys.choose(marte.t('consents-evidence'), marte.t('consents-evidence-oral'));
  await marte.button(button, {});
  await marte.says('notice-answered');
}

/** From the page of a consent: writes down that somebody takes it back. */
export async function takeBack(marte, who) {
  await marte.link('consents-withdraw');
  await marte.keys.choose(marte.t('consents-withdraw-who'), new RegExp(`^${who}`));
  await marte.keys.choose(marte.t('consents-withdraw-how'), marte.t('consents-channel-oral'));
  await marte.keys.choose(marte.t('consents-withdraw-part'), marte.t('consents-part-whole'));
  await marte.button('consents-withdraw-button', {});
  await marte.says('notice-withdrawn');
}

/** From anywhere: goes to a case in the list of cases by the child's first name. */
export async function toCase(person, child) {
  await person.link('cases-title');
  await person.keys.link(child);
}

/** Loads a page anew until it says something, as somebody who waits for it does. */
export async function waitFor(person, words) {
  const fits = async () => {
    const said = await person.said();
    return typeof words === 'string' ? said.includes(words) : words.test(said);
  };
  const end = Date.now() + SOON_MS;
  while (!(await fits())) {
    if (Date.now() > end) await person.sees(words);
    await person.page.waitForTimeout(250);
    await person.again();
  }
}

/** What the server answers to a page that somebody asks for. */
export async function refused(person, path, status = 404) {
  const response = await person.page.goto(`${person.node.web}${path}`);
  assert.equal(response.status(), status, `${person.name}: ${path}`);
}
