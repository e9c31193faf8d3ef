//! Asking the family for a consent: four questions on one form, then exactly what would become
//! visible, entry by entry, before anybody is asked.

mod moving;

use std::collections::BTreeSet;
use std::str::FromStr;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use stafett_protocol::consent::{ChildHeard, Consent, ConsentKind, Direction, HeardBy};
use stafett_protocol::entry::schema::CARD_DEFAULT_FIELDS;
use stafett_protocol::entry::{CardField, EntryKind};
use stafett_protocol::id::{AccountId, CaseId, ConsentId};
use stafett_protocol::municipality::Service;
use stafett_protocol::time::{DAY, UnixMillis};

use super::{Say, as_full, refused};
use crate::engine::EngineError;
use crate::engine::answer::{ConsentPreview, ConsentView, HiddenItem, PreviewItem};
use crate::engine::desk::ConsentDesk;
use crate::engine::request::AskConsent;
use crate::web::Api;
use crate::web::body::Parameters;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{entry as entry_words, time};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "consents-new.html")]
struct AskPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    form: Form,
    is_version: bool,
    is_move: bool,
    recipients: Choices,
    areas: Choices,
    kinds: Choices,
    directions: Choices,
    purposes: Choices,
    entries: Choices,
    card_fields: Choices,
    givers: Vec<(String, String)>,
    heard: Choices,
    hows: Choices,
}

#[derive(Template)]
#[template(path = "consents-review.html")]
struct ReviewPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    carried: Vec<(String, String)>,
    reader: String,
    is_move: bool,
    givers: String,
    shown: Shown,
    /// What is refused when it is asked, if something is.
    form: Form,
}

/// A preview in words.
pub(super) struct Shown {
    opens: Vec<String>,
    stays: Vec<String>,
    closes: Vec<String>,
    hidden: Vec<String>,
    dropped: Vec<String>,
    pub(super) card: Vec<(String, String)>,
    pub(super) waits_for_review: bool,
}

/// From which consent a new version starts, and whether it is about a move.
#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    kind: Option<String>,
}

/// Shows the questions; those of a new version with the answers of the one before.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Parameters(from): Parameters<From>,
) -> Result<Response, PageError> {
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    must_hold(&desk)?;
    let form = match from.from.as_deref().map(ConsentId::from_str) {
        None if from.kind.as_deref() == Some("move") => first_form(&desk, moving::begun(&api)),
        None => first_form(&desk, begun(&api)),
        Some(Ok(before)) => next_form(&api, &desk, before)?,
        Some(Err(_)) => return Err(EngineError::NotFound.into()),
    };
    ask_page(&api, &visitor, case, &desk, form, StatusCode::OK)
}

