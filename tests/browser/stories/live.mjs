// A page that stays open says by itself that there is something new, at home and over the link, and
// shows it when it is asked to.
import { PPT, assignAtPpt, bornYearsAgo, inderoy, openCase, publish, readable, share, steinkjer } from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { toCase } from '../support/work.mjs';

const note = (of, words) => publish('Marte', of.id, 'note', ['language'], { description: words });

export async function live(how, { child, mother, father }) {
  const of = await openCase('Marte', [child, mother, father], bornYearsAgo(9));
  const first = await note(of, 'Leser enkle ord.');
  await share('Marte', of, PPT, ['language']);
  await assignAtPpt(of.id, 'Ole');
  await readable('Ole', of.id, first);
  const marte = await Person.at(inderoy, 'Marte', how);
  const ole = await Person.at(steinkjer, 'Ole', how);
  await toCase(marte, child);
  await toCase(ole, child);
  for (const person of [marte, ole]) await person.seesNot(person.t('live-new'));

  await note(of, 'Leser korte setninger.');

  for (const person of [marte, ole]) {
    await person.page.getByRole('status').getByText(person.t('live-new')).waitFor();
    await person.seesNot('Leser korte setninger.');
    await person.link('live-show');
    await person.sees('Leser korte setninger.');
    await person.seesNot(person.t('live-new'));
    await person.leave();
  }
}
