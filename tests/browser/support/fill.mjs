// A town in the middle of its work: cases with everything in them that a page can show. All persons
// are invented.
import {
  KINDERGARTEN, NURSE, PPT, ask, askConsent, assignAtPpt, bornYearsAgo, day, edit, inderoy, letIn, line,
  openCase, publish, readable, sayYes, share, steinkjer, until, withdraw,
} from './town.mjs';

const BOTH = ['language', 'learning'];

/** Fills the town, and returns its cases. */
export async function fill() {
  const ante = await openCase('Marte', ['Ante Eksempel', 'Eva Eksempel', 'Nils Eksempel'], bornYearsAgo(9));
  const measure = await log(ante);
  const { shared, asked } = await consents(ante);
  await ask('Marte', 'POST', `/cases/${ante.id}/assignments`, { account: inderoy.accounts.Siri });
  await assignAtPpt(ante.id, 'Ole');
  await readable('Ole', ante.id, measure);
  await conflict(ante, measure);
  await custody(ante);
  const idun = await youth();
  const passed = await batons();
  await letIn([
    { name: 'Eva', role: 'guardian', person: ante.mother },
    { name: 'Nils', role: 'guardian', person: ante.father },
    { name: 'Idun', role: 'subject', person: idun.child },
  ]);
  return { ante, measure, shared, asked, idun, ...passed };
}

/** Entries of every kind; returns the measure about language that PPT is to read. */
async function log({ id, mother }) {
  const write = (kind, areas, fields, more) => publish('Marte', id, kind, areas, fields, more);
  const goal = await write('goal', BOTH, {
    title: 'Ante leser en side hver dag',
    description: 'Innen jul leser Ante en hel side høyt uten hjelp.',
    set_on: day(-20),
    formulated_by: 'together',
  });
  const planned = (title, responsible, days, more) =>
    ({ title, responsible, deadline: day(days), status: 'planned', ...more });
  await write('measure', ['home'], planned('Lese sammen om kvelden', 'Eva', 30, { at_home: true }), { towards: goal });
  await write('measure', ['learning'], planned('Lydbok på nettbrettet', 'Marte', -6), { towards: goal });
  await write('measure', ['well-being'], planned('Fast plass ved vinduet', 'Marte', 40));
  const measure = await write('measure', ['language'], planned('Språkkartlegging', 'Ole', 21), { towards: goal });
  await write('note', ['home'], { title: 'Samtale på telefon', description: 'Eva sier at det går bedre hjemme.' });
  await write('note', ['language'], { description: 'Ante teller til ti på tre språk.\nHan er stolt av det.' });
  await write('note', ['well-being'], { description: 'Eva er sliten.' }, { about: [{ guardian: mother }] });
  await write('concern', BOTH, { title: 'Ante unngår å lese høyt', strengths: 'God til å tegne', status: 'open' });
  await write('child-voice', BOTH, { description: 'Det er fint når det er stille.', date: day(-2), obtained_by: 'conversation' });
  await write('child-voice', ['home'], { description: 'Jeg vil ikke at de hjemme skal vite dette.', withheld_from_guardians: true },
    { hidden_from_guardians: true });
  await write('bright-spot', ['well-being'], { description: 'Han lo i gymtimen.', date: day(-1) });
  await write('guardian-input', ['home'], { description: 'Vi leser fem minutter hver kveld.', guardian: 'Eva' });
  await meeting(id);
  return measure;
}