/// Takes the answers: shows what they would open, or asks.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    must_hold(&desk)?;
    if form.value("act") == "back" {
        return ask_page(&api, &visitor, case, &desk, form, StatusCode::OK);
    }
    let request = request_of(&api, &visitor, &mut form);
    let Some(mut request) = request.filter(|_| form.holds()) else {
        return ask_page(&api, &visitor, case, &desk, form, StatusCode::UNPROCESSABLE_ENTITY);
    };
    if desk.keeps {
        // Who reads no entry points at none: what is closed stays closed.
        request.exceptions = None;
    }
    if form.value("act") == "ask" {
        match api.engine.ask_consent(&visitor.reader, case, request, form.press()).await {
            Ok(ConsentView::Full(item)) => {
                let to = format!("/cases/{case}/consents/{}", item.asked.id);
                return Ok(done(&api, &to, Key("notice-asked")));
            }
            Ok(ConsentView::Own(_)) => return Err(EngineError::NotFound.into()),
            Err(error) => refuse(&mut form, error, &visitor)?,
        }
        return ask_page(&api, &visitor, case, &desk, form, StatusCode::UNPROCESSABLE_ENTITY);
    }
    match api.engine.preview_consent(&visitor.reader, case, &request).await {
        Ok(preview) => review_page(&api, &visitor, case, &desk, form, preview),
        Err(error) => {
            refuse(&mut form, error, &visitor)?;
            ask_page(&api, &visitor, case, &desk, form, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

/// A move has its services in one field.
fn refuse(form: &mut Form, error: EngineError, visitor: &Visitor) -> Result<(), EngineError> {
    let first = if moving::is_move(form) { "services" } else { "recipient" };
    match error {
        EngineError::Invalid { field: "recipient" | "also", .. } if moving::is_move(form) => {
            form.refuse("services", visitor.t("consents-wrong-services"));
            Ok(())
        }
        other => refused(form, other, visitor, first),
    }
}

/// Somebody of the family sees no form for staff: for them there is no such page.
fn must_hold(desk: &ConsentDesk) -> Result<(), EngineError> {
    if desk.as_person.is_none() { Ok(()) } else { Err(EngineError::NotAllowed) }
}

fn first_form(desk: &ConsentDesk, begun: Form) -> Form {
    let mut form = begun.put("direction", "both").put("child_heard", "not-asked");
    for kind in shareable(&form) {
        form = form.put("kinds", kind.as_str());
    }
    for entry in &desk.closed_to_all {
        form = form.put("exceptions", entry.to_string());
    }
    for field in desk.card_fields.iter().filter(|field| CARD_DEFAULT_FIELDS.contains(field)) {
        form = form.put("card_fields", field.key().as_str());
    }
    form
}

/// What a form begins with: the last day of a consent that runs as long as the municipality has set.
fn begun(api: &Api) -> Form {
    let days = u64::from(api.engine.config().consent.default_duration_days);
    Form::new().put("until", usual_end_in(api, days))
}

fn usual_end_in(api: &Api, days: u64) -> String {
    date_text(api, api.engine.now().plus(days.saturating_mul(DAY)))
}

/// A new version starts from the answers that the one before had, and from what its line keeps
/// closed by now.
fn next_form(api: &Api, desk: &ConsentDesk, before: ConsentId) -> Result<Form, EngineError> {
    let mut items = desk.consents.iter().filter_map(as_full);
    let item = items.find(|item| item.asked.id == before).ok_or(EngineError::NotFound)?;
    let Consent { recipient, areas, kinds, card_fields, direction, purpose, .. } = &item.asked;
    let form = match item.asked.kind {
        ConsentKind::Transfer => moving::next(moving::begun(api), &item.asked),
        _ => begun(api).put("recipient", service_value(recipient)),
    };
    let mut form = form.put("child_heard", "not-asked").put("supersedes", before.to_string());
    for area in if item.open_areas.is_empty() { areas } else { &item.open_areas } {
        form = form.put("areas", area.to_string());
    }
    for kind in kinds {
        form = form.put("kinds", kind.as_str());
    }
    for entry in desk.exceptions.get(&before).into_iter().flatten() {
        form = form.put("exceptions", entry.to_string());
    }
    for field in card_fields.iter().filter(|field| desk.card_fields.contains(field)) {
        form = form.put("card_fields", field.key().as_str());
    }
    form = form.put("direction", direction_word(*direction)).put("purpose", purpose.clone());
    form = form.put("reservations", item.asked.reservations.clone().unwrap_or_default());
    form = form.put("language", item.asked.language.as_ref().map(ToString::to_string).unwrap_or_default());
    let code = item.asked.purpose_code.as_ref().map(ToString::to_string).unwrap_or_default();
    Ok(form.put("purpose_code", code))
}

fn shareable(form: &Form) -> impl Iterator<Item = EntryKind> + use<> {
    let is_move = moving::is_move(form);
    let goes_never = move |kind: &EntryKind| is_move && *kind == EntryKind::Participants;
    EntryKind::ALL.into_iter().filter(move |kind| *kind != EntryKind::CaseCard && !goes_never(kind))
}

fn service_value(service: &Service) -> String {
    format!("{}.{}", service.host, service.code)
}

pub(super) fn service_of(value: &str) -> Option<Service> {
    let (host, code) = value.split_once('.')?;
    Some(Service { host: host.parse().ok()?, code: code.parse().ok()? })
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Give => "give",
        Direction::Receive => "receive",
        Direction::Both => "both",
    }
}

fn date_text(api: &Api, moment: UnixMillis) -> String {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    moment.to_zoned(api.engine.config().node.time_zone.clone()).date().to_string()
}

/// The first moment of a day, or of the day after it.
fn moment_of(api: &Api, text: &str, day_after: bool) -> Option<UnixMillis> {
    let date: Date = text.parse().ok()?;
    let date = if day_after { date.tomorrow().ok()? } else { date };
    let zoned = date.to_zoned(api.engine.config().node.time_zone.clone()).ok()?;
    u64::try_from(zoned.timestamp().as_millisecond()).ok().map(UnixMillis)
}

/// Each value of a field, or none if one of them is not what the field takes.
fn set_of<T: Ord + FromStr>(form: &Form, field: &str) -> Option<BTreeSet<T>> {
    form.values(field).map(|value| value.parse().ok()).collect()
}

fn request_of(api: &Api, visitor: &Visitor, form: &mut Form) -> Option<AskConsent> {
    let is_move = moving::is_move(form);
    let to = if is_move {
        moving::services_of(visitor, form)
    } else {
        service_of(form.value("recipient")).map(|service| (service, BTreeSet::new()))
    };
    if to.is_none() && !is_move {
        form.refuse("recipient", visitor.t("consents-wrong-recipient"));
    }
    let areas = set_of(form, "areas").filter(|areas: &BTreeSet<_>| !areas.is_empty());
    if areas.is_none() {
        form.refuse("areas", visitor.t("consents-wrong-areas"));
    }
    let kinds: Option<BTreeSet<EntryKind>> =
        form.values("kinds").map(|word| shareable(form).find(|kind| kind.as_str() == word)).collect();
    let kinds = kinds.filter(|kinds| !kinds.is_empty());
    if kinds.is_none() {
        form.refuse("kinds", visitor.t("consents-wrong-kinds"));
    }
    let exceptions = set_of(form, "exceptions");
    let card_fields: Option<BTreeSet<CardField>> = form
        .values("card_fields")
        .map(|word| CardField::all().find(|field| field.key().as_str() == word))
        .collect();
    let purpose = form.require("purpose", visitor.t("consents-wrong-purpose"));
    for words in ["purpose", "reservations"] {
        form.check_text(words, visitor.t("form-wrong-text"));
    }
    let until = optional_day(api, visitor, form, "until", true);
    let review_at = optional_day(api, visitor, form, "review_at", false);
    let child_heard = heard_of(api, visitor, form);
    let language = optional(form, visitor, "language");
    let purpose_code = optional(form, visitor, "purpose_code");
    let supersedes = optional(form, visitor, "supersedes");
    let direction = match form.value("direction") {
        "give" => Direction::Give,
        "receive" => Direction::Receive,
        _ => Direction::Both,
    };
    let reservations = Some(form.value("reservations").to_owned()).filter(|text| !text.is_empty());
    let (recipient, also) = to?;
    Some(AskConsent {
        kind: if is_move { ConsentKind::Transfer } else { ConsentKind::Share },
        recipient,
        also,
        areas: areas?,
        kinds: Some(kinds?),
        exceptions: Some(exceptions?),
        reservations,
        card_fields: Some(card_fields?),
        direction,
        purpose,
        purpose_code,
        language,
        text_sha256: None,
        child_heard,
        from: None,
        until,
        review_at,
        supersedes,
    })
}

/// A value that may be missing; one that is not what the field takes is refused.
pub(super) fn optional<T: FromStr>(form: &mut Form, visitor: &Visitor, field: &str) -> Option<T> {
    let value = form.value(field);
    if value.is_empty() {
        return None;
    }
    let parsed = value.parse().ok();
    if parsed.is_none() {
        form.refuse(field, visitor.t(super::wrong(field)));
    }
    parsed
}

fn optional_day(
    api: &Api,
    visitor: &Visitor,
    form: &mut Form,
    field: &str,
    day_after: bool,
) -> Option<UnixMillis> {
    let value = form.value(field);
    if value.is_empty() {
        return None;
    }
    let moment = moment_of(api, value, day_after);
    if moment.is_none() {
        form.refuse(field, visitor.t(super::wrong(field)));
    }
    moment
}

fn heard_of(api: &Api, visitor: &Visitor, form: &mut Form) -> ChildHeard {
    match form.value("child_heard") {
        "no" => ChildHeard::No,
        "yes" => {
            let at = moment_of(api, form.value("heard_on"), false);
            if at.is_none() {
                form.refuse("heard_on", visitor.t("consents-wrong-heard"));
            }
            let how = match form.value("heard_how") {
                "drawing" => HeardBy::Drawing,
                "form" => HeardBy::Form,
                "another" => HeardBy::Another,
                _ => HeardBy::Conversation,
            };
            let by: AccountId = visitor.reader.account;
            at.map_or(ChildHeard::NotAsked, |at| ChildHeard::Yes { how, at, by })
        }
        _ => ChildHeard::NotAsked,
    }
}

fn ask_page(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    desk: &ConsentDesk,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let form = form.with_id();
    let say = Say::new(&api.engine, visitor);
    let config = api.engine.config();
    let is_version = !form.value("supersedes").is_empty();
    let is_move = moving::is_move(&form);
    let fixed = service_of(form.value("recipient")).filter(|_| is_version);
    let offered: Vec<_> = if is_move {
        moving::services(desk, &form).collect()
    } else {
        let fits = |service: &Service| fixed.as_ref().is_none_or(|fixed| fixed == service);
        desk.recipients.iter().filter(|one| fits(&one.service)).collect()
    };
    let offered = || offered.iter().copied();
    let title = if is_move { Key("consents-move-ask-title") } else { Key("consents-new-title") };
    let label = |item: &PreviewItem| (item.entry.to_string(), entry_line(&say, item));
    let field = |field: &CardField| {
        let words = entry_words::field(field.key()).in_language(say.language);
        (field.key().as_str().to_owned(), words.to_owned())
    };
    let none = (String::new(), say.t("consents-new-purpose-none").to_string());
    let purposes = config.consent.purposes.iter();
    let shown = AskPage {
        frame: Frame::new(api, &visitor.asked, visitor.t(title)),
        case,
        is_version,
        is_move,
        recipients: offered().map(|one| (service_value(&one.service), say.service(&one.service))).collect(),
        areas: if is_move {
            moving::areas(&say, offered())
        } else {
            config.areas.iter().map(|area| (area.code.to_string(), say.area(&area.code))).collect()
        },
        kinds: shareable(&form).map(|kind| (kind.as_str().to_owned(), kind_word(&say, kind))).collect(),
        directions: directions(&say),
        purposes: std::iter::once(none)
            .chain(purposes.map(|one| (one.code.to_string(), one.names.in_language(say.language).to_owned())))
            .collect(),
        entries: desk.entries.iter().map(label).collect(),
        card_fields: desk.card_fields.iter().map(field).collect(),
        givers: offered()
            .map(|one| (say.service(&one.service), say.persons(&desk.parties, &one.givers)))
            .collect(),
        heard: heard_choices(&say),
        hows: how_choices(&say),
        form,
    };
    page(status, &shown)
}

fn review_page(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    desk: &ConsentDesk,
    form: Form,
    preview: ConsentPreview,
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let form = form.with_id();
    let carried = form.pairs().filter(|(name, _)| *name != "act");
    let is_move = moving::is_move(&form);
    let shown = ReviewPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("consents-review-title")),
        case,
        carried: carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        reader: if is_move {
            say.engine.municipality(preview.recipient.host)
        } else {
            say.service(&preview.recipient)
        },
        is_move,
        givers: say.persons(&desk.parties, &preview.missing),
        shown: Shown::of(&say, preview),
        form,
    };
    page(StatusCode::OK, &shown)
}

