//! A case that moves to another municipality, for its stafettholder: six steps, what the other side sees at
//! each, what can be undone, and the last page, after which nothing can.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{CaseId, ConsentId};
use stafett_protocol::municipality::{OrganisationNumber, ServiceCode};
use stafett_protocol::succession::leaving::{EndCause, LateWord};
use stafett_protocol::succession::statement::Stage;

use super::consents::Say;
use super::consents::ask::{entry_line, hidden_line};
use super::{Frame, PageError, done, hand, page};
use crate::engine::EngineError;
use crate::engine::answer::{
    EndedMove, HandStep, MoveConsent, MovePart, MoveStep, MoveView, MovedItem, OpenMove,
};
use crate::engine::request::OfferCase;
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{listed, time};

type Choices = Vec<(String, String)>;

/// What is typed on the last page.
const WORD: &str = "OVERFØR";

#[derive(Template)]
#[template(path = "moving.html")]
struct MovingPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_holder: bool,
    path: Vec<PathStep>,
    /// What is so now, as sentences; the first is what the other side sees.
    sentences: Vec<Text>,
    warnings: Vec<Text>,
    consents: Vec<ConsentRow>,
    offer: Option<OfferForm>,
    open: Option<OpenPart>,
    is_moved: bool,
    /// Whether it goes to a municipality without a node, on a page of its own.
    goes_by_hand: bool,
    ended: Vec<Text>,
    form: Form,
}

/// One of the six steps.
struct PathStep {
    words: Text,
    is_done: bool,
    is_now: bool,
}

struct ConsentRow {
    consent: ConsentId,
    words: Text,
}

/// What is asked before the case is offered.
struct OfferForm {
    consents: Choices,
    stages: Choices,
}

/// What can be done while a move is under way.
struct OpenPart {
    is_accepted: bool,
    may_transfer: bool,
    to: String,
    goes: Vec<String>,
    stays: Vec<String>,
}

/// Shows how far the move is, and what comes next.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    shown(&api, &visitor, &view, Form::new(), StatusCode::OK)
}

