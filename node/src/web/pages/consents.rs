//! The consents of a case: the matrix of services and areas, and each consent in words.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod one;
pub(crate) mod paper;
pub(crate) mod withdraw;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use stafett_config::Language;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::consent::{Consent, ConsentKind};
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_protocol::municipality::{AreaCode, Service, ServiceCode};
use stafett_protocol::time::UnixMillis;

use super::{Frame, PageError, page};
use crate::engine::answer::{AuthorItem, CannotTakeItem, ConsentItem, ConsentView, OwnConsent, PartyItem};
use crate::engine::desk::ConsentDesk;
use crate::engine::{Engine, EngineError};
use crate::web::Api;
use crate::web::form::Form;
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{Namer, entry as entry_words, listed, time};

#[derive(Template)]
#[template(path = "consents.html")]
struct ConsentsPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    subject: Option<String>,
    is_holder: bool,
    may_ask: bool,
    areas: Vec<String>,
    rows: Vec<MatrixRow>,
    consents: Vec<ConsentLine>,
    over: Vec<ConsentLine>,
}

/// One service in the matrix.
struct MatrixRow {
    service: String,
    cells: Vec<Cell>,
}

/// What holds between a service and an area.
struct Cell {
    words: String,
    since: Option<String>,
    to: Option<String>,
}

/// A consent in a list.
struct ConsentLine {
    id: ConsentId,
    service: String,
    state: String,
    areas: String,
    until: String,
    readers: String,
    may_withdraw: bool,
    cannot_take: Option<String>,
}

/// Shows the matrix and the list: all for the stafettholder, the own word for somebody of the family.
pub(crate) async fn list(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    let say = Say::new(&api.engine, &visitor);
    let full: Vec<_> = desk.consents.iter().filter_map(as_full).collect();
    let areas: Vec<_> = api.engine.config().areas.iter().map(|area| area.code.clone()).collect();
    let lines = desk.consents.iter().map(|view| (is_over(view), say.line(view, &desk.parties)));
    let (over, consents): (Vec<_>, Vec<_>) = lines.partition(|(is_over, _)| *is_over);
    let shown = ConsentsPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("consents-title")),
        case,
        is_holder: desk.as_person.is_none(),
        may_ask: desk.as_person.is_none() && !desk.is_closed,
        rows: say.matrix(&full, &areas),
        areas: areas.iter().map(|area| say.area(area)).collect(),
        consents: consents.into_iter().map(|(_, line)| line).collect(),
        over: over.into_iter().map(|(_, line)| line).collect(),
        subject: desk.subject_name,
    };
    page(StatusCode::OK, &shown)
}

fn as_full(view: &ConsentView) -> Option<&ConsentItem> {
    match view {
        ConsentView::Full(item) => Some(item),
        ConsentView::Own(_) => None,
    }
}

/// A consent of a desk, or the same refusal as for one that does not exist.
fn consent_in(desk: &ConsentDesk, consent: ConsentId) -> Result<&ConsentView, EngineError> {
    let is_it = |view: &&ConsentView| match view {
        ConsentView::Full(item) => item.asked.id == consent,
        ConsentView::Own(item) => item.id == consent,
    };
    desk.consents.iter().find(is_it).ok_or(EngineError::NotFound)
}

fn is_over(view: &ConsentView) -> bool {
    let status = match view {
        ConsentView::Full(item) => &item.status,
        ConsentView::Own(item) => &item.status,
    };
    matches!(status.as_str(), "withdrawn" | "expired" | "superseded")
}

/// What a refusal of the engine is on a form: beside its field, or beside the first one if it is
/// that something has changed meanwhile.
fn refused(form: &mut Form, error: EngineError, visitor: &Visitor, first: &str) -> Result<(), EngineError> {
    match error {
        EngineError::Invalid { field, .. } => {
            let field = match field {
                "evidence.reference" => "reference",
                "evidence.assurance" => "assurance",
                other => other,
            };
            form.refuse(field, visitor.t(wrong(field)));
            Ok(())
        }
        EngineError::Conflict { .. } => {
            form.refuse(first, visitor.t("consents-wrong-changed"));
            Ok(())
        }
        // Nobody says yes to what cannot be listed; what was written stands in the form meanwhile.
        error if error.is_damage() => {
            form.refuse(first, visitor.t("consents-wrong-damaged"));
            Ok(())
        }
        other => Err(other),
    }
}

