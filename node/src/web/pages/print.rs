//! A case on paper, for the day on which the screens are dark.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use stafett_config::Language;
use stafett_protocol::consent::Consent;
use stafett_protocol::entry::{About, EntryKind, EntryView, FieldKey, FieldValue, schema};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::municipality::Service;
use stafett_protocol::person::Reader;

use super::consents::Say;
use super::kin::{is_family, readers};
use super::{Frame, PageError, page, words};
use crate::engine::Engine;
use crate::engine::answer::{CaseView, EntryItem, ProposalItem};
use crate::engine::print::CasePrint;
use crate::web::Api;
use crate::web::visitor::Visiting;
use crate::words::{Namer, Words, entry as entry_words, listed, role, time};

/// A label and what stands beside it.
type Row = (String, String);

#[derive(Template)]
#[template(path = "print.html")]
struct PrintPage<'a> {
    frame: Frame<'a>,
    head: Vec<Row>,
    consents: Vec<String>,
    /// Whether somebody of the family prints it, who is told of each entry for whom it is opened.
    is_family: bool,
    /// How many entries more there are that cannot be read.
    unreadable: usize,
    entries: Vec<PrintedEntry>,
}

pub(crate) struct PrintedEntry {
    /// None of own writing that is no entry yet.
    entry: Option<EntryId>,
    pub(crate) heading: String,
    pub(crate) about: String,
    /// For whom it is opened by the word of whoever prints; told to the family.
    readers: Option<String>,
    pub(crate) fields: Vec<(String, Vec<String>)>,
}

/// Prints a case: what the person may read, logged before it is shown.
pub(crate) async fn case(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&visitor.asked.here)?;
    let reader = &visitor.reader;
    let print = api.engine.print_case(reader, case).await?;
    let language = visitor.asked.language();
    let writer = Writer::new(&api.engine, language);
    let title = visitor.t("print-title");
    let mut entries = writer.entries(&print.view, reader.organisation != print.view.summary.owner);
    let is_family = is_family(reader.role);
    if is_family {
        let say = Say::within(&api.engine, language);
        for entry in &mut entries {
            let known = entry.entry.and_then(|entry| print.readers.get(&entry));
            entry.readers = known.map(|known| readers::summary(&say, known).to_string());
        }
    }
    let printed = PrintPage {
        frame: Frame::new(&api, &visitor.asked, title),
        head: writer.head(&print, reader),
        consents: print.consents.iter().map(|consent| writer.consent(consent)).collect(),
        is_family,
        unreadable: print.view.unreadable,
        entries,
    };
    page(StatusCode::OK, &printed)
}

