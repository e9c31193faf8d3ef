//! Snåsa shares Máhtte with PPT; and whoever is not to know of Ante gets the answer to his true
//! ids that random ids get.

use reqwest::Method;
use serde_json::json;
use stafett_node::clock;
use stafett_protocol::id::{CaseId, EntryId};

use super::super::cast::{Place, Who};
use super::super::client::{Answer, Person, Question, until};
use super::super::report::Beat;
use super::super::words::fill;
use super::opening::{Opened, entry};
use super::{Ante, Story};
use anyhow::Context;

/// Ids that a question names.
#[derive(Clone, Copy)]
struct Ids {
    case: CaseId,
    entry: EntryId,
}

/// What there is not, or not for whoever asks.
pub(super) const NOT_FOUND: u16 = 404;
/// A token that does not count here.
const UNAUTHENTICATED: u16 = 401;

/// How somebody asks.
type Form = fn(Ids) -> Question;

impl Story<'_> {
    /// Beat 7.
    pub(super) async fn others_ask(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let mahtte = self.laila_shares(beat).await?;
        self.mahtte = Some(mahtte);
        let titles = &self.words.titles;
        until("Máhtte at PPT", async || {
            let view = self.case(Who::Ole, mahtte).await?;
            Ok((view.entries.len() > 1).then_some(()))
        })
        .await?;

        let table = self.show_table(beat).await?;
        let has = |lines: &[String], text: &str| lines.iter().any(|line| line.starts_with(text));
        beat.check("Ole reads of Máhtte's language", true, has(&table.ppt_steinkjer, titles.mahtte_language));
        beat.check(
            "Ole reads nothing of Máhtte's home",
            false,
            has(&table.ppt_steinkjer, titles.mahtte_home),
        );
        beat.check("Ole still reads of Ante", true, has(&table.ppt_steinkjer, titles.goal));
        beat.check("Snåsa reads Máhtte's two entries and the card", 3, table.snasa.len());
        beat.check(
            "Snåsa reads nothing of Ante",
            false,
            table.snasa.iter().any(|line| line.contains("Ante")),
        );
        beat.check("the school in Steinkjer reads nothing", Vec::<String>::new(), table.steinkjer_school);
        let owners = self.owners_at_ole().await?;
        beat.check("Ole sees whose case is whose", vec!["Inderøy kommune", "Snåsa kommune"], owners);
        self.ask_in_pairs(beat, ante, mahtte).await
    }

    /// Laila opens Máhtte's case, writes, and his mother, who is alone, says yes.
    async fn laila_shares(&self, beat: &mut Beat) -> anyhow::Result<CaseId> {
        let titles = &self.words.titles;
        let request = json!({
            "subject_kind": "child",
            "level": 1,
            "subject": { "name": "Máhtte" },
            "guardians": [{ "name": "Risten", "relation": "mother", "parental_responsibility": true }],
        });
        let opened: Opened = self.person(Who::Laila)?.post("/cases".to_owned(), request).await?;
        let case = opened.case;
        let language = entry("concern", &["language"], "title", titles.mahtte_language);
        self.write(Who::Laila, case, language).await?;
        self.write(Who::Laila, case, entry("note", &["home"], "description", titles.mahtte_home)).await?;
        let parties = self.case(Who::Laila, case).await?.parties;
        let mother = parties.get(1).context("Máhtte's mother")?.person;
        let consent = self.ask_family(Who::Laila, case, &["language"]).await?.asked.id;
        let given = self.give(Who::Laila, case, consent, mother).await?;
        beat.check("Máhtte's consent is valid", "valid", given.status);
        self.berit_assigns(beat, case).await?;
        Ok(case)
    }

    async fn owners_at_ole(&self) -> anyhow::Result<Vec<String>> {
        let mut owners: Vec<_> =
            self.cases(Who::Ole).await?.into_iter().map(|summary| summary.owner_name).collect();
        owners.sort();
        Ok(owners)
    }

    async fn ask_in_pairs(&self, beat: &mut Beat, ante: Ante, mahtte: CaseId) -> anyhow::Result<()> {
        let shared = Ids { case: ante.case, entry: ante.goal };
        let at_home = Ids { case: ante.case, entry: ante.home };
        let in_mahtte = Ids { case: mahtte, entry: ante.goal };
        let mut pairs: Vec<(Who, Form, Ids, Ids)> = Vec::new();
        for who in [Who::Laila, Who::Per, Who::Tor, Who::Gro] {
            pairs.extend(FORMS.map(|form| (who, form, shared, random_ids())));
        }
        // Ole and Laila may ask within their own cases, for entries that are not theirs to know.
        let unknown = |case| Ids { case, ..random_ids() };
        for form in ENTRY_FORMS {
            pairs.push((Who::Ole, form, at_home, unknown(ante.case)));
            pairs.push((Who::Ole, form, in_mahtte, unknown(mahtte)));
            pairs.push((Who::Berit, form, shared, unknown(ante.case)));
            pairs.push((Who::Laila, form, in_mahtte, unknown(mahtte)));
        }
        let count = pairs.len();
        let mut same = 0_usize;
        for (who, form, of_ante, random) in pairs {
            same = same.saturating_add(usize::from(
                ask_pair(beat, who, self.person(who)?, NOT_FOUND, [form(of_ante), form(random)]).await?,
            ));
        }
        beat.check("every pair is refused with the same status, headers and bytes", count, same);
        let laila = self.laila_at_steinkjer()?;
        let questions = [show_entry(shared), show_entry(random_ids())];
        let is_same = ask_pair(beat, Who::Laila, &laila, UNAUTHENTICATED, questions).await?;
        beat.check("Snåsa's teacher is nobody in Steinkjer, whatever she asks for", true, is_same);
        let pairs = same.saturating_add(usize::from(is_same)).to_string();
        self.console.note(beat, fill(self.words.notes.same_answer, &[("count", &pairs)]))
    }

    /// Laila asks Steinkjer's node itself. Her token counts in Snåsa.
    fn laila_at_steinkjer(&self) -> anyhow::Result<Person> {
        let made = self.nodes.made.get(&Place::Snasa).context("a node that is made")?;
        let token = made.tokens.get(&Who::Laila).context("Laila's token")?;
        let steinkjer = self.nodes.running.get(&Place::Steinkjer).context("a node that runs")?;
        Person::new(&steinkjer.web, token.clone())
    }
}

