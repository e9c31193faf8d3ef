// Pages that only a form leads to: what is about to be published or shared, what was found, what is
// wrong beside its field, and refusals.
import { look } from './crawl.mjs';

/** For each role the forms, and how they are sent; each ends on the page that is to be held. */
const ANSWERS = {
  nobody: {
    'nowhere': (person) => person.page.goto(`${person.node.web}/nowhere`),
    'not logged in': (person) => person.page.goto(`${person.node.web}/cases`),
  },
  Marte: {
    'a new case without a name': async (person) => {
      await person.page.goto(`${person.node.web}/cases/new`);
      await person.button('new-open');
    },
    'an entry without anything': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/write?kind=measure`);
      await person.button('write-review');
    },
    'an entry about to be published, with a name in it': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/write?kind=note`);
      await person.keys.write(person.w('description'), 'Eva Eksempel sier at Nils leser hver kveld.');
      await person.keys.tick(person.t('write-area'), person.w('language'));
      await person.button('write-review');
    },
    'a draft among the case’s drafts': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/write?kind=note`);
      await person.keys.write(person.w('title'), 'Halvferdig');
      await person.button('write-save');
    },
    'a consent without an answer': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/consents/new`);
      await person.button('consents-new-look-button');
    },
    'a consent about to be asked for': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/consents/new`);
      await person.keys.choose(person.t('consents-new-recipient'), /PPT/);
      await person.keys.tick(person.t('consents-new-areas'), person.w('language'), person.w('home'));
      await person.keys.write(person.t('consents-new-purpose'), 'Kartlegging av språk');
      await person.button('consents-new-look-button');
    },
    'an answer of nobody': async (person, { ante, asked }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/consents/${asked}/answer`);
      await person.button('consents-answer-button', {});
    },
    'a withdrawal by nobody': async (person, { ante, shared }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/consents/${shared}/withdraw`);
      await person.button('consents-withdraw-button', {});
    },
    'a meeting whose readers are named': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/meeting`);
      await person.keys.tick(person.t('meeting-areas'), person.w('language'));
      await person.keys.write(person.t('meeting-present'), 'Eva\nNils');
      await person.button('meeting-see-readers');
    },
    'a meeting without an area': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/meeting`);
      await person.button('meeting-see-readers');
    },
    'a family change without a document': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/family`);
      await person.keys.unfold(person.t('household-register'));
      await person.button('household-register-button');
    },
    'what was found': async (person) => {
      await person.page.goto(`${person.node.web}/search`);
      await person.keys.write(person.t('search-query'), 'lese');
      await person.button('search-do');
    },
    'too little to search for': async (person) => {
      await person.page.goto(`${person.node.web}/search`);
      await person.button('search-do');
    },
    'logging in again': (person) => person.page.goto(`${person.node.web}/login/again?to=/cases`),
    'a case that is not there': (person) =>
      person.page.goto(`${person.node.web}/cases/3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05`),
  },
  Eva: {
    'input about to be published': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/family/${ante.id}/write`);
      await person.keys.write(person.t('family-write-text'), 'Vi leser hver kveld.');
      await person.keys.tick(person.t('family-write-areas'), person.w('home'));
      await person.keys.choose(person.t('family-write-about'), person.t('family-write-about-child'));
      await person.button('family-write-look');
    },
    'input without words': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/family/${ante.id}/write`);
      await person.button('family-write-look');
    },
    'what was found': async (person) => {
      await person.page.goto(`${person.node.web}/search`);
      await person.keys.write(person.t('search-query'), 'lese');
      await person.button('search-do');
      await person.keys.link(/Lese sammen om kvelden/);
      await person.isAt(/^\/family\//);
    },
  },
  Ole: {
    'a proposal about to be sent': async (person, { ante }) => {
      await person.page.goto(`${person.node.web}/cases/${ante.id}/write?kind=note`);
      await person.keys.write(person.w('description'), 'Kartlegging er bestilt.');
      await person.keys.tick(person.t('write-area'), person.w('language'));
      await person.button('write-review');
    },
  },
};

/** Holds every page of this sort against the checks. */
export async function answered(person, cases) {
  const all = [];
  for (const [where, send] of Object.entries(ANSWERS[person.name] ?? {})) {
    await person.page.setViewportSize({ width: 1280, height: 900 });
    await send(person, cases);
    all.push({ where, found: await look(person, where) });
  }
  return all;
}
