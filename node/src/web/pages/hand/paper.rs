//! A package for the hand as people read it, once the code word has opened it.

use askama::Template;
use stafett_config::Language;
use stafett_protocol::consent::Channel;
use stafett_protocol::entry::EntryView;
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::succession::package::{Document, Line, PackagedEntry, PackagedPerson, Whom, WrittenBy};

use crate::engine::Engine;
use crate::package::file::PAPER_STYLE;
use crate::web::pages::consents::Say;
use crate::web::pages::household::capacity_key;
use crate::web::pages::print::Writer;
use crate::web::texts::Key;
use crate::words::{listed, time};

type Row = (String, String);

#[derive(Template)]
#[template(path = "package_paper.html")]
struct PaperPage {
    language: &'static str,
    title: String,
    style: &'static str,
    head: Vec<Row>,
    note_title: String,
    note: String,
    entries_title: String,
    nothing: String,
    entries: Vec<PaperEntry>,
}

struct PaperEntry {
    heading: String,
    about: String,
    fields: Vec<Row>,
}

/// Writes the document of a package as a page without scripts.
pub(crate) fn write(engine: &Engine, language: Language, document: &Document<PackagedEntry>) -> String {
    let paper = Paper { say: Say::within(engine, language), writer: Writer::new(engine, language), document };
    let t = |key| paper.say.t(key).to_string();
    let shown = PaperPage {
        language: language.as_str(),
        title: paper.say.t(Key("paper-title")).with("name", document.from_name.as_str()).to_string(),
        style: PAPER_STYLE,
        head: paper.head(),
        note_title: t(Key("paper-note")),
        note: document.note.as_str().to_owned(),
        entries_title: t(Key("paper-entries")),
        nothing: t(Key("paper-nothing")),
        entries: (0..)
            .zip(document.entries.iter())
            .map(|(number, entry)| paper.entry(number, entry))
            .collect(),
    };
    shown.render().unwrap_or_else(|error| {
        tracing::error!(%error, "the paper of a package could not be rendered");
        String::new()
    })
}

struct Paper<'a> {
    say: Say<'a>,
    writer: Writer<'a>,
    document: &'a Document<PackagedEntry>,
}

