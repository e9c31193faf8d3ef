//! One consent: what it opens, who has said what, and what became of it. The stafettholder sees all
//! of it, a giver the own question and the own word.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::consent::{ChildHeard, Direction, Evidence, Interpreter, WithdrawnPart, Yes};
use stafett_protocol::entry::CardField;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, PersonId};
use stafett_protocol::time::UnixMillis;

use super::ask::{Shown, entry_line};
use super::{Asked, Say, consent_in, refused};
use crate::engine::EngineError;
use crate::engine::answer::{
    ConsentItem, ConsentView, OrderItem, OwnConsent, PartyItem, PreviewItem, WithdrawalItem,
};
use crate::engine::desk::ConsentDesk;
use crate::engine::request::{ExceptEntry, ReconfirmConsent};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::live;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::entry as entry_words;

/// A label and what stands beside it.
type Row = (String, String);

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    consent: ConsentId,
    service: String,
    is_move: bool,
    state: String,
    clarify: bool,
    cannot_take: Option<(String, String)>,
    rows: Vec<Row>,
    words: Vec<String>,
    excepted: Vec<String>,
    orders: Vec<OrderLine>,
    acts: Acts,
    shown: Option<Shown>,
    may_except: Vec<(String, String)>,
    givers: Vec<(String, String)>,
    form: Form,
}

/// What the stafettholder can do with a consent now.
#[derive(Default)]
struct Acts {
    answer: bool,
    withdraw: bool,
    version: bool,
    review: bool,
    reconfirm: bool,
}

/// An order to erase, followed to its receipt.
struct OrderLine {
    partner: String,
    steps: Vec<String>,
    kept: Vec<String>,
}

#[derive(Template)]
#[template(path = "consent-own.html")]
struct OwnPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    consent: ConsentId,
    service: String,
    is_move: bool,
    way: &'static str,
    state: String,
    rows: Vec<Row>,
    opens: Vec<String>,
    hides: Vec<String>,
    words: Vec<String>,
    may_answer: bool,
    may_withdraw: bool,
}

/// Shows one consent.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, consent)): Visiting<(CaseId, ConsentId)>,
) -> Result<Response, PageError> {
    shown(&api, &visitor, (case, consent), Form::new(), StatusCode::OK).await
}