fn wrong(field: &str) -> Key {
    match field {
        "recipient" => Key("consents-wrong-recipient"),
        "services" => Key("consents-wrong-services"),
        "areas" => Key("consents-wrong-areas"),
        "kinds" => Key("consents-wrong-kinds"),
        "purpose" => Key("consents-wrong-purpose"),
        "reservations" => Key("consents-wrong-reservations"),
        "until" => Key("consents-wrong-until"),
        "review_at" => Key("consents-wrong-review"),
        "card_fields" => Key("consents-wrong-card"),
        "child_heard" => Key("consents-wrong-heard"),
        "giver" => Key("consents-wrong-giver"),
        "reference" => Key("consents-wrong-filed"),
        "assurance" => Key("consents-wrong-assurance"),
        "language" => Key("consents-wrong-language"),
        "witness" => Key("consents-wrong-witness"),
        _ => Key("consents-wrong-other"),
    }
}

/// What a family is asked, as far as the question is named by it.
pub(super) struct Asked<'a> {
    kind: ConsentKind,
    recipient: &'a Service,
    also: &'a BTreeSet<ServiceCode>,
}

impl<'a> Asked<'a> {
    fn is_move(&self) -> bool {
        self.kind == ConsentKind::Transfer
    }

    pub(super) fn of(consent: &'a Consent) -> Self {
        let Consent { kind, recipient, also, .. } = consent;
        Self { kind: *kind, recipient, also }
    }

    pub(super) fn own(item: &'a OwnConsent) -> Self {
        let OwnConsent { kind, recipient, also, .. } = item;
        Self { kind: *kind, recipient, also }
    }
}

/// Puts what the engine tells of consents into words of one language.
pub(super) struct Say<'a> {
    pub(super) engine: &'a Engine,
    pub(super) language: Language,
    zone: &'a TimeZone,
}

impl<'a> Say<'a> {
    pub(in crate::web::pages) fn new(engine: &'a Engine, visitor: &Visitor) -> Self {
        Self::within(engine, visitor.asked.language())
    }