impl Paper<'_> {
    fn t(&self, key: Key) -> String {
        self.say.t(key).to_string()
    }

    fn head(&self) -> Vec<Row> {
        let Document { subject, family, contact, consent, guide, made_on, .. } = self.document;
        let line = |line: &Option<Line>| line.as_ref().map(|line| line.as_str().to_owned());
        let persons = family.iter().map(|one| self.person(one));
        let given = consent.given.iter().map(|yes| {
            let day = time::day_of_text(&yes.on.to_string());
            let who = self.whom(&yes.by);
            let how = self.t(match yes.channel {
                Channel::Oral => Key("paper-oral"),
                Channel::Written => Key("paper-written"),
                Channel::Digital => Key("paper-digital"),
            });
            let given = self.say.t(Key("paper-given-by")).with("name", who).with("day", day);
            given.with("how", how).to_string()
        });
        let kinds = consent.kinds.iter().copied().collect();
        let phone = contact.phone.as_ref().map(|phone| phone.as_str().to_owned());
        let interpreter = subject.interpreter.filter(|needed| *needed).map(|_| self.t(Key("paper-yes")));
        let rows = [
            (Key("paper-subject"), Some(subject.name.as_str().to_owned())),
            (Key("paper-born"), subject.birth_date.as_ref().map(|day| time::day_of_text(&day.to_string()))),
            (
                Key("paper-number"),
                subject.national_identity_number.as_ref().map(|one| one.reveal().to_owned()),
            ),
            (Key("paper-unit"), line(&subject.unit)),
            (Key("paper-group"), line(&subject.group)),
            (Key("paper-school"), line(&subject.school)),
            (Key("paper-language"), line(&subject.language)),
            (Key("paper-interpreter"), interpreter),
            (Key("paper-address"), line(&subject.address)),
            (Key("paper-phone"), line(&subject.phone)),
            (Key("paper-family"), Some(persons.collect::<Vec<_>>().join("\n"))),
            (Key("paper-level"), Some(guide.level_name.as_str().to_owned())),
            (
                Key("paper-contact"),
                Some(format!("{}, {}", contact.name.as_str(), contact.service_name.as_str())),
            ),
            (Key("paper-contact-phone"), phone),
            (Key("paper-purpose"), Some(consent.purpose.as_str().to_owned())),
            (Key("paper-areas"), Some(self.areas(consent.areas.iter()))),
            (Key("paper-kinds"), Some(self.say.kinds(&kinds))),
            (Key("paper-given"), Some(given.collect::<Vec<_>>().join("\n"))),
            (Key("paper-made"), Some(time::day_of_text(&made_on.to_string()))),
        ];
        let told = rows.into_iter().filter_map(|(key, value)| Some((self.t(key), value?)));
        told.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Somebody of the family, what the person may decide, and what the youth has closed to the person.
    fn person(&self, one: &PackagedPerson) -> String {
        let may = self.t(capacity_key(one.capacity));
        let named = format!("{} ({}), {may}", one.name.as_str(), self.say.related(one.relation.as_str()));
        if one.closed.is_empty() {
            return named;
        }
        let closed = self.say.t(Key("paper-closed")).with("areas", self.areas(one.closed.iter()));
        format!("{named}. {closed}")
    }

    fn whom(&self, whom: &Whom) -> String {
        match whom {
            Whom::Subject => self.document.subject.name.as_str().to_owned(),
            Whom::Guardian(number) => {
                let place = usize::try_from(*number).unwrap_or(usize::MAX);
                let person = self.document.family.iter().nth(place);
                person.map(|one| one.name.as_str().to_owned()).unwrap_or_default()
            }
        }
    }

    fn areas<'a>(&self, areas: impl IntoIterator<Item = &'a AreaCode>) -> String {
        let known = |code: &AreaCode| {
            let named = self.document.areas.iter().find(|named| named.code == *code);
            named.map_or_else(|| code.to_string(), |named| named.name.as_str().to_owned())
        };
        listed(self.say.language, &areas.into_iter().map(known).collect::<Vec<_>>())
    }

    fn heading(&self, entry: &PackagedEntry) -> String {
        let view = EntryView { fields: entry.fields.clone(), conflicts: Default::default() };
        self.writer.title(entry.kind, &view)
    }

    /// The entries that one belongs to, as a measure does to its goal.
    fn belongs_to(&self, number: u32) -> Option<String> {
        let to = self.document.relations.iter().filter(|(from, _)| *from == number);
        let place = |to: u32| usize::try_from(to).unwrap_or(usize::MAX);
        let named = to.filter_map(|(_, to)| self.document.entries.iter().nth(place(*to)));
        let named: Vec<_> = named.map(|entry| self.heading(entry)).collect();
        let words = self.say.t(Key("paper-belongs-to")).with("entries", self.say.listed(&named));
        (!named.is_empty()).then(|| words.to_string())
    }

    fn entry(&self, number: u32, entry: &PackagedEntry) -> PaperEntry {
        let view = EntryView { fields: entry.fields.clone(), conflicts: Default::default() };
        let by = match &entry.written_by {
            WrittenBy::Own(service) => service.as_str().to_owned(),
            WrittenBy::Yours(service) => service.to_string(),
            WrittenBy::Partner => self.t(Key("paper-by-partner")),
            WrittenBy::Family => self.t(Key("paper-by-family")),
        };
        let persons: Vec<_> = entry.about.iter().map(|whom| self.whom(whom)).collect();
        let persons = self.say.t(Key("paper-about")).with("names", self.say.listed(&persons));
        let about = [
            Some(persons.to_string()),
            Some(by),
            Some(time::day_of_text(&entry.written_on.to_string())),
            Some(self.areas(&entry.areas)),
            self.belongs_to(number),
            entry.hidden_from_guardians.then(|| self.t(Key("paper-not-guardians"))),
        ];
        let fields = self.writer.fields(entry.kind, &view).into_iter();
        PaperEntry {
            heading: self.heading(entry),
            about: about
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            fields: fields.map(|(label, values)| (label, values.join("\n"))).collect(),
        }
    }
}