/// Closes one entry, confirms what is in doubt, or lets go what was held.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, (case, consent)): Visiting<(CaseId, ConsentId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let here = format!("/cases/{case}/consents/{consent}");
    visitor.must_be_fresh(&here)?;
    let act = form.value("act").to_owned();
    let done_now = match act.as_str() {
        "except" => except(&api, &visitor, (case, consent), &mut form).await,
        "review" => api.engine.review_held(&visitor.reader, case, consent).await.map(Some),
        "reconfirm" => reconfirm(&api, &visitor, (case, consent), &mut form).await,
        _ => Err(EngineError::NotFound),
    };
    match done_now {
        Ok(Some(_)) => return Ok(done(&api, &here, Key("notice-saved"))),
        Ok(None) => {}
        Err(error) => refused(&mut form, error, &visitor, "act")?,
    }
    shown(&api, &visitor, (case, consent), form, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn except(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    form: &mut Form,
) -> Result<Option<ConsentView>, EngineError> {
    let giver = form.value("giver").parse::<PersonId>();
    let entry = form.value("entry").parse::<EntryId>();
    let (Ok(giver), Ok(entry)) = (giver, entry) else {
        form.refuse("giver", visitor.t("consents-wrong-giver"));
        return Ok(None);
    };
    api.engine.except_entry(&visitor.reader, case, consent, ExceptEntry { giver, entry }).await.map(Some)
}

async fn reconfirm(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    form: &mut Form,
) -> Result<Option<ConsentView>, EngineError> {
    let givers = form.values("givers").map(str::parse).collect::<Result<_, _>>();
    let Ok(givers) = givers else {
        form.refuse("givers", visitor.t("consents-wrong-giver"));
        return Ok(None);
    };
    let request = ReconfirmConsent { givers };
    api.engine.reconfirm_consent(&visitor.reader, case, consent, request).await.map(Some)
}

async fn shown(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let live = live::address(api, visitor, case).await?;
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    let say = Say::new(&api.engine, visitor);
    match consent_in(&desk, consent)? {
        ConsentView::Own(item) => {
            let frame = Frame::new(api, &visitor.asked, visitor.t("consents-one-title")).live(live);
            page(status, &own_page(&say, frame, case, item, &desk))
        }
        ConsentView::Full(item) => {
            let acts = Acts::of(item, &desk);
            let preview = if acts.answer || acts.review {
                let preview = api.engine.preview_asked_consent(&visitor.reader, case, consent).await?;
                Some(Shown::of(&say, preview))
            } else {
                None
            };
            let name = |person: &PersonId| (person.to_string(), say.person(&desk.parties, *person));
            let given = item.given_by.iter().filter(|(_, yes)| yes.for_subject).map(|(person, _)| person);
            let shown = ConsentPage {
                frame: Frame::new(api, &visitor.asked, visitor.t("consents-one-title")).live(live),
                case,
                consent,
                service: say.called(&Asked::of(&item.asked)),
                is_move: Asked::of(&item.asked).is_move(),
                state: say.state(item, &desk.parties),
                clarify: item.clarify,
                cannot_take: item.cannot_take.as_ref().map(|said| {
                    let reason = say.t("consents-cannot-take-reason").with("reason", &said.reason);
                    (say.cannot_take(item, said), reason.to_string())
                }),
                rows: say.full_rows(item, &desk),
                words: say.words_of(item, &desk.parties),
                excepted: say.excepted(item, &desk),
                orders: item
                    .orders
                    .iter()
                    .map(|order| say.order(order, desk.received_at.get(&order.order).copied()))
                    .collect(),
                shown: preview,
                may_except: may_except(&say, item, &desk),
                givers: given.map(name).collect(),
                acts,
                form,
            };
            page(status, &shown)
        }
    }
}

impl Acts {
    fn of(item: &ConsentItem, desk: &ConsentDesk) -> Self {
        let (status, is_closed) = (item.status.as_str(), desk.is_closed);
        Self {
            answer: !is_closed && matches!(status, "draft" | "partly-given" | "refused"),
            withdraw: may_withdraw(item),
            version: !is_closed,
            review: status == "waits-for-review" && !desk.keeps,
            reconfirm: status == "in-doubt",
        }
    }
}

/// Whether there is a yes that can be taken back.
pub(super) fn may_withdraw(item: &ConsentItem) -> bool {
    let is_over = matches!(item.status.as_str(), "withdrawn" | "expired" | "superseded");
    !is_over && !item.given_by.is_empty()
}

/// Whether whoever looks has a yes of their own that can be taken back.
pub(super) fn may_withdraw_own(item: &OwnConsent) -> bool {
    item.yes.is_some() && item.status != "withdrawn"
}

/// The entries in the asked scope that are not closed yet.
fn may_except(say: &Say<'_>, item: &ConsentItem, desk: &ConsentDesk) -> Vec<(String, String)> {
    let is_over = matches!(item.status.as_str(), "withdrawn" | "expired" | "superseded");
    let fits = |entry: &&PreviewItem| {
        is_in_scope(&item.asked.areas, &item.asked.kinds, entry)
            && !item.excepted.contains_key(&entry.entry)
            && !item.asked.exceptions.contains(&entry.entry)
    };
    let entries = desk.entries.iter().filter(|_| !is_over && !item.given_by.is_empty()).filter(fits);
    entries.map(|entry| (entry.entry.to_string(), entry_line(say, entry))).collect()
}

fn is_in_scope(
    areas: &std::collections::BTreeSet<stafett_protocol::municipality::AreaCode>,
    kinds: &std::collections::BTreeSet<stafett_protocol::entry::EntryKind>,
    entry: &PreviewItem,
) -> bool {
    !entry.areas.is_empty() && entry.areas.is_subset(areas) && kinds.contains(&entry.kind)
}

fn own_page<'a>(
    say: &Say<'_>,
    frame: Frame<'a>,
    case: CaseId,
    item: &OwnConsent,
    desk: &ConsentDesk,
) -> OwnPage<'a> {
    let opened = |entry: &PreviewItem| item.covers(entry.entry, entry.kind, &entry.areas);
    let (opens, hides): (Vec<_>, Vec<_>) = desk.entries.iter().partition(|entry| opened(entry));
    let gives = item.direction.gives();
    let line = |entry: &&PreviewItem| entry_line(say, entry);
    OwnPage {
        frame,
        case,
        consent: item.id,
        service: say.called(&Asked::own(item)),
        is_move: Asked::own(item).is_move(),
        way: say.way(&item.recipient),
        state: say.own_state(item),
        rows: say.own_rows(item),
        opens: opens.iter().filter(|_| gives).map(line).collect(),
        hides: hides.iter().map(line).collect(),
        words: say.own_words(item),
        may_answer: matches!(item.status.as_str(), "asked" | "refused"),
        may_withdraw: may_withdraw_own(item),
    }
}