    /// By which way a case would go to whom it is asked for, as the texts tell it.
    fn way(&self, recipient: &Service) -> &'static str {
        if self.engine.is_by_hand(recipient.host) { "hand" } else { "link" }
    }

    pub(super) fn within(engine: &'a Engine, language: Language) -> Self {
        Self { engine, language, zone: &engine.config().node.time_zone }
    }

    pub(super) fn t(&self, key: impl Into<Key>) -> Text {
        Text::new(self.language, key)
    }

    pub(super) fn area(&self, area: &AreaCode) -> String {
        self.engine.area(area, self.language)
    }

    pub(super) fn areas<'b>(&self, areas: impl IntoIterator<Item = &'b AreaCode>) -> String {
        let words: Vec<_> = areas.into_iter().map(|area| self.area(area)).collect();
        listed(self.language, &words)
    }

    pub(super) fn service(&self, service: &Service) -> String {
        self.engine.service(service, self.language)
    }

    pub(super) fn day(&self, moment: UnixMillis) -> String {
        time::day_of(moment, self.zone)
    }

    /// The last day on which something counts whose first moment without it is `until`.
    pub(super) fn last_day(&self, until: UnixMillis) -> String {
        time::day_of(UnixMillis(until.0.saturating_sub(1)), self.zone)
    }

    pub(super) fn minute(&self, moment: UnixMillis) -> String {
        time::minute_of(moment, self.zone, self.language)
    }

    pub(super) fn listed(&self, words: &[String]) -> String {
        listed(self.language, words)
    }

    /// Somebody of the family, with what the person is to the child.
    pub(super) fn person(&self, parties: &[PartyItem], person: PersonId) -> String {
        let party = parties.iter().find(|party| party.person == person);
        let Some(party) = party else { return self.t("consents-somebody").to_string() };
        let relation = self.relation(party);
        match &party.name {
            Some(name) => format!("{name} ({relation})"),
            None => relation,
        }
    }

    pub(super) fn relation(&self, party: &PartyItem) -> String {
        self.related(match party.capacity {
            Capacity::Subject => "subject",
            _ => party.relation.as_deref().unwrap_or_default(),
        })
    }

    pub(super) fn related(&self, relation: &str) -> String {
        let key = match relation {
            "subject" => Key("household-subject"),
            "mother" => Key("household-mother"),
            "father" => Key("household-father"),
            "co-mother" => Key("household-co-mother"),
            "appointed-guardian" => Key("household-appointed-guardian"),
            "foster-parent" => Key("household-foster-parent"),
            "child-welfare" => Key("household-child-welfare"),
            _ => Key("household-other"),
        };
        self.t(key).to_string()
    }

    /// Somebody of the family who wrote an entry.
    pub(in crate::web::pages) fn author(&self, author: &AuthorItem) -> String {
        let relation = self.related(&author.relation);
        self.t("case-author").with("name", &author.name).with("relation", relation).to_string()
    }

    pub(super) fn persons<'b>(
        &self,
        parties: &[PartyItem],
        persons: impl IntoIterator<Item = &'b PersonId>,
    ) -> String {
        let words: Vec<_> = persons.into_iter().map(|person| self.person(parties, *person)).collect();
        self.listed(&words)
    }

    /// What a consent is called: whom it is to, or what it is about.
    pub(super) fn called(&self, asked: &Asked<'_>) -> String {
        match asked.kind {
            ConsentKind::Share => self.service(asked.recipient),
            ConsentKind::OpenLog => self.t("consents-kind-open").to_string(),
            ConsentKind::Close => self.t("consents-kind-close").to_string(),
            ConsentKind::Transfer => self.t("consents-kind-transfer").with("to", self.to(asked)).to_string(),
        }
    }

    /// The municipality that a case may move to, and which of its services may take it.
    pub(super) fn to(&self, asked: &Asked<'_>) -> String {
        let services = std::iter::once(&asked.recipient.code).chain(asked.also);
        let services: Vec<_> =
            services.map(|code| self.engine.service_at(asked.recipient.host, code, self.language)).collect();
        let municipality = self.engine.municipality(asked.recipient.host);
        let words = self.t("consents-to-services").with("municipality", municipality);
        words.with("services", self.listed(&services)).to_string()
    }

    /// The state of a consent, for the stafettholder.
    pub(super) fn state(&self, item: &ConsentItem, parties: &[PartyItem]) -> String {
        let missing = self.persons(parties, &item.missing);
        let until = self.last_day(item.asked.until);
        let is_share = item.asked.kind == ConsentKind::Share;
        let text = match item.status.as_str() {
            "draft" => self.t("consents-state-draft").with("missing", missing),
            "partly-given" => self.t("consents-state-partly").with("missing", missing),
            "refused" => {
                self.t("consents-state-refused").with("who", self.persons(parties, &item.refused_by))
            }
            "not-yet" => self.t("consents-state-not-yet").with("day", self.day(item.asked.from)),
            "waits-for-review" => self.t("consents-state-review"),
            "valid" if is_share && !item.opens => self.t("consents-state-valid-shut"),
            "valid" => self.t("consents-state-valid").with("until", until),
            "expiring" => self.t("consents-state-expiring").with("until", until),
            "must-be-renewed" => self.t("consents-state-renew").with("missing", missing),
            "in-doubt" => self.t("consents-state-doubt"),
            "expired" => self.t("consents-state-expired").with("until", until),
            "withdrawn" => {
                let day = item.withdrawn_at.map(|at| self.day(at)).unwrap_or_default();
                let key = match item.asked.kind {
                    ConsentKind::Transfer => Key("consents-move-withdrawn"),
                    _ => Key("consents-state-withdrawn"),
                };
                self.t(key).with("day", day)
            }
            _ => self.t("consents-state-superseded"),
        };
        text.to_string()
    }

    /// The state of a consent, for one giver: the own word, and no one else's.
    pub(super) fn own_state(&self, item: &OwnConsent) -> String {
        let text = match item.status.as_str() {
            "asked" => self.t("consents-own-asked"),
            "refused" => self.t("consents-own-refused"),
            "withdrawn" => self.t("consents-own-withdrawn"),
            "in-force" => self.t("consents-own-in-force").with("until", self.last_day(item.until)),
            _ => self.t("consents-own-not-in-force"),
        };
        text.to_string()
    }

    /// That the recipient cannot take the case, and since when that is known; for the stafettholder.
    pub(super) fn cannot_take(&self, item: &ConsentItem, said: &CannotTakeItem) -> String {
        let text = self.t("consents-cannot-take").with("service", self.service(&item.asked.recipient));
        text.with("day", self.day(said.heard_at)).to_string()
    }

    fn line(&self, view: &ConsentView, parties: &[PartyItem]) -> ConsentLine {
        match view {
            ConsentView::Full(item) => ConsentLine {
                id: item.asked.id,
                service: self.called(&Asked::of(&item.asked)),
                state: self.state(item, parties),
                areas: self.areas(&item.asked.areas),
                until: self.last_day(item.asked.until),
                readers: self.t(readers(item)).to_string(),
                may_withdraw: one::may_withdraw(item),
                cannot_take: item.cannot_take.as_ref().map(|said| self.cannot_take(item, said)),
            },
            ConsentView::Own(item) => ConsentLine {
                id: item.id,
                service: self.called(&Asked::own(item)),
                state: self.own_state(item),
                areas: self.areas(&item.areas),
                until: self.last_day(item.until),
                readers: String::new(),
                may_withdraw: one::may_withdraw_own(item),
                cannot_take: None,
            },
        }
    }

    /// Services against areas. Of several consents the one that opens most stands in a cell.
    fn matrix(&self, items: &[&ConsentItem], areas: &[AreaCode]) -> Vec<MatrixRow> {
        let mut by_service: BTreeMap<&Service, Vec<&ConsentItem>> = BTreeMap::new();
        for item in items.iter().filter(|item| item.asked.kind == ConsentKind::Share) {
            by_service.entry(&item.asked.recipient).or_default().push(item);
        }
        let row = |(service, items): (&Service, Vec<&ConsentItem>)| MatrixRow {
            service: self.service(service),
            cells: areas.iter().map(|area| self.cell(&items, area)).collect(),
        };
        by_service.into_iter().map(row).collect()
    }

    fn cell(&self, items: &[&ConsentItem], area: &AreaCode) -> Cell {
        let about = items.iter().filter(|item| item.asked.areas.contains(area));
        let ranked = about
            .map(|item| (rank(item, area), item))
            .min_by_key(|(rank, item)| (*rank, std::cmp::Reverse(item.asked.version)));
        let Some((rank, item)) = ranked else {
            return Cell { words: self.t("consents-cell-none").to_string(), since: None, to: None };
        };
        let (key, since) = match rank {
            0 => (Key("consents-cell-open"), opened_at(item)),
            1 => (Key("consents-cell-paused"), None),
            2 => (Key("consents-cell-asked"), None),
            3 => (Key("consents-cell-refused"), None),
            4 => (Key("consents-cell-withdrawn"), taken_back_at(item, area)),
            _ => (Key("consents-cell-expired"), Some(item.asked.until)),
        };
        Cell {
            words: self.t(key).to_string(),
            since: since.map(|at| self.t("consents-cell-since").with("day", self.day(at)).to_string()),
            to: Some(item.asked.id.to_string()),
        }
    }

    pub(super) fn kinds(&self, kinds: &BTreeSet<stafett_protocol::entry::EntryKind>) -> String {
        entry_words::kinds(self.language, kinds)
    }
}

