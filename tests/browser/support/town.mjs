// The nodes that were started for this run, and how cases are prepared in them: through the HTTP
// API with people's tokens, and with the forms of pages where the API has no way.
import { readFileSync, renameSync, writeFileSync, existsSync, rmSync } from 'node:fs';

const told = JSON.parse(readFileSync(process.env.BROWSER_TOWN, 'utf8'));

export const nodes = told.nodes;
export const { inderoy, steinkjer } = nodes;

export const PPT = { host: steinkjer.organisation, code: 'ppt' };
export const NURSE = { host: inderoy.organisation, code: 'health-station' };
export const KINDERGARTEN = { host: inderoy.organisation, code: 'kindergarten' };

/** Longer than anything that is waited for takes on a loaded machine. */
export const SOON_MS = 180_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Looks again and again until there is something. */
export async function until(what, look) {
  const end = Date.now() + SOON_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: nothing came in ${SOON_MS} ms`);
    await pause(150);
  }
}

/** Asks a node's API as somebody of the cast; an answer other than 2xx is an error. */
export async function ask(who, method, path, body) {
  const node = Object.values(nodes).find((one) => who in one.tokens);
  const response = await send(node, who, method, path, body);
  const text = await response.text();
  if (!response.ok) throw new Error(`${who}: ${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

export async function status(who, path) {
  const node = Object.values(nodes).find((one) => who in one.tokens);
  const response = await send(node, who, 'GET', path);
  await response.arrayBuffer();
  return response.status;
}

function send(node, who, method, path, body) {
  const headers = { authorization: `Bearer ${node.tokens[who]}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  return fetch(`${node.web}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
}

/** Opens a case of a child with two guardians; `names` are child, mother, father. */
export async function openCase(who, [child, mother, father], birth, more = {}) {
  const guardian = (name, relation) => ({ name, relation, parental_responsibility: true });
  const { case: id } = await ask(who, 'POST', '/cases', {
    subject_kind: 'child',
    level: 1,
    subject: { name: child, birth_date: birth, unit: 'Sandvollan skole, 4. trinn' },
    guardians: [guardian(mother, 'mother'), guardian(father, 'father')],
    ...more,
  });
  return family(who, id);
}

/** The persons of a case, as its stafettholder knows them. */
export async function family(who, id) {
  const view = await ask(who, 'GET', `/cases/${id}`);
  const person = (word) => view.parties.find((one) => (one.relation ?? one.capacity) === word)?.person;
  return { id, child: person('subject'), mother: person('mother'), father: person('father') };
}

export async function publish(who, id, kind, areas, fields, more = {}) {
  const published = await ask(who, 'POST', `/cases/${id}/entries`, { kind, areas, fields, ...more });
  return published.entry ?? published.proposal;
}

export const edit = (who, id, entry, fields) =>
  ask(who, 'PATCH', `/cases/${id}/entries/${entry}`, { fields });

export async function askConsent(who, id, recipient, areas, more = {}) {
  const purpose = 'Samarbeid om språk og læring på skolen';
  const asked = await ask(who, 'POST', `/cases/${id}/consents`, { recipient, areas, purpose, ...more });
  return asked.id;
}

export const sayYes = (who, id, consent, giver) =>
  ask(who, 'POST', `/cases/${id}/consents/${consent}/yes`, { giver, evidence: { kind: 'oral' } });

export const withdraw = (who, id, consent, giver) =>
  ask(who, 'POST', `/cases/${id}/consents/${consent}/withdrawal`, { giver });

/** Asks, and both guardians say yes. */
export async function share(who, of, recipient, areas, more = {}) {
  const consent = await askConsent(who, of.id, recipient, areas, more);
  await sayYes(who, of.id, consent, of.mother);
  await sayYes(who, of.id, consent, of.father);
  return consent;
}

/** The leader of PPT gives a case to somebody as soon as it is in the inbox. */
export async function assignAtPpt(id, who) {
  await until('the case in the inbox of PPT', async () => (await status('Berit', `/cases/${id}`)) === 200);
  await ask('Berit', 'POST', `/cases/${id}/assignments`, { account: steinkjer.accounts[who] });
}

/** Waits until somebody may read an entry. */
export const readable = (who, id, entry) =>
  until(`an entry for ${who}`, async () => (await status(who, `/cases/${id}/entries/${entry}`)) === 200);

/** Gives persons of a family an account, as an operator does, and waits until they can be picked. */
export async function letIn(people) {
  const fresh = `${inderoy.people}.new`;
  const rows = people.map(
    ({ name, role, person }) =>
      `\n[[person]]\nid = "${crypto.randomUUID()}"\nname = "${name}"\nroles = ["${role}"]\nperson = "${person}"\n`,
  );
  writeFileSync(fresh, readFileSync(inderoy.people, 'utf8') + rows.join(''), { mode: 0o600 });
  renameSync(fresh, inderoy.people);
  await until('the family among those who can be picked', async () => {
    const page = await (await fetch(`${inderoy.web}/login`)).text();
    return people.every(({ name }) => page.includes(`${name} – `));
  });
}

/** Cuts the line between the nodes, or makes it whole. */
export async function line(wish) {
  const answer = `${told.line}.is`;
  rmSync(answer, { force: true });
  writeFileSync(`${told.line}.new`, wish);
  renameSync(`${told.line}.new`, told.line);
  await until('somebody who keeps the line', () => existsSync(answer));
}

/** A day so many days from now, as forms and the API take it. */
export function day(days) {
  const at = new Date(Date.now() + days * 86_400_000);
  return at.toLocaleDateString('sv-SE', { timeZone: 'Europe/Oslo' });
}

/** The day of birth of somebody who is so many years old, and was a month ago. */
export function bornYearsAgo(years) {
  const [year, rest] = [Number(day(-30).slice(0, 4)) - years, day(-30).slice(4)];
  return `${year}${rest === '-02-29' ? '-02-28' : rest}`;
}
