//! An entry as a card: what it says, and who reads it.

use jiff::civil::Date;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::time::UnixMillis;

use crate::engine::answer::{EntryItem, ReaderItem};
use crate::engine::overview::{CasePage, is_over};
use crate::web::Api;
use crate::web::pages::consents::Say;
use crate::web::pages::print::Writer;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::{Namer, entry as entry_words, listed, time};

/// An entry on a page.
pub(crate) struct EntryCard {
    pub(crate) href: String,
    pub(crate) id: String,
    pub(crate) title: String,
    /// Areas, whom it is about, who wrote it and when.
    pub(crate) about: Vec<Text>,
    pub(crate) fields: Vec<(String, Vec<String>)>,
    pub(crate) readers: Readers,
    /// What must be known of it, such as that two answers stand side by side.
    pub(crate) marks: Vec<Text>,
}

/// Who reads an entry, in words.
pub(crate) struct Readers {
    /// In one line; what is told where nothing more is known.
    pub(crate) summary: Text,
    /// One by one.
    pub(crate) each: Vec<ReaderWords>,
}

/// One service that reads an entry.
pub(crate) struct ReaderWords {
    pub(crate) words: String,
    /// Where the consent is shown, if it reads because of one.
    pub(crate) consent: Option<String>,
}

/// A measure as a row.
pub(crate) struct MeasureRow {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) responsible: String,
    pub(crate) deadline: String,
    pub(crate) is_late: bool,
    pub(crate) status: String,
    pub(crate) effect: String,
    pub(crate) at_home: bool,
    pub(crate) readers: Text,
}

/// Makes cards of entries.
pub(crate) struct Cards<'a> {
    api: &'a Api,
    visitor: &'a Visitor,
    pub(crate) writer: Writer<'a>,
    is_holder: bool,
    owner: OrganisationNumber,
    today: Date,
    looked_at: Option<UnixMillis>,
}

impl<'a> Cards<'a> {
    pub(crate) fn new(api: &'a Api, visitor: &'a Visitor, shown: &CasePage) -> Self {
        Self {
            looked_at: shown.looked_at,
            ..Self::of(api, visitor, shown.is_holder, shown.view.summary.owner)
        }
    }

    /// Cards for one entry alone.
    pub(crate) fn of(api: &'a Api, visitor: &'a Visitor, is_holder: bool, owner: OrganisationNumber) -> Self {
        let writer = Writer::new(&api.engine, visitor.asked.language());
        Self { api, visitor, writer, is_holder, owner, today: api.engine.today(), looked_at: None }
    }

    pub(crate) fn card(&self, item: &EntryItem) -> EntryCard {
        EntryCard {
            href: format!("/cases/{}/entries/{}", item.case, item.entry),
            id: item.entry.to_string(),
            title: self.writer.title(item.kind, &item.view),
            about: self.about(item),
            fields: self.writer.fields(item.kind, &item.view),
            readers: self.readers(item),
            marks: self.marks(item),
        }
    }

    pub(crate) fn measure(&self, item: &EntryItem) -> MeasureRow {
        let language = self.visitor.asked.language();
        let code = |key| {
            let text = item.view.text(key);
            let words = entry_words::code(EntryKind::Measure, key, text);
            words.map_or_else(String::new, |words| words.in_language(language).to_owned())
        };
        let deadline = item.view.text(FieldKey::Deadline);
        let day = deadline.parse::<Date>().ok();
        let note = item.view.text(FieldKey::EffectNote);
        let effect = [code(FieldKey::Effect), note.to_owned()];
        MeasureRow {
            href: format!("/cases/{}/entries/{}", item.case, item.entry),
            title: item.view.text(FieldKey::Title).to_owned(),
            responsible: item.view.text(FieldKey::Responsible).to_owned(),
            deadline: time::day_of_text(deadline),
            is_late: !is_over(&item.view) && day.is_some_and(|day| day < self.today),
            status: code(FieldKey::Status),
            effect: effect.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "),
            at_home: item.view.fields.get(&FieldKey::AtHome) == Some(&true.into()),
            readers: self.readers(item).summary,
        }
    }