/// What a consent opens now.
fn readers(item: &ConsentItem) -> Key {
    match item.asked.kind {
        ConsentKind::Transfer => Key("consents-move-rests"),
        _ if item.opens => Key("consents-reads"),
        _ => Key("consents-reads-not"),
    }
}

/// The smaller, the more is open.
fn rank(item: &ConsentItem, area: &AreaCode) -> u8 {
    let is_taken_back = !item.open_areas.contains(area);
    match item.status.as_str() {
        "withdrawn" => 4,
        "expired" | "superseded" => 5,
        "refused" => 3,
        _ if is_taken_back => 4,
        "valid" | "expiring" if item.opens => 0,
        "draft" | "partly-given" => 2,
        _ => 1,
    }
}

/// When a consent began to count: the last yes for the child, or its first day.
fn opened_at(item: &ConsentItem) -> Option<UnixMillis> {
    let yes = item.given_by.values().filter(|yes| yes.for_subject).map(|yes| yes.at);
    yes.chain([item.asked.from]).max()
}

fn taken_back_at(item: &ConsentItem, area: &AreaCode) -> Option<UnixMillis> {
    use stafett_protocol::consent::WithdrawnPart;
    let names = |part: &WithdrawnPart| match part {
        WithdrawnPart::Whole => true,
        WithdrawnPart::Areas { areas } => areas.contains(area),
        WithdrawnPart::AboutSelf => false,
    };
    item.withdrawals.iter().filter(|word| names(&word.part)).map(|word| word.at).min().or(item.withdrawn_at)
}