/// Offers the case.
pub(crate) async fn offer(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    must_hold(&view)?;
    visitor.must_be_fresh(&address(case))?;
    let consent = form.value("consent").parse().ok();
    if consent.is_none() {
        form.refuse("consent", visitor.t("moving-consent-missing"));
    }
    let stage = STAGES.iter().find(|(word, ..)| form.value("stage") == *word).map(|(_, stage, _)| *stage);
    if stage.is_none() {
        form.refuse("stage", visitor.t("moving-stage-missing"));
    }
    form.require("wished", visitor.t("moving-wished-wrong"));
    form.check_text("note", visitor.t("form-wrong-text"));
    if let (Some(consent), Some(stage), true) = (consent, stage, form.holds()) {
        let (wished, note) = (form.value("wished").to_owned(), form.value("note").to_owned());
        let request = OfferCase { consent, stage, wished, note };
        match api.engine.offer_case(&visitor.reader, case, request, form.press()).await {
            Ok(_) => return Ok(done(&api, &address(case), Key("notice-move-offered"))),
            Err(error) => refuse(&mut form, &visitor, error)?,
        }
    }
    shown(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Keeps the note that goes along.
pub(crate) async fn note(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    must_hold(&view)?;
    form.check_text("note", visitor.t("form-wrong-text"));
    if !form.holds() {
        return shown(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let kept = api.engine.write_move_note(&visitor.reader, case, form.value("note")).await;
    done_or_again(&api, &visitor, &view, form, kept, Key("notice-saved"))
}

/// Makes the package anew.
pub(crate) async fn pack(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    must_hold(&view)?;
    let made = api.engine.pack_move_anew(&visitor.reader, case).await;
    done_or_again(&api, &visitor, &view, form, made, Key("notice-move-packed"))
}

fn done_or_again(
    api: &Api,
    visitor: &Visitor,
    view: &MoveView,
    mut form: Form,
    outcome: Result<(), EngineError>,
    notice: Key,
) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => return Ok(done(api, &address(view.case), notice)),
        Err(error) => refuse(&mut form, visitor, error)?,
    }
    shown(api, visitor, view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Takes it all back.
pub(crate) async fn recall(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    // The button was pressed twice, or the other side was faster: what was meant is so.
    if view.open.is_some() || view.moved.is_some() || view.ended.is_empty() {
        api.engine.recall_move(&visitor.reader, case).await?;
    }
    Ok(done(&api, &address(case), Key("notice-move-recalled")))
}

#[derive(Template)]
#[template(path = "moving_transfer.html")]
struct TransferPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    to: String,
    accepted: Option<Text>,
    goes: Vec<String>,
    stays: Vec<String>,
    word: &'static str,
    form: Form,
}

/// The last page: what goes, to whom, and what ends here.
pub(crate) async fn transfer_form(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    must_hold(&view)?;
    visitor.must_be_fresh(&visitor.asked.here)?;
    last_page(&api, &visitor, &view, Form::new(), StatusCode::OK)
}

/// Carries the move out.
pub(crate) async fn transfer(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    must_hold(&view)?;
    visitor.must_be_fresh(&format!("{}/transfer", address(case)))?;
    // The button was pressed twice: what was meant is so.
    if view.moved.is_some() {
        return Ok(done(&api, &address(case), Key("notice-move-transferred")));
    }
    if form.value("word").to_uppercase() == WORD {
        match api.engine.transfer_move(&visitor.reader, case).await {
            Ok(()) => return Ok(done(&api, &address(case), Key("notice-move-transferred"))),
            Err(error) => refuse_last(&mut form, &visitor, error)?,
        }
    } else {
        form.refuse("word", visitor.t("moving-word-wrong").with("word", WORD));
    }
    last_page(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

fn address(case: CaseId) -> String {
    format!("/cases/{case}/move")
}

/// The leader sees how far it is; what is done is the stafettholder's.
pub(super) fn must_hold(view: &MoveView) -> Result<(), EngineError> {
    if view.part == MovePart::Holder { Ok(()) } else { Err(EngineError::NotAllowed) }
}

fn refuse(form: &mut Form, visitor: &Visitor, error: EngineError) -> Result<(), EngineError> {
    match error {
        EngineError::Invalid { field: "wished", .. } => {
            form.refuse("wished", visitor.t("moving-wished-wrong"));
        }
        EngineError::Invalid { .. } => form.refuse("note", visitor.t("baton-note-long")),
        error if error.is_damage() => form.refuse("note", visitor.t("moving-damaged")),
        EngineError::Conflict { reason } => form.refuse("note", visitor.t(conflict(reason))),
        other => return Err(other),
    }
    Ok(())
}

fn refuse_last(form: &mut Form, visitor: &Visitor, error: EngineError) -> Result<(), EngineError> {
    match error {
        EngineError::Conflict { reason } => form.refuse("word", visitor.t(conflict(reason))),
        other => return Err(other),
    }
    Ok(())
}

/// What the stafettholder can do about a conflict.
pub(super) fn conflict(reason: &str) -> Key {
    match reason {
        "an entry has two wordings: settle them first" => Key("moving-two-wordings"),
        "an entry lacks what its kind needs: write it first" => Key("moving-lacks"),
        "an entry is too long to go along: shorten it first" => Key("moving-too-long"),
        "nobody there could be asked: register the family first" => Key("moving-nobody"),
        "the case is too large for a package" => Key("moving-too-large"),
        "the package is no longer what may go" => Key("moving-changed-meanwhile"),
        _ => Key("moving-not-now"),
    }
}

/// The stages, with the words that they are sent and shown by.
pub(super) const STAGES: [(&str, Stage, Key); 6] = [
    ("expecting", Stage::Expecting, Key("stage-expecting")),
    ("before-school", Stage::BeforeSchool, Key("stage-before-school")),
    ("primary-school", Stage::PrimarySchool, Key("stage-primary-school")),
    ("lower-secondary", Stage::LowerSecondary, Key("stage-lower-secondary")),
    ("upper-secondary", Stage::UpperSecondary, Key("stage-upper-secondary")),
    ("parent", Stage::Parent, Key("stage-parent")),
];

/// A stage in words.
pub(super) fn stage_words(visitor: &Visitor, stage: Stage) -> String {
    let known = STAGES.iter().find(|(_, one, _)| *one == stage);
    known.map(|(_, _, key)| visitor.t(*key).to_string()).unwrap_or_default()
}

/// The names of services of a municipality.
pub(super) fn services_words<'a>(
    api: &Api,
    visitor: &Visitor,
    host: OrganisationNumber,
    services: impl IntoIterator<Item = &'a ServiceCode>,
) -> String {
    let language = visitor.asked.language();
    let names: Vec<_> =
        services.into_iter().map(|code| api.engine.service_at(host, code, language)).collect();
    listed(language, &names)
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    view: &MoveView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let is_holder = view.part == MovePart::Holder;
    let offer = offer_form(api, visitor, view).filter(|_| is_holder);
    let form = match &view.open {
        Some(open) if form.holds() => form.with("note", &open.note),
        None if offer.is_some() && form.holds() => begun(view, form),
        _ => form,
    };
    let is_moved_by_hand = view.by_hand.as_ref().is_some_and(|item| item.step == HandStep::Accepted);
    let shown = MovingPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("move-title")),
        case: view.case,
        is_holder,
        path: path(visitor, view),
        sentences: sentences(api, visitor, view),
        warnings: warnings(view, visitor),
        consents: view.consents.iter().map(|item| consent_row(api, visitor, item)).collect(),
        offer,
        open: view.open.as_ref().map(|open| open_part(api, visitor, open)),
        is_moved: view.moved.is_some() || is_moved_by_hand,
        goes_by_hand: view.by_hand.is_some() || view.consents.iter().any(|item| item.by_hand),
        ended: view.ended.iter().map(|one| ended(api, visitor, one)).collect(),
        form: form.with_id(),
    };
    page(status, &shown)
}

/// The consents under which the case may be offered to a node.
fn over_the_link(view: &MoveView) -> impl Iterator<Item = &MoveConsent> {
    view.consents.iter().filter(|item| item.may_offer && !item.by_hand)
}

/// With one consent to choose from it is chosen.
fn begun(view: &MoveView, form: Form) -> Form {
    let mut may: Vec<_> = over_the_link(view).collect();
    match (may.pop(), may.is_empty()) {
        (Some(only), true) => form.put("consent", only.consent.to_string()),
        _ => form,
    }
}

fn offer_form(api: &Api, visitor: &Visitor, view: &MoveView) -> Option<OfferForm> {
    let may: Vec<_> = over_the_link(view).collect();
    may.first()?;
    let named = |item: &&MoveConsent| {
        let services = services_words(api, visitor, item.to, &item.services);
        let words = visitor.t("consents-to-services").with("municipality", &item.to_name);
        (item.consent.to_string(), words.with("services", services).to_string())
    };
    let choose = (String::new(), visitor.t("moving-stage-choose").to_string());
    let stages = STAGES.iter().map(|(word, _, key)| ((*word).to_owned(), visitor.t(*key).to_string()));
    Some(OfferForm {
        consents: may.iter().map(named).collect(),
        stages: std::iter::once(choose).chain(stages).collect(),
    })
}

fn open_part(api: &Api, visitor: &Visitor, open: &OpenMove) -> OpenPart {
    let say = Say::new(&api.engine, visitor);
    OpenPart {
        is_accepted: open.step != MoveStep::Offered,
        may_transfer: open.may_transfer,
        to: open.to_name.clone(),
        goes: open.goes_along.iter().map(|item| entry_line(&say, item)).collect(),
        stays: open.stays.iter().map(|hidden| hidden_line(&say, hidden)).collect(),
    }
}

fn path(visitor: &Visitor, view: &MoveView) -> Vec<PathStep> {
    let may_offer = view.consents.iter().any(|item| item.may_offer);
    if view.by_hand.as_ref().is_some_and(|item| item.step != HandStep::TakenBack) {
        return Vec::new();
    }
    let now = match (&view.moved, view.open.as_ref().map(|open| open.step)) {
        (Some(_), _) => 7,
        (None, Some(MoveStep::Stored)) => 6,
        (None, Some(MoveStep::Accepted | MoveStep::Packed)) => 5,
        (None, Some(MoveStep::Offered)) => 4,
        (None, None) if may_offer => 3,
        (None, None) if !view.consents.is_empty() => 2,
        (None, None) => 1,
    };
    let steps = [
        Key("moving-step-1"),
        Key("moving-step-2"),
        Key("moving-step-3"),
        Key("moving-step-4"),
        Key("moving-step-5"),
        Key("moving-step-6"),
    ];
    let step = |(number, key): (usize, Key)| PathStep {
        words: visitor.t(key),
        is_done: number < now,
        is_now: number == now,
    };
    (1..).zip(steps).map(step).collect()
}

/// What the other side sees, who has the baton, and what can be undone.
fn sentences(api: &Api, visitor: &Visitor, view: &MoveView) -> Vec<Text> {
    let (zone, language) = (&api.engine.config().node.time_zone, visitor.asked.language());
    if let Some(item) = view.by_hand.as_ref().filter(|item| item.step == HandStep::Accepted) {
        return vec![hand::moved(visitor, item), visitor.t("moving-over").with("name", &item.to_name)];
    }
    if let Some(MovedItem { to_name, at, is_confirmed, late, .. }) = &view.moved {
        let moment = time::minute_of(*at, zone, language);
        let key = if *is_confirmed { Key("moving-confirmed") } else { Key("moving-sent") };
        let mut all = vec![visitor.t(key).with("name", to_name).with("moment", moment)];
        all.extend(
            late.iter().map(|(word, is_kept)| late_words(visitor, *word, *is_kept).with("name", to_name)),
        );
        all.push(visitor.t("moving-over").with("name", to_name));
        return all;
    }
    if let Some(item) = view.by_hand.as_ref().filter(|item| item.step == HandStep::Open) {
        return vec![visitor.t("moving-sees-file").with("name", &item.to_name)];
    }
    let Some(open) = &view.open else {
        return vec![visitor.t("moving-sees-none"), visitor.t("moving-what")];
    };
    let stage = open.stage.map(|stage| stage_words(visitor, stage)).unwrap_or_default();
    let day = open.wished.as_deref().map(time::day_of_text).unwrap_or_default();
    let services = services_words(api, visitor, open.to, &open.services);
    let sees = match open.step {
        MoveStep::Offered | MoveStep::Accepted => visitor.t("moving-sees-offer").with("stage", stage),
        MoveStep::Packed | MoveStep::Stored => visitor.t("moving-sees-package"),
    };
    let mut all = vec![sees.with("name", &open.to_name).with("day", day).with("services", services)];
    let until = time::minute_of(open.lapses_at, zone, language);
    all.extend(accepted(api, visitor, open));
    let next = match open.step {
        MoveStep::Offered => visitor.t("moving-waits-answer"),
        MoveStep::Accepted => visitor.t("moving-waits-package"),
        MoveStep::Packed => visitor.t("moving-waits-stored"),
        MoveStep::Stored => visitor.t("moving-waits-you"),
    };
    all.push(next.with("name", &open.to_name).with("moment", until));
    all.push(visitor.t("moving-yours"));
    all
}

fn accepted(api: &Api, visitor: &Visitor, open: &OpenMove) -> Option<Text> {
    let service = open.service.as_ref()?;
    let service = services_words(api, visitor, open.to, [service]);
    let by = match &open.accepted_by {
        Some(name) => visitor.t("moving-accepted-by").with("holder", name),
        None => visitor.t("moving-accepted").with("name", &open.to_name),
    };
    Some(by.with("service", service))
}

fn late_words(visitor: &Visitor, word: LateWord, is_kept: bool) -> Text {
    visitor.t(match (word, is_kept) {
        (LateWord::ConsentTakenBack, true) => Key("moving-late-consent-kept"),
        (LateWord::ConsentTakenBack, false) => Key("moving-late-consent"),
        (LateWord::AddressProtected, true) => Key("moving-late-address-kept"),
        (LateWord::AddressProtected, false) => Key("moving-late-address"),
    })
}

fn warnings(view: &MoveView, visitor: &Visitor) -> Vec<Text> {
    let Some(open) = &view.open else { return Vec::new() };
    let mut all = Vec::new();
    if open.changed > 0 {
        all.push(visitor.t("moving-changed").with("count", open.changed));
    } else if open.is_outdated {
        all.push(visitor.t("moving-outdated"));
    }
    all
}

fn consent_row(api: &Api, visitor: &Visitor, item: &MoveConsent) -> ConsentRow {
    let until = time::day_of(
        stafett_protocol::time::UnixMillis(item.until.0.saturating_sub(1)),
        &api.engine.config().node.time_zone,
    );
    let key = match item.status.as_str() {
        "valid" | "expiring" => Key("moving-consent-given"),
        "refused" => Key("moving-consent-refused"),
        _ => Key("moving-consent-waits"),
    };
    let words = visitor.t(key).with("name", &item.to_name).with("day", until);
    ConsentRow { consent: item.consent, words }
}

/// Why a move came to nothing, in words that name nothing but the move.
fn ended(api: &Api, visitor: &Visitor, one: &EndedMove) -> Text {
    let key = match one.cause {
        None if one.reason.is_some() => Key("moving-declined-because"),
        None => Key("moving-declined"),
        Some(EndCause::Recalled) => Key("moving-was-recalled"),
        Some(EndCause::Lapsed) => Key("moving-lapsed"),
        Some(EndCause::NotCarriedOut) => Key("moving-not-carried-out"),
        Some(EndCause::ConsentOver) => Key("moving-consent-over"),
        Some(EndCause::Blocked) => Key("moving-blocked"),
        Some(EndCause::AgreementOver) => Key("moving-agreement-over"),
        Some(EndCause::Restored) => Key("moving-restored"),
    };
    let day = time::day_of(one.offered_at, &api.engine.config().node.time_zone);
    let words = visitor.t(key).with("name", &one.to_name).with("day", day);
    words.with("reason", one.reason.clone().unwrap_or_default())
}

fn last_page(
    api: &Api,
    visitor: &Visitor,
    view: &MoveView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let open = view.open.as_ref().filter(|open| open.may_transfer || !form.holds());
    let open = open.ok_or(EngineError::Conflict { reason: "the move is not at that point" })?;
    let part = open_part(api, visitor, open);
    let shown = TransferPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("moving-transfer-title")),
        case: view.case,
        to: part.to,
        accepted: accepted(api, visitor, open),
        goes: part.goes,
        stays: part.stays,
        word: WORD,
        form,
    };
    page(status, &shown)
}