    fn about(&self, item: &EntryItem) -> Vec<Text> {
        let language = self.visitor.asked.language();
        let engine = &self.api.engine;
        let areas: Vec<_> = item.areas.iter().map(|area| engine.area(area, language)).collect();
        let areas = if areas.is_empty() {
            self.visitor.t("case-no-area")
        } else {
            self.visitor.t("case-areas").with("areas", listed(language, &areas))
        };
        let about = self.writer.about(item).map(|about| self.visitor.t("case-about").with("whom", about));
        let writer = item.written_by.as_ref().map(|service| {
            self.visitor.t("case-written-by").with("service", engine.service(service, language))
        });
        let family = item.author.as_ref().map(|author| Say::within(engine, language).author(author));
        let family = family.map(|author| self.visitor.t("case-written-by-family").with("author", author));
        let origin = item.origin.as_ref().map(|item| {
            let words = crate::words::origin(engine, engine.organisation(), language, item);
            self.visitor.t("case-origin").with("origin", words)
        });
        let stored = self.visitor.t("case-stored").with("moment", self.moment(item.stored_at));
        let is_changed = item.changed_at != item.stored_at;
        let changed =
            is_changed.then(|| self.visitor.t("case-changed").with("moment", self.moment(item.changed_at)));
        [Some(areas), about, origin, writer, family, Some(stored), changed].into_iter().flatten().collect()
    }

    fn moment(&self, at: UnixMillis) -> String {
        time::minute_of(at, &self.api.engine.config().node.time_zone, self.visitor.asked.language())
    }

    fn marks(&self, item: &EntryItem) -> Vec<Text> {
        let is_new = self.looked_at.is_some_and(|looked_at| item.changed_at > looked_at);
        let undelivered = item.undelivered.as_deref().map(|state| match state {
            "refused" => self.visitor.t("case-edit-refused"),
            _ => self.visitor.t("case-edit-waiting"),
        });
        let marks = [
            is_new.then(|| self.visitor.t("case-new")),
            (!item.view.conflicts.is_empty()).then(|| self.visitor.t("case-conflict")),
            undelivered,
        ];
        marks.into_iter().flatten().collect()
    }

    /// Who reads it: all of them for the stafettholder; at a partner its service and the owner;
    /// others are told whom to ask.
    pub(crate) fn readers(&self, item: &EntryItem) -> Readers {
        let language = self.visitor.asked.language();
        let engine = &self.api.engine;
        if self.owner != engine.organisation() {
            let own = item.readers.iter().map(|reader| engine.service(&reader.service, language));
            let all: Vec<_> = own.chain([engine.organisation_name(self.owner)]).collect();
            let summary = self.visitor.t("case-read-by").with("readers", listed(language, &all));
            return Readers { summary, each: Vec::new() };
        }
        if !self.is_holder {
            return Readers { summary: self.visitor.t("case-readers-ask"), each: Vec::new() };
        }
        let services = item.readers.iter().map(|reader| reader.service.clone());
        let names = service_names(self.api, self.visitor, services);
        let summary = if names.is_empty() {
            self.visitor.t("case-read-by-you")
        } else {
            self.visitor.t("case-read-by").with("readers", names)
        };
        let waiting = item.waiting.iter().map(|waiting| ReaderWords {
            words: self
                .visitor
                .t("case-reader-waiting")
                .with("service", engine.service(&waiting.service, language))
                .to_string(),
            consent: Some(format!("/cases/{}/consents", item.case)),
        });
        let each = item.readers.iter().map(|reader| self.reader(item, reader)).chain(waiting).collect();
        Readers { summary, each }
    }

    fn reader(&self, item: &EntryItem, reader: &ReaderItem) -> ReaderWords {
        let name = self.api.engine.service(&reader.service, self.visitor.asked.language());
        let wrote = item.written_by.as_ref() == Some(&reader.service);
        let key = if wrote { Key("case-reader-wrote") } else { Key("case-reader-since") };
        let since = self.moment(reader.since.unwrap_or(item.stored_at));
        let told = self.visitor.t(key).with("service", name).with("moment", since);
        let delivery = self.delivery(reader);
        let words = [Some(told), delivery].into_iter().flatten().map(|words| words.to_string());
        let consent = reader.consent.filter(|_| !wrote);
        ReaderWords {
            words: words.collect::<Vec<_>>().join(" "),
            consent: consent.map(|consent| format!("/cases/{}/consents#consent-{consent}", item.case)),
        }
    }

    /// Whether a partner has it: never more than its node has said.
    fn delivery(&self, reader: &ReaderItem) -> Option<Text> {
        let received = reader.received?;
        Some(match (reader.sent_at, received) {
            (None, _) => self.visitor.t("case-not-sent"),
            (Some(at), true) => self.visitor.t("case-received").with("moment", self.moment(at)),
            (Some(at), false) => self.visitor.t("case-sent").with("moment", self.moment(at)),
        })
    }
}

/// The services in words, for a button or a warning.
pub(crate) fn service_names(api: &Api, visitor: &Visitor, services: impl Iterator<Item = Service>) -> String {
    let language = visitor.asked.language();
    let mut services: Vec<Service> = services.collect();
    // Own services come first.
    services.sort_by_key(|service| service.host != api.engine.organisation());
    let names: Vec<_> = services.iter().map(|service| api.engine.service(service, language)).collect();
    listed(language, &names)
}