async function meeting(id) {
  const write = (kind, areas, fields, more) => publish('Marte', id, kind, areas, fields, more);
  const held = await write('meeting', BOTH, {
    date: day(-8), time: '13:30', place: 'Møterom 2', status: 'planned', present: ['Skole', 'Eva', 'Ante'],
  });
  const point = await write('agenda-point', BOTH, { title: 'Lesing', description: 'Hva virker?' }, { towards: held });
  await write('agreement', BOTH, { title: 'Ny lesebok', responsible: 'Marte', deadline: day(9), status: 'open' }, { towards: point });
  const evaluated = { date: day(-8), on_track: 'partly', decision: 'continue', child_heard: true };
  await edit('Marte', id, held, { status: 'held', summary: 'Vi fortsetter som før.', next_meeting: day(20) });
  await write('evaluation', BOTH, { ...evaluated, description: 'Lydbok hjelper.' }, { towards: held });
  await write('decision', BOTH, { date: day(-8), decision: 'continue', reason: 'Det går fremover.' }, { towards: held });
  const next = await write('meeting', BOTH, { date: day(0), status: 'planned', present: ['Skole'] });
  await write('agenda-point', BOTH, { title: 'Neste skritt' }, { towards: next });
}

/** Consents in every state: valid, about to run out, asked, partly given, withdrawn. */
async function consents(ante) {
  const shared = await share('Marte', ante, PPT, BOTH);
  await share('Marte', ante, NURSE, ['language', 'well-being'], { until: Date.now() + 20 * 86_400_000 });
  const gone = await share('Marte', ante, KINDERGARTEN, ['language']);
  await withdraw('Marte', ante.id, gone, ante.father);
  const partly = await askConsent('Marte', ante.id, { host: steinkjer.organisation, code: 'health-station' }, ['well-being']);
  await sayYes('Marte', ante.id, partly, ante.father);
  const asked = await askConsent('Marte', ante.id, { host: steinkjer.organisation, code: 'school' }, ['learning'],
    { reservations: 'Ikke noe om hjemmet.', child_heard: { heard: 'no' } });
  return { shared, asked };
}

/** Two people set one deadline while the line is cut. */
async function conflict({ id }, measure) {
  await line('cut');
  await edit('Marte', id, measure, { deadline: day(14) });
  await edit('Ole', id, measure, { deadline: day(28), status: 'started' });
  await line('whole');
  await until('two answers side by side', async () => {
    const item = await ask('Marte', 'GET', `/cases/${id}/entries/${measure}`);
    return Object.keys(item.conflicts ?? {}).length > 0;
  });
}

/** A change in the family that waits for the leader. */
function custody({ id, mother, father }) {
  return ask('Marte', 'POST', `/cases/${id}/family`, {
    parties: [
      { person: mother, capacity: 'guardian-with-parental-responsibility' },
      { person: father, capacity: 'parent-without-parental-responsibility' },
    ],
    document: '2026/117-3',
  });
}

/** A youth who decides for herself, with a consent of her own. */
async function youth() {
  const idun = await openCase('Marte', ['Idun Eksempel', 'Mona Eksempel', 'Geir Eksempel'], bornYearsAgo(16));
  await publish('Marte', idun.id, 'goal', ['well-being'], { title: 'Idun er på skolen hver dag' });
  await publish('Marte', idun.id, 'note', ['well-being'], { description: 'Idun vil ha en voksen å snakke med.' });
  const consent = await askConsent('Marte', idun.id, NURSE, ['well-being']);
  await sayYes('Marte', idun.id, consent, idun.child);
  await askConsent('Marte', idun.id, PPT, ['learning']);
  return idun;
}

/** One baton offered by Marte, and one to her. */
async function batons() {
  const mahtte = await openCase('Marte', ['Máhtte Eksempel', 'Risten Eksempel', 'Jovna Eksempel'], bornYearsAgo(7));
  const given = await openCase('Siri', ['Lina Eksempel', 'Turid Eksempel', 'Odd Eksempel'], bornYearsAgo(4));
  const note = 'Neste møte er ikke avtalt.\nEva ringer på mandag.';
  await ask('Marte', 'POST', `/cases/${mahtte.id}/baton/offers`, { to: inderoy.accounts.Siri, note });
  await ask('Siri', 'POST', `/cases/${given.id}/baton/offers`, { to: inderoy.accounts.Marte, note });
  await ask('Siri', 'POST', `/cases/${given.id}/transition`, { to: 'school', on: day(60) });
  return { mahtte, given };
}