/// Puts what the engine tells into words.
pub(crate) struct Writer<'a> {
    engine: &'a Engine,
    language: Language,
    zone: &'a TimeZone,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(engine: &'a Engine, language: Language) -> Self {
        Self { engine, language, zone: &engine.config().node.time_zone }
    }

    fn say(&self, words: Words) -> String {
        words.in_language(self.language).to_owned()
    }

    fn head(&self, print: &CasePrint, reader: &Reader) -> Vec<Row> {
        let summary = &print.view.summary;
        let level = summary.level.map(|level| {
            let name = self.engine.config().action_guide.level(u8::from(level));
            name.map_or_else(
                || u8::from(level).to_string(),
                |name| name.in_language(self.language).to_owned(),
            )
        });
        let is_own = summary.owner == reader.organisation;
        let since = if is_own { words::PRINT_SINCE } else { words::PRINT_HERE_SINCE };
        let by = self.printed_by(reader);
        let rows = [
            (words::PRINT_SUBJECT, summary.subject_name.clone()),
            (words::PRINT_OWNER, Some(summary.owner_name.clone())),
            (words::PRINT_LEVEL, level),
            (words::PRINT_HOLDER, print.holder.clone()),
            (since, Some(time::day_of(summary.since, self.zone))),
            (words::PRINT_CASE, Some(summary.case.to_string())),
            (words::PRINT_DATE, Some(time::minute_of(print.printed_at, self.zone, self.language))),
            (words::PRINT_BY, Some(by)),
        ];
        rows.into_iter().filter_map(|(label, value)| Some((self.say(label), value?))).collect()
    }

    /// The role and the service, and no name: the access log knows who it was.
    fn printed_by(&self, reader: &Reader) -> String {
        let role = self.say(role(reader.role));
        match &reader.service {
            Some(code) => {
                let service = Service { host: reader.organisation, code: code.clone() };
                format!("{role}, {}", self.engine.service(&service, self.language))
            }
            None => role,
        }
    }

    fn consent(&self, consent: &Consent) -> String {
        let areas: Vec<_> = consent.areas.iter().map(|area| self.engine.area(area, self.language)).collect();
        let values = [
            ("service", self.engine.service(&consent.recipient, self.language)),
            ("areas", listed(self.language, &areas)),
            ("kinds", entry_words::kinds(self.language, &consent.kinds)),
            ("until", time::minute_of(consent.until, self.zone, self.language)),
        ];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        words::PRINT_CONSENT.fill(self.language, &values)
    }

    /// At the owner the cards that went to partners are left out: they repeat what the head says
    /// and what was shared with others.
    pub(crate) fn entries(&self, view: &CaseView, is_received: bool) -> Vec<PrintedEntry> {
        let titles: BTreeMap<EntryId, String> =
            view.entries.iter().map(|item| (item.entry, self.title(item.kind, &item.view))).collect();
        let own = view.proposals.iter().map(|proposal| self.proposal(proposal));
        let shown = view.entries.iter().filter(|item| is_received || item.kind != EntryKind::CaseCard);
        own.chain(shown.map(|item| self.entry(item, &titles))).collect()
    }

    pub(crate) fn title(&self, kind: EntryKind, view: &EntryView) -> String {
        let kind = capitalised(&self.say(entry_words::kind(kind)));
        match view.text(FieldKey::Title) {
            "" => kind,
            title => format!("{kind}: {title}"),
        }
    }

    fn entry(&self, item: &EntryItem, titles: &BTreeMap<EntryId, String>) -> PrintedEntry {
        let areas: Vec<_> = item.areas.iter().map(|area| self.engine.area(area, self.language)).collect();
        let writer = item.written_by.as_ref().map(|service| self.engine.service(service, self.language));
        let is_changed = item.changed_at != item.stored_at;
        let changed = is_changed.then(|| time::minute_of(item.changed_at, self.zone, self.language));
        let towards = item.towards.and_then(|to| titles.get(&to).cloned());
        let own = self.engine.organisation();
        let origin =
            item.origin.as_ref().map(|item| crate::words::origin(self.engine, own, self.language, item));
        // Who of the family wrote is left out: paper lies on the table where all of them sit.
        let parts = [
            (words::PRINT_AREAS, (!areas.is_empty()).then(|| listed(self.language, &areas))),
            (words::PRINT_ABOUT, self.about(item)),
            (words::PRINT_WRITER, writer),
            (words::PRINT_STORED, Some(time::minute_of(item.stored_at, self.zone, self.language))),
            (words::PRINT_CHANGED, changed),
            (words::PRINT_TOWARDS, towards),
        ];
        let parts =
            parts.into_iter().filter_map(|(label, value)| Some(format!("{}: {}", self.say(label), value?)));
        PrintedEntry {
            entry: Some(item.entry),
            readers: None,
            heading: self.title(item.kind, &item.view),
            about: origin.into_iter().chain(parts).collect::<Vec<_>>().join(" · "),
            fields: self.fields(item.kind, &item.view),
        }
    }

    fn proposal(&self, item: &ProposalItem) -> PrintedEntry {
        let state = if item.state == "returned" { words::PRINT_RETURNED } else { words::PRINT_PROPOSAL };
        PrintedEntry {
            entry: None,
            readers: None,
            heading: self.title(item.kind, &item.view),
            about: self.say(state),
            fields: self.fields(item.kind, &item.view),
        }
    }

    /// Whom it is about, unless it is the subject alone.
    pub(crate) fn about(&self, item: &EntryItem) -> Option<String> {
        if item.about.iter().all(|about| *about == About::Subject) {
            return None;
        }
        let words = item.about.iter().map(|about| match about {
            About::Subject => words::ABOUT_SUBJECT,
            About::Guardian(_) => words::ABOUT_GUARDIAN,
            About::Sibling => words::ABOUT_SIBLING,
            About::Other => words::ABOUT_OTHER,
        });
        let words: Vec<_> = words.map(|words| self.say(words)).collect();
        Some(listed(self.language, &words))
    }

    pub(crate) fn fields(&self, kind: EntryKind, view: &EntryView) -> Vec<(String, Vec<String>)> {
        let keys = schema::fields(kind).iter().map(|field| field.key).filter(|key| *key != FieldKey::Title);
        keys.filter_map(|key| {
            let label = self.say(entry_words::field(key));
            if let Some(values) = view.conflicts.get(&key) {
                let label = format!("{label} ({})", words::PRINT_CONFLICT.in_language(self.language));
                return Some((label, values.iter().map(|value| self.value(kind, key, value)).collect()));
            }
            let value = self.value(kind, key, view.fields.get(&key)?);
            (!value.is_empty()).then(|| (label, vec![value]))
        })
        .collect()
    }

    pub(crate) fn value(&self, kind: EntryKind, key: FieldKey, value: &FieldValue) -> String {
        match value {
            FieldValue::Flag(flag) => self.say(if *flag { words::YES } else { words::NO }),
            FieldValue::Number(number) => number.to_string(),
            FieldValue::Text(text) => match entry_words::code(kind, key, text) {
                Some(words) => self.say(words),
                None => time::day_of_text(text),
            },
            FieldValue::Lines(lines) => lines.join("\n"),
            FieldValue::Records(records) => {
                let line = |record: &BTreeMap<FieldKey, String>| {
                    record.values().filter(|value| !value.is_empty()).cloned().collect::<Vec<_>>().join(", ")
                };
                records.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
