// Tells a story once in each language, at a desk in one and on a telephone in the other; with
// BROWSER_ALL in the environment in each language at both.
import { test } from 'node:test';
import { line } from './town.mjs';

const USUAL = [['nb', 1280], ['nn', 390]];
const ALL = [...USUAL, ['nb', 390], ['nn', 1280]];

const runs = process.env.BROWSER_ALL ? ALL : USUAL;

/** `story` is told how to open its windows, and the names of a family of its own. */
export function tell(name, story, more = []) {
  [...runs.map(([language, width]) => ({ language, width })), ...more].forEach((how) => {
    const script = how.script === false ? ', without a script' : '';
    test(`${name} (${how.language}, ${how.width}${script})`, (context) =>
      onceMore(context, () => story(how, names(), context), () => line('whole')));
  });
}

/** A machine that stands still for a while fails a telling: what fails is told once more, with another
 * family, and is red when it fails again. What went wrong the first time is printed. */
export async function onceMore(context, telling, mend = async () => {}) {
  try {
    return await telling();
  } catch (fault) {
    context.diagnostic(`told once more, because: ${fault.message}`);
    await mend();
    return telling();
  }
}

const FIRST = ['Ante', 'Sanna', 'Jovna', 'Elle', 'Nilas', 'Maja'];
const MOTHERS = ['Eva', 'Berit', 'Turid', 'Randi', 'Solveig', 'Mona'];
const FATHERS = ['Nils', 'Odd', 'Geir', 'Per', 'Lars', 'Jon'];
let told = 0;

/** Names that no other telling has, so that everybody can be picked by name. */
function names() {
  const number = told;
  told += 1;
  const letter = String.fromCharCode(65 + number);
  const of = (list) => list[number % list.length];
  return { child: `${of(FIRST)}${letter.toLowerCase()}`, mother: `${of(MOTHERS)}${letter.toLowerCase()}`, father: `${of(FATHERS)}${letter.toLowerCase()}` };
}
