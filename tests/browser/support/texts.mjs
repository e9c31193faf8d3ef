// What pages say, from the files that the node itself is built with, so that a page is found by the
// words on it in both languages and a changed word is no failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const LANGUAGES = ['nb', 'nn'];

const texts = Object.fromEntries(LANGUAGES.map((language) => [language, read(language)]));

function read(language) {
  const folder = join(process.env.BROWSER_TEXTS, language);
  const all = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ftl'))) {
    let key;
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const begun = /^([a-z][\w-]*) = ?(.*)$/.exec(line);
      if (begun) {
        key = begun[1];
        all[key] = begun[2];
      } else if (key && /^[\s}]/.test(line)) {
        all[key] += `\n${line}`;
      }
    }
  }
  return all;
}

/** A text with its values filled in; a number chooses the plural. */
export function text(language, key, values = {}) {
  let found = texts[language][key] ?? texts.nb[key];
  if (found === undefined) throw new Error(`there is no text ${key}`);
  const chosen = /\{ \$(\w+) ->([\s\S]*)\n\}/.exec(found);
  if (chosen) {
    const branches = [...chosen[2].matchAll(/\[(\w+)\] (.*)/g)].map((branch) => [branch[1], branch[2]]);
    const name = Number(values[chosen[1]]) === 1 ? 'one' : 'other';
    found = branches.find(([branch]) => branch === String(values[chosen[1]]))?.[1]
      ?? branches.find(([branch]) => branch === name)[1];
  }
  return found.replace(/\{ \$(\w+) \}/g, (_, name) => {
    if (!(name in values)) throw new Error(`${key} needs ${name}`);
    return values[name];
  });
}

/** A text whose values may be anything, for finding it. */
export function pattern(language, key, values = {}) {
  const any = '\u0000';
  const filled = new Proxy(values, {
    has: () => true,
    get: (known, name) => known[name] ?? any,
  });
  const escaped = text(language, key, filled).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^\\s*${escaped.replaceAll(any, '.+')}\\s*$`);
}

// Words that are no texts of pages: areas of the settings, kinds and fields of entries.
const WORDS = {
  language: ['Språk', 'Språk'],
  learning: ['Læring', 'Læring'],
  home: ['Hjem', 'Heim'],
  'well-being': ['Trivsel', 'Trivsel'],
  school: ['Skole', 'Skule'],
  'health-station': ['Helsestasjon og skolehelsetjeneste', 'Helsestasjon og skulehelseteneste'],
  kindergarten: ['Barnehage', 'Barnehage'],
  goal: ['Mål', 'Mål'],
  measure: ['Tiltak', 'Tiltak'],
  note: ['Notat', 'Notat'],
  title: ['Tittel', 'Tittel'],
  description: ['Beskrivelse', 'Beskriving'],
  responsible: ['Ansvarlig', 'Ansvarleg'],
  deadline: ['Frist', 'Frist'],
  status: ['Status', 'Status'],
};

export function word(language, code) {
  const pair = WORDS[code];
  if (!pair) throw new Error(`there is no word for ${code}`);
  return pair[LANGUAGES.indexOf(language)];
}