impl Say<'_> {
    fn row(&self, label: Key, value: impl ToString) -> Row {
        (self.t(label).to_string(), value.to_string())
    }

    fn card(&self, fields: &std::collections::BTreeSet<CardField>) -> String {
        let words: Vec<_> = fields
            .iter()
            .map(|field| entry_words::field(field.key()).in_language(self.language).to_owned())
            .collect();
        if words.is_empty() { self.t("consents-nothing-of-it").to_string() } else { self.listed(&words) }
    }

    pub(super) fn direction(&self, direction: Direction) -> String {
        let key = match direction {
            Direction::Both => Key("consents-both"),
            Direction::Give => Key("consents-give"),
            Direction::Receive => Key("consents-receive"),
        };
        self.t(key).to_string()
    }

    fn full_rows(&self, item: &ConsentItem, desk: &ConsentDesk) -> Vec<Row> {
        let asked = &item.asked;
        let heard = match asked.child_heard {
            ChildHeard::NotAsked => self.t("consents-heard-not-asked"),
            ChildHeard::Yes { at, .. } => self.t("consents-heard-yes-on").with("day", self.day(at)),
            ChildHeard::No => self.t("consents-heard-no"),
        };
        let mut rows = vec![
            self.row(Key("consents-row-areas"), self.areas(&asked.areas)),
            self.row(Key("consents-row-kinds"), self.kinds(&asked.kinds)),
            self.row(Key("consents-row-card"), self.card(&asked.card_fields)),
            self.row(Key("consents-row-purpose"), &asked.purpose),
            self.row(Key("consents-row-from"), self.day(asked.from)),
            self.row(Key("consents-row-until"), self.last_day(asked.until)),
            self.row(Key("consents-row-heard"), heard),
            self.row(Key("consents-row-version"), asked.version),
        ];
        if !Asked::of(asked).is_move() {
            rows.insert(3, self.row(Key("consents-row-direction"), self.direction(asked.direction)));
        }
        if !item.missing.is_empty() {
            rows.push(self.row(Key("consents-row-missing"), self.persons(&desk.parties, &item.missing)));
        }
        if let Some(text) = &asked.reservations {
            rows.push(self.row(Key("consents-row-reservations"), text));
        }
        if let Some(at) = asked.review_at {
            rows.push(self.row(Key("consents-row-review"), self.day(at)));
        }
        rows
    }

    fn own_rows(&self, item: &OwnConsent) -> Vec<Row> {
        let mut rows = vec![
            self.row(Key("consents-row-areas"), self.areas(&item.areas)),
            self.row(Key("consents-row-kinds"), self.kinds(&item.kinds)),
            self.row(Key("consents-row-card"), self.card(&item.card_fields)),
            self.row(Key("consents-row-purpose"), &item.purpose),
            self.row(Key("consents-row-until"), self.last_day(item.until)),
        ];
        if !Asked::own(item).is_move() {
            rows.insert(3, self.row(Key("consents-row-direction"), self.direction(item.direction)));
        }
        rows
    }

    /// Who has said yes and no and taken back, each with how and when.
    fn words_of(&self, item: &ConsentItem, parties: &[PartyItem]) -> Vec<String> {
        let yes = item
            .given_by
            .iter()
            .map(|(person, yes)| format!("{}: {}", self.person(parties, *person), self.yes(yes)));
        let no = item
            .refused_by
            .iter()
            .map(|person| self.t("consents-said-no").with("who", self.person(parties, *person)).to_string());
        let back = item
            .withdrawals
            .iter()
            .map(|word| format!("{}: {}", self.person(parties, word.giver), self.taken_back(word)));
        yes.chain(no).chain(back).collect()
    }

    fn own_words(&self, item: &OwnConsent) -> Vec<String> {
        let yes = item.yes.iter().map(|yes| self.yes(yes));
        yes.chain(item.withdrawals.iter().map(|word| self.taken_back(word))).collect()
    }

    fn yes(&self, yes: &Yes) -> String {
        let how = match &yes.evidence {
            Evidence::Paper { .. } | Evidence::Filed { .. } => self.t("consents-by-paper"),
            Evidence::Oral => self.t("consents-by-word"),
            Evidence::ElectronicId { .. } => self.t("consents-by-id"),
        };
        let key = if yes.for_subject { Key("consents-said-yes") } else { Key("consents-said-yes-self") };
        let mut said = self.t(key).with("day", self.day(yes.at)).with("how", how).to_string();
        if yes.for_subject && yes.about_self {
            said = format!("{said} {}", self.t("consents-said-self-too"));
        }
        match yes.interpreter {
            Interpreter::Present | Interpreter::Remote => {
                format!("{said} {}", self.t("consents-said-interpreter"))
            }
            Interpreter::NotNeeded | Interpreter::Declined => said,
        }
    }

    fn taken_back(&self, word: &WithdrawalItem) -> String {
        let day = self.minute(word.at);
        let text = match &word.part {
            WithdrawnPart::Whole => self.t("consents-back-whole"),
            WithdrawnPart::Areas { areas } => self.t("consents-back-areas").with("areas", self.areas(areas)),
            WithdrawnPart::AboutSelf => self.t("consents-back-self"),
        };
        text.with("day", day).to_string()
    }

    fn excepted(&self, item: &ConsentItem, desk: &ConsentDesk) -> Vec<String> {
        let is_closed = |entry: &&PreviewItem| {
            item.asked.exceptions.contains(&entry.entry) || item.excepted.contains_key(&entry.entry)
        };
        desk.entries.iter().filter(is_closed).map(|entry| entry_line(self, entry)).collect()
    }

    /// What became of an order: nothing is said to be erased before the partner's receipt.
    fn order(&self, order: &OrderItem, received_at: Option<UnixMillis>) -> OrderLine {
        let partner = order.partner_name.clone();
        let mut steps = Vec::new();
        let mut kept = Vec::new();
        let ordered = match order.waits_since {
            Some(since) => self.t("consents-order-asked").with("when", self.minute(since)),
            None => self.t("consents-order-was-asked"),
        };
        steps.push(ordered.with("count", order.entries).to_string());
        if let Some(at) = received_at {
            steps.push(self.t("consents-order-receipt").with("when", self.minute(at)).to_string());
        }
        match &order.receipt {
            None => {
                steps.push(self.t("consents-order-waits").to_string());
                if order.late {
                    steps.push(self.t("consents-order-late").with("partner", partner.as_str()).to_string());
                }
            }
            Some(receipt) => {
                let others =
                    receipt.items.len().saturating_sub(receipt.erased).saturating_sub(receipt.locked);
                let text = self.t("consents-order-confirmed").with("partner", partner.as_str());
                steps.push(text.with("erased", receipt.erased).with("locked", receipt.locked).to_string());
                if others > 0 {
                    steps.push(self.t("consents-order-others").with("count", others).to_string());
                }
                if receipt.erased > 0 {
                    let days = u64::from(receipt.backup_days);
                    steps.push(self.t("consents-order-backup").with("days", days).to_string());
                }
                let bases: std::collections::BTreeSet<_> = receipt.kept_by_law.values().collect();
                kept.extend(bases.into_iter().cloned());
            }
        }
        OrderLine { partner, steps, kept }
    }
}
