//! Two stories of nine beats, each with what is done, what each place reads afterwards, and whether
//! that is what it should be.

mod arrival;
mod consent;
mod moving;
mod opening;
mod search;
mod silence;
mod withdrawal;
mod writing;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use jiff::ToSpan;
use serde::Serialize;
use serde_json::{Value, json};
use stafett_node::engine::answer::{CaseSummary, CaseView, EntryItem, Published};
use stafett_protocol::entry::{EntryKind, EntryView, FieldKey, FieldValue};
use stafett_protocol::id::{AccountId, CaseId, ConsentId, EntryId, PersonId, SuccessionId};

use super::Nodes;
use super::cast::{Place, Who};
use super::client::Person;
use super::console::Console;
use super::relay::Relay;
use super::report::{Beat, MovedShown, ReceiptShown, Search, Table};
use super::words::{Telling, Words, fill};

/// How long is waited for something that must not come.
const STILL: Duration = Duration::from_millis(400);
/// Characters of a title in a table.
const TITLE_CHARS_MAX: usize = 70;

/// Which story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Plot {
    /// A service of another municipality is let in, and a father takes his yes back
    Sharing,
    /// The family moves to another municipality, and the case goes along
    Move,
}

impl Plot {
    /// What stands above each of its beats.
    pub(super) fn beats(self, words: &Words) -> &[Telling] {
        match self {
            Self::Sharing => &words.beats,
            Self::Move => &words.moving.beats,
        }
    }

    /// What the child, the mother and the father are called. Who moves has a name that is long
    /// enough to be looked for.
    const fn family(self) -> [&'static str; 3] {
        match self {
            Self::Sharing => ["Ante", "Eva", "Nils"],
            Self::Move => ["Ante Myrmoen", "Eva Myrmoen", "Nils Sandhaug"],
        }
    }
}

/// Ante's case, as Marte knows it.
#[derive(Debug, Clone, Copy)]
struct Ante {
    case: CaseId,
    mother: PersonId,
    father: PersonId,
    /// An entry that PPT may read after both have said yes.
    goal: EntryId,
    /// An entry under home, which nobody else may read.
    home: EntryId,
}

/// What has happened so far.
pub(super) struct Story<'a> {
    plot: Plot,
    words: &'static Words,
    console: &'a mut Console,
    persons: BTreeMap<Who, Person>,
    nodes: &'a Nodes,
    ante: Option<Ante>,
    mahtte: Option<CaseId>,
    sentence: Option<String>,
    consent: Option<ConsentId>,
    measure: Option<EntryId>,
    succession: Option<SuccessionId>,
    arrived: Option<CaseId>,
    search: Option<Search>,
    receipt: Option<ReceiptShown>,
    moved: Option<MovedShown>,
}

