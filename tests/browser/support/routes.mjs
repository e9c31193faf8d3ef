// Which pages each role must reach by links alone. Every page that the node has a route for stands
// here, or among those that no link leads to, each with its reason.
import { readFileSync } from 'node:fs';

const CASE = '/cases/{}';
const READS = ['/cases', '/baton', '/search', CASE, `${CASE}/print`, `${CASE}/entries/{}`];
const WRITES = [`${CASE}/write`, `${CASE}/entries/{}/edit`];

export const REACHES = {
  nobody: ['/', '/login'],
  Marte: [
    ...READS, ...WRITES, '/emergency', '/cases/new', `${CASE}/consents`, `${CASE}/consents/new`, `${CASE}/consents/{}`,
    `${CASE}/consents/{}/answer`, `${CASE}/consents/{}/withdraw`, `${CASE}/consents/{}/form`, `${CASE}/family`,
    `${CASE}/family/circle`, `${CASE}/looks`, `${CASE}/baton`, `${CASE}/baton/offer`, `${CASE}/transition`, `${CASE}/move`, `${CASE}/move/without`, `${CASE}/close`, `${CASE}/meeting`,
    `${CASE}/meeting/{}`, `${CASE}/meeting/{}/write`, `${CASE}/meeting/{}/end`,
  ],
  Siri: [...READS, ...WRITES, '/emergency', '/cases/new', `${CASE}/baton`, `${CASE}/transition`],
  Knut: ['/cases', '/cases/new', '/baton', '/search', '/emergency'],
  Randi: ['/cases', '/unit', '/emergency', '/emergency/reviews', '/baton', '/search', `${CASE}/family`, `${CASE}/family/circle`, `${CASE}/baton`, `${CASE}/baton/give`, `${CASE}/transition`],
  Bente: ['/stalled', '/moves'],
  Arne: ['/'],
  Jo: ['/operations'],
  Dagny: ['/disclosures', '/emergency/reviews', `${CASE}/looks`],
  Eva: [
    '/family/{}', '/family/{}/write', '/search', `${CASE}/consents/{}`, `${CASE}/consents/{}/answer`,
    `${CASE}/consents/{}/withdraw`, `${CASE}/looks`, `${CASE}/print`,
  ],
  Nils: ['/family/{}', '/family/{}/write'],
  Idun: ['/family/{}', '/family/{}/write', '/family/{}/guardians', `${CASE}/consents/{}`, `${CASE}/looks`, `${CASE}/print`],
  Berit: ['/inbox', `${CASE}/decline`, '/cases', '/search', '/emergency/reviews'],
  Ole: [...READS, ...WRITES, '/emergency'],
};

/** No link leads here, and why. */
const LED_TO = {
  '/login/again': 'whoever shares or withdraws long after the login is led here',
  '/login/{}/start': 'leads on to a provider, which a demonstration has none of',
  '/login/{}/return': 'a provider leads back here',
  '/assets/{}/{}': 'a file of the look',
  '/cases/{}/live': 'an open page listens to it',
  '/emergency/case': 'whoever posts the form of an emergency opening is led here',
  '/moves/{}': 'there is one when another municipality offers a case, as in the story of the move',
  '/moves/hand/{}': 'there is one when an operator has taken in a file that came by hand',
  '/baton/{}': 'there is one when another municipality offers the baton of a case that it shares',
  '/cases/{}/move/hand': 'led to where the family moves to a municipality without a node, as in that story',
  '/cases/{}/move/hand/file': 'a file to keep, which that story opens',
  '/cases/{}/move/transfer': 'led to once the other municipality has the package, as in the story of the move',
  '/family': 'leads on at once whoever is in one case alone',
};

/** Pages of the node's routes that stand in no list. */
export function forgotten() {
  const source = readFileSync(process.env.BROWSER_ROUTES, 'utf8');
  const pages = source.slice(source.indexOf('fn pages()'), source.indexOf('fn health()'));
  const routes = [...pages.matchAll(/\.get\("([^"]+)"/g)].map((route) => route[1].replace(/\{\w+\}/g, '{}'));
  if (routes.length < 30) throw new Error(`${routes.length} pages among the routes are too few`);
  const listed = new Set([...Object.values(REACHES).flat(), ...Object.keys(LED_TO)]);
  return routes.filter((route) => !listed.has(route));
}

/** What a role should have reached and has not. */
export function missing(who, sorts) {
  const paths = new Set(sorts.map((one) => one.split(' ')[0]));
  return REACHES[who].filter((path) => !paths.has(path));
}
