// Somebody new to it opens a case, writes a goal and a measure, shares with PPT after the preview,
// and takes the consent back, with nothing but the pages. Every press is counted, task by task.
import { bornYearsAgo, day, inderoy } from '../support/town.mjs';
import { Person } from '../support/person.mjs';
import { askConsent, openCase, publish, register, takeBack, waitFor } from '../support/work.mjs';

const PPT = /^PPT/;

export async function newcomer(how, { child, mother, father }, context) {
  const marte = await Person.at(inderoy, 'Marte', how);
  const counts = [];
  const count = (task) => {
    const { acts, tabs, other, letters } = marte.keys.take();
    counts.push(`${task}: ${acts} clicks, ${tabs + other} other keys, ${letters} letters`);
  };
  marte.keys.take();

  await openCase(marte, { child, born: bornYearsAgo(9), mother, father });
  count('open a case');
  await publish(marte, 'goal', { title: 'Lese en side hver dag' }, ['language']);
  count('write a goal');
  await marte.link('case-new-measure', {});
  await marte.keys.write(marte.w('title'), 'Lydbok hver kveld');
  await marte.keys.write(marte.w('responsible'), 'Marte');
  await marte.keys.day(marte.w('deadline'), day(30));
  await marte.button('write-review');
  await marte.says('write-who');
  await marte.button('write-publish', {});
  await marte.says('notice-published');
  count('write a measure');
  await askConsent(marte, PPT, ['language'], { opens: ['Lydbok hver kveld', 'Lese en side hver dag'] });
  count('ask to share with PPT, with the preview');
  await register(marte, mother);
  await marte.says('consents-state-partly', { missing: `${father} (${marte.t('household-father')})` });
  await register(marte, father);
  count('register two answers');
  await takeBack(marte, mother);
  count('take it back');
  await waitFor(marte, /slettet|sletta/);
  await marte.sees(/bekreftet|stadfesta/);
  counts.forEach((line) => context.diagnostic(line));
  await marte.leave();
}