/// What came of the story.
pub(super) struct Told {
    pub(super) beats: Vec<Beat>,
    pub(super) search: Option<Search>,
    pub(super) receipt: Option<ReceiptShown>,
    pub(super) moved: Option<MovedShown>,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        plot: Plot,
        words: &'static Words,
        console: &'a mut Console,
        persons: BTreeMap<Who, Person>,
        nodes: &'a Nodes,
    ) -> Self {
        Self {
            plot,
            words,
            console,
            persons,
            nodes,
            ante: None,
            mahtte: None,
            sentence: None,
            consent: None,
            measure: None,
            succession: None,
            arrived: None,
            search: None,
            receipt: None,
            moved: None,
        }
    }

    /// Tells every beat, up to one that cannot be played to its end.
    ///
    /// # Errors
    /// Whatever keeps the story from being shown or its reader from being asked.
    pub(super) async fn tell(mut self) -> anyhow::Result<Told> {
        let telling = self.plot.beats(self.words);
        let mut beats = Vec::new();
        for (number, above) in (1..).zip(telling) {
            let mut beat = Beat::begin(number, above);
            self.console.begin(&beat)?;
            let played = self.play(number, &mut beat).await;
            if let Err(error) = &played {
                beat.broke_off(error);
            }
            beat.finish();
            self.console.end(&beat)?;
            beats.push(beat);
            if played.is_err() {
                break;
            }
            if number < telling.len() {
                self.console.pause().await?;
            }
        }
        Ok(Told { beats, search: self.search, receipt: self.receipt, moved: self.moved })
    }

    async fn play(&mut self, number: usize, beat: &mut Beat) -> anyhow::Result<()> {
        match (self.plot, number) {
            (_, 1) => self.marte_opens(beat).await,
            (_, 2) => self.you_write(beat).await,
            (Plot::Sharing, 3) => self.mother_says_yes(beat).await,
            (Plot::Sharing, 4) => self.father_says_yes(beat).await,
            (Plot::Sharing, 5) => self.ole_writes(beat).await,
            (Plot::Sharing, 6) => self.both_edit(beat).await,
            (Plot::Sharing, 7) => self.others_ask(beat).await,
            (Plot::Sharing, 8) => self.search_everything(beat).await,
            (Plot::Sharing, _) => self.father_withdraws(beat).await,
            (Plot::Move, 3) => self.siri_reads(beat).await,
            (Plot::Move, 4) => self.family_is_asked_to_move(beat).await,
            (Plot::Move, 5) => self.marte_offers(beat).await,
            (Plot::Move, 6) => self.tor_accepts(beat).await,
            (Plot::Move, 7) => self.marte_carries_over(beat).await,
            (Plot::Move, 8) => self.no_yes_follows(beat).await,
            (Plot::Move, _) => self.search_after_the_move(beat).await,
        }
    }

    fn person(&self, who: Who) -> anyhow::Result<&Person> {
        self.persons.get(&who).context("somebody of the cast")
    }

    fn ante(&self) -> anyhow::Result<Ante> {
        self.ante.context("Ante's case is open")
    }

    /// The line between Inderøy and Steinkjer.
    fn line(&self) -> anyhow::Result<&Relay> {
        self.nodes.lines.get(&Place::Inderoy).context("the line of Inderøy")
    }

    /// Somebody's account at the own node.
    fn account(&self, who: Who) -> anyhow::Result<AccountId> {
        let made = self.nodes.made.get(&who.place()?).context("a node that is made")?;
        made.accounts.get(&who).copied().context("an account")
    }

    /// Publishes an entry in somebody's name.
    async fn publish(&self, who: Who, case: CaseId, entry: Value) -> anyhow::Result<Published> {
        self.person(who)?.post(format!("/cases/{case}/entries"), entry).await
    }

    /// Publishes an entry in an own case.
    async fn write(&self, who: Who, case: CaseId, entry: Value) -> anyhow::Result<EntryId> {
        self.publish(who, case, entry).await?.entry.context("an entry in an own case has its id at once")
    }

    /// Lists the cases that somebody has a task in.
    async fn cases(&self, who: Who) -> anyhow::Result<Vec<CaseSummary>> {
        self.person(who)?.get("/cases".to_owned()).await
    }

    async fn case(&self, who: Who, case: CaseId) -> anyhow::Result<CaseView> {
        self.person(who)?.get(format!("/cases/{case}")).await
    }

    async fn entry(&self, who: Who, case: CaseId, entry: EntryId) -> anyhow::Result<EntryItem> {
        self.person(who)?.get(format!("/cases/{case}/entries/{entry}")).await
    }

    /// Reads all that each place's person reads, from that person's node.
    async fn table(&self) -> anyhow::Result<Table> {
        Ok(Table {
            inderoy: self.reads(Who::Marte).await?,
            ppt_steinkjer: self.reads(Who::Ole).await?,
            steinkjer_school: self.reads(Who::Tor).await?,
            snasa: self.reads(Who::Laila).await?,
        })
    }

    /// Reads every case of a person: own ones oldest entry first; what came from another municipality
    /// by title, because all of it may have come at once, and with whose it is or was.
    async fn reads(&self, who: Who) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for summary in self.cases(who).await? {
            let view = self.case(who, summary.case).await?;
            let mut of_case: Vec<_> = view.entries.iter().rev().map(|item| self.line_of(item)).collect();
            let is_own = view.summary.owner_name == who.place()?.name();
            if !is_own {
                of_case.iter_mut().for_each(|line| *line = from(line, &view.summary.owner_name));
            }
            if !is_own || view.carried.is_some() {
                of_case.sort();
            }
            lines.append(&mut of_case);
        }
        Ok(lines)
    }

    /// What a table shows of an entry, with where it came from if it came with its case.
    fn line_of(&self, item: &EntryItem) -> String {
        let line = self.written_in(item);
        match &item.origin {
            Some(origin) => from(&line, &origin.from_name),
            None => line,
        }
    }

    fn written_in(&self, item: &EntryItem) -> String {
        let titles = &self.words.titles;
        if item.kind == EntryKind::CaseCard {
            return fill(titles.card, &[("name", item.view.text(FieldKey::Name))]);
        }
        let title = shortened(title(&item.view));
        if item.kind != EntryKind::Measure {
            return title;
        }
        let deadline = match deadlines_in_conflict(&item.view) {
            dates if dates.is_empty() => {
                fill(titles.deadline, &[("date", item.view.text(FieldKey::Deadline))])
            }
            dates => fill(titles.deadline_conflict, &[("dates", &dates.join(titles.or))]),
        };
        format!("{title} ({deadline})")
    }

    /// Shows what each place reads as the beat's table.
    async fn show_table(&self, beat: &mut Beat) -> anyhow::Result<Table> {
        let table = self.table().await?;
        beat.table = Some(table.clone());
        Ok(table)
    }
}

/// The title of an entry, or its text.
fn title(view: &EntryView) -> &str {
    let texts = [FieldKey::Title, FieldKey::Description].map(|key| view.text(key));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// A line with the municipality that it comes from.
fn from(line: &str, municipality: &str) -> String {
    format!("{line} · {}", municipality.trim_end_matches(" kommune"))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TITLE_CHARS_MAX).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => format!("{beginning}…"),
        None => text.to_owned(),
    }
}

/// The deadlines that wait for the stafettholder; none if there is one and no other.
fn deadlines_in_conflict(view: &EntryView) -> Vec<String> {
    let text = |value: &FieldValue| match value {
        FieldValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    view.conflicts.get(&FieldKey::Deadline).into_iter().flatten().filter_map(text).collect()
}

/// A day so many days from today, as fields hold it.
fn in_days(days: i32) -> anyhow::Result<String> {
    Ok(jiff::Zoned::now().date().checked_add(days.days())?.to_string())
}

fn oral_yes(giver: PersonId) -> Value {
    json!({ "giver": giver, "evidence": { "kind": "oral" } })
}
