// S10. Marte and Ole change one measure at the same time: nothing is lost, and for deadline and
// responsible both answers stand until the stafettholder has chosen.
import assert from 'node:assert/strict';
import {
  PPT, assignAtPpt, bornYearsAgo, day, inderoy, line, openCase, publish, readable, share, steinkjer, until,
} from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { toCase, waitFor } from '../support/work.mjs';

export async function sameMeasure(how, { child, mother, father }) {
  const of = await openCase('Marte', [child, mother, father], bornYearsAgo(9));
  const { id } = of;
  const measure = await publish('Marte', id, 'measure', ['language'],
    { title: 'Språkkartlegging', description: 'Vi begynner.', responsible: 'Ole', deadline: day(20), status: 'planned' });
  await share('Marte', of, PPT, ['language']);
  await assignAtPpt(id, 'Ole');
  await readable('Ole', id, measure);
  const marte = await Person.at(inderoy, 'Marte', how);
  const ole = await Person.at(steinkjer, 'Ole', how);
  await toCase(marte, child);
  await toCase(ole, child);

  // At the same time: each has the other's version not.
  await line('cut');
  await change(marte, { description: 'Vi begynner. Marte har snakket med hjemmet.', deadline: day(30) });
  await change(ole, { description: 'Vi begynner. Ole har bestilt prøver.', deadline: day(44), status: true });
  await line('whole');

  // Both see both deadlines; both notes and the status have come.
  for (const person of [marte, ole]) {
    await waitFor(person, person.t('entry-conflict', { field: person.w('deadline') }));
    await person.sees(shown(day(30)));
    await person.sees(shown(day(44)));
    await person.sees('Marte har snakket med hjemmet.');
    await person.sees('Ole har bestilt prøver.');
    await person.sees(/i gang/i);
  }
  await ole.says('entry-holder-settles');
  assert.equal(await ole.page.getByRole('button', { name: ole.t('entry-settle') }).count(), 0);

  // It stays in sight until it is settled, also among what waits for her.
  await toCase(marte, child);
  await marte.says('case-conflict');
  await marte.link('cases-title');
  await marte.says('waiting-conflict', { name: child });
  await marte.keys.follow(marte.page.locator(`a[href="/cases/${id}/entries/${measure}"]`));
  await marte.keys.choose(marte.t('entry-which'), new RegExp(shown(day(44)).replaceAll('.', '\\.')));
  await marte.button('entry-settle');
  await marte.says('notice-settled');
  const gone = (person) => person.t('entry-conflict', { field: person.w('deadline') });
  await marte.seesNot(gone(marte));

  // Ole's node comes to the same.
  await until('the answer at the partner', async () => !(await ole.said()).includes(gone(ole)) || ole.again());
  await ole.seesNot(gone(ole));
  for (const person of [marte, ole]) {
    await person.sees(shown(day(44)));
    await person.seesNot(shown(day(30)));
    await person.sees('Marte har snakket med hjemmet.');
    await person.sees('Ole har bestilt prøver.');
    await person.leave();
  }
}

const STARTED = /^i gang$/i;

/** From the page of the case: changes the measure and stays on its page. */
async function change(person, { description, deadline, status }) {
  await person.keys.link('Språkkartlegging');
  await person.link('entry-edit');
  await person.keys.write(person.w('description'), description);
  await person.keys.day(person.w('deadline'), deadline);
  if (status) await person.keys.select(person.w('status'), STARTED);
  await person.button('edit-save');
  await person.says('notice-saved');
}

const MONTHS = ['januar', 'februar', 'mars', 'april', 'mai', 'juni', 'juli', 'august', 'september', 'oktober',
  'november', 'desember'];

/** A day as pages show it, in both languages. */
function shown(iso) {
  const [year, month, day] = iso.split('-').map(Number);
  return `${day}. ${MONTHS[month - 1]} ${year}`;
}