impl Shown {
    pub(super) fn of(say: &Say<'_>, preview: ConsentPreview) -> Self {
        let lines = |items: &[PreviewItem]| items.iter().map(|item| entry_line(say, item)).collect();
        let hidden = |items: &[HiddenItem]| items.iter().map(|hidden| hidden_line(say, hidden)).collect();
        let card = preview.card.into_iter().map(|(field, value)| {
            let said = entry_words::code(EntryKind::CaseCard, field.key(), &value);
            let said = said.map_or_else(
                || time::day_of_text(&value),
                |words| words.in_language(say.language).to_owned(),
            );
            (entry_words::field(field.key()).in_language(say.language).to_owned(), said)
        });
        Self {
            opens: lines(&preview.becomes_visible),
            stays: lines(&preview.stays_visible),
            closes: hidden(&preview.becomes_hidden),
            hidden: hidden(&preview.stays_hidden),
            dropped: lines(&preview.drops_exceptions),
            card: card.collect(),
            waits_for_review: preview.waits_for_review,
        }
    }

    pub(super) fn opens(&self) -> &[String] {
        &self.opens
    }

    pub(super) fn stays(&self) -> &[String] {
        &self.stays
    }

    pub(super) fn closes(&self) -> &[String] {
        &self.closes
    }