/// Asks about Ante and about random ids, and says whether the answers are the same refusal. If not,
/// the beat shows both.
pub(super) async fn ask_pair(
    beat: &mut Beat,
    who: Who,
    person: &Person,
    refusal: u16,
    [of_ante, random]: [Question; 2],
) -> anyhow::Result<bool> {
    let answer = person.ask(&of_ante).await?;
    let to_random = person.ask(&random).await?;
    let is_same = answer == to_random && answer.status == refusal;
    if !is_same {
        let shown = |answer: &Answer| format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
        let what = format!("{} {} {}", who.name()?, of_ante.method, of_ante.path);
        beat.check(&what, shown(&to_random), shown(&answer));
    }
    Ok(is_same)
}

fn random_ids() -> Ids {
    Ids { case: CaseId::from_random(clock::random()), entry: EntryId::from_random(clock::random()) }
}

fn show_case(ids: Ids) -> Question {
    Question::get(format!("/cases/{}", ids.case))
}

fn list_entries(ids: Ids) -> Question {
    Question::get(format!("/cases/{}/entries", ids.case))
}

fn list_consents(ids: Ids) -> Question {
    Question::get(format!("/cases/{}/consents", ids.case))
}

fn show_entry(ids: Ids) -> Question {
    Question::get(format!("/cases/{}/entries/{}", ids.case, ids.entry))
}

fn edit_entry(ids: Ids) -> Question {
    let body = json!({ "fields": { "title": "x" } });
    Question::with(Method::PATCH, format!("/cases/{}/entries/{}", ids.case, ids.entry), body)
}

fn publish(ids: Ids) -> Question {
    Question::with(
        Method::POST,
        format!("/cases/{}/entries", ids.case),
        entry("note", &["language"], "description", "x"),
    )
}

fn set_level(ids: Ids) -> Question {
    Question::with(Method::PUT, format!("/cases/{}/level", ids.case), json!({ "level": 3 }))
}

const ENTRY_FORMS: [Form; 2] = [show_entry, edit_entry];
const FORMS: [Form; 7] = [show_case, list_entries, list_consents, show_entry, edit_entry, publish, set_level];
