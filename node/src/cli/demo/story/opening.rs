//! Marte opens Ante's case and writes; you write one sentence.

use serde::Deserialize;
use serde_json::{Value, json};
use stafett_protocol::id::{CaseId, EntryId};

use super::super::cast::Who;
use super::super::report::Beat;
use super::super::words::{Words, fill};
use super::{Ante, Story};
use anyhow::Context;

/// The answer to opening a case.
#[derive(Deserialize)]
pub(super) struct Opened {
    pub(super) case: CaseId,
}

impl Story<'_> {
    /// Beat 1.
    pub(super) async fn marte_opens(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let titles = &self.words.titles;
        let case = self.open_case().await?;
        let view = self.case(Who::Marte, case).await?;
        let [_, mother, father] = view.parties.as_slice() else {
            anyhow::bail!("expected Ante, mother and father, found {} persons", view.parties.len());
        };
        let (mother, father) = (mother.person, father.person);
        self.write(Who::Marte, case, entry("concern", &["language"], "title", titles.language)).await?;
        let goal = self
            .write(Who::Marte, case, entry("goal", &["language", "learning"], "title", titles.goal))
            .await?;
        self.note(case, "learning", titles.learning).await?;
        let home = self.note(case, "home", titles.home).await?;
        self.note(case, "health", titles.health).await?;
        self.ante = Some(Ante { case, mother, father, goal, home });

        let table = self.show_table(beat).await?;
        let written = [titles.language, titles.goal, titles.learning, titles.home, titles.health];
        beat.check("Marte reads what she wrote", written.to_vec(), table.inderoy.clone());
        beat.check("Marte is stafettholder", "stafettholder", view.summary.task);
        beat.check("the case is on level 1", 1, serde_json::to_value(view.summary.level)?);
        beat.check("PPT in Steinkjer reads nothing", Vec::<String>::new(), table.ppt_steinkjer);
        beat.check("the school in Steinkjer reads nothing", Vec::<String>::new(), table.steinkjer_school);
        beat.check("Snåsa reads nothing", Vec::<String>::new(), table.snasa);
        for who in [Who::Siri, Who::Jo] {
            let count = self.cases(who).await?.len();
            beat.check("nobody else in Inderøy has the case", 0, count);
        }
        Ok(())
    }

    async fn open_case(&self) -> anyhow::Result<CaseId> {
        let [child, mother, father] = self.plot.family();
        let guardian = |name: &str, relation: &str| json!({ "name": name, "relation": relation, "parental_responsibility": true });
        let request = json!({
            "subject_kind": "child",
            "level": 1,
            "subject": { "name": child },
            "guardians": [guardian(mother, "mother"), guardian(father, "father")],
        });
        let opened: Opened = self.person(Who::Marte)?.post("/cases".to_owned(), request).await?;
        Ok(opened.case)
    }

    async fn note(&self, case: CaseId, area: &str, text: &str) -> anyhow::Result<EntryId> {
        self.write(Who::Marte, case, entry("note", &[area], "description", text)).await
    }

    /// Beat 2.
    pub(super) async fn you_write(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let words = self.words;
        let sentence =
            self.console.ask(words.notes.own_sentence, |typed| is_searchable(words, typed)).await?;
        let ante = self.ante()?;
        let said = fill(words.notes.your_sentence, &[("sentence", &sentence)]);
        self.console.note(beat, said)?;
        let entry = self.note(ante.case, "home", &sentence).await?;
        // As the node holds it, so that the search looks for exactly that.
        let item = self.entry(Who::Marte, ante.case, entry).await?;
        let stored = super::title(&item.view).to_owned();
        self.sentence = Some(stored.clone());

        let table = self.show_table(beat).await?;
        let last = table.inderoy.last().context("Marte's newest entry")?.clone();
        beat.check("Marte reads your sentence", super::shortened(&stored), last);
        let readers: Vec<String> = item.readers.iter().map(|reader| reader.service.to_string()).collect();
        beat.check("the school in Inderøy alone reads it", vec!["school@997391853".to_owned()], readers);
        beat.check("PPT in Steinkjer reads nothing", Vec::<String>::new(), table.ppt_steinkjer);
        beat.check("the school in Steinkjer reads nothing", Vec::<String>::new(), table.steinkjer_school);
        beat.check("Snåsa reads nothing", Vec::<String>::new(), table.snasa);
        Ok(())
    }
}

/// An entry with one text.
pub(super) fn entry(kind: &str, areas: &[&str], field: &str, text: &str) -> Value {
    json!({ "kind": kind, "areas": areas, "fields": { field: text } })
}

/// Whether a find of this sentence means that it was written by the reader and by nobody else: it
/// is long enough, and no part of what the persons write.
fn is_searchable(words: &Words, typed: &str) -> bool {
    let titles = &words.titles;
    let others = [
        titles.language,
        titles.goal,
        titles.learning,
        titles.home,
        titles.health,
        titles.measure,
        titles.measure_text,
        titles.marte_adds,
        titles.ole_adds,
        titles.mahtte_language,
        titles.mahtte_home,
        titles.purpose,
        words.moving.purpose,
        words.moving.purpose_of_health,
        words.moving.note,
        words.moving.first_meeting,
    ];
    let length = typed.chars().count();
    (12..=300).contains(&length)
        && !typed.chars().any(char::is_control)
        && !others.iter().any(|other| other.contains(typed))
}

#[cfg(test)]
mod tests {
    use super::super::super::words::Language;
    use super::*;

    #[test]
    fn a_sentence_that_somebody_else_writes_is_not_taken() {
        for language in [Language::Nb, Language::Nn, Language::En] {
            let words = language.words();

            assert!(is_searchable(words, words.notes.own_sentence));
            assert!(!is_searchable(words, words.titles.learning));
            assert!(!is_searchable(words, "Ante"));
            assert!(!is_searchable(words, &"a".repeat(301)));
        }
    }
}