    pub(super) fn hidden(&self) -> &[String] {
        &self.hidden
    }

    pub(super) fn dropped(&self) -> &[String] {
        &self.dropped
    }
}

/// Why an entry stays hidden. What is about the protection of the family has words that say no more
/// than whom to ask.
fn reason(reason: &str) -> Key {
    match reason {
        "area" => Key("consents-why-area"),
        "no-area" => Key("consents-why-no-area"),
        "kind" => Key("consents-why-kind"),
        "excepted" => Key("consents-why-excepted"),
        "about-another" => Key("consents-why-another"),
        "waits-for-generation" => Key("consents-why-generation"),
        "waits-for-receipt" => Key("consents-why-receipt"),
        "stays-here" => Key("consents-why-stays"),
        "waits-for-approval" | "blocked" => Key("consents-why-leader"),
        "no-agreement" | "outside-agreement" => Key("consents-why-agreement"),
        "must-be-renewed" => Key("consents-why-renew"),
        _ => Key("consents-why-other"),
    }
}

/// An entry that stays hidden, and why.
pub(in crate::web::pages) fn hidden_line(say: &Say<'_>, hidden: &HiddenItem) -> String {
    format!("{} – {}", entry_line(say, &hidden.item), say.t(reason(&hidden.reason)))
}

/// An entry as it is pointed at: its kind, its title, its areas.
pub(in crate::web::pages) fn entry_line(say: &Say<'_>, item: &PreviewItem) -> String {
    let kind = kind_word(say, item.kind);
    let areas = say.areas(&item.areas);
    let areas = if areas.is_empty() { say.t("consents-no-area").to_string() } else { areas };
    let entry = match item.title.as_str() {
        "" => format!("{kind} · {areas}"),
        title => format!("{kind}: {title} · {areas}"),
    };
    match item.hidden_from_guardians {
        true => say.t("consents-hidden-mark").with("entry", entry).to_string(),
        false => entry,
    }
}

pub(in crate::web::pages) fn kind_word(say: &Say<'_>, kind: EntryKind) -> String {
    let word = entry_words::kind(kind).in_language(say.language);
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn directions(say: &Say<'_>) -> Choices {
    [("both", Key("consents-both")), ("give", Key("consents-give")), ("receive", Key("consents-receive"))]
        .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
        .to_vec()
}

fn heard_choices(say: &Say<'_>) -> Choices {
    [
        ("not-asked", Key("consents-heard-not-asked")),
        ("yes", Key("consents-heard-yes")),
        ("no", Key("consents-heard-no")),
    ]
    .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
    .to_vec()
}

fn how_choices(say: &Say<'_>) -> Choices {
    [
        ("conversation", Key("consents-heard-conversation")),
        ("drawing", Key("consents-heard-drawing")),
        ("form", Key("consents-heard-form")),
        ("another", Key("consents-heard-another")),
    ]
    .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
    .to_vec()
}
