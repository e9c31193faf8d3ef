//! A case that goes to a municipality without a node, for its stafettholder: she makes a package, fetches the
//! file, tells the code word another way, and registers the other municipality's letter.

pub(crate) mod paper;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use stafett_protocol::id::CaseId;

use super::moving::{conflict, must_hold};
use super::{Frame, PageError, done, page};
use crate::engine::answer::{HandItem, HandStep, MadePackage, MoveConsent, MovePart, MoveView};
use crate::engine::request::{MakePackage, RegisterAcceptance};
use crate::engine::{Engine, EngineError};
use crate::package::file;
use crate::store::StoredPackage;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::time;

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "hand.html")]
struct HandPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_holder: bool,
    sentences: Vec<Text>,
    warning: Option<Text>,
    /// Under which consents a package may be made.
    consents: Choices,
    is_open: bool,
    may_go: bool,
    to: String,
    form: Form,
}

#[derive(Template)]
#[template(path = "hand_made.html")]
struct MadePage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    to: String,
    code_word: String,
}

/// Shows the package that stands, or the form that makes one.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    shown(&api, &visitor, &view, Form::new(), StatusCode::OK)
}

/// Makes the package, and shows the code word this one time.
pub(crate) async fn make(
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
    form.check_text("note", visitor.t("form-wrong-text"));
    if let Some(consent) = consent.filter(|_| form.holds()) {
        let request = MakePackage { consent, note: form.value("note").to_owned() };
        let language = visitor.asked.language();
        let paper = |document: &_| paper::write(&api.engine, language, document);
        match api.engine.make_package(&visitor.reader, case, request, form.press(), paper).await {
            Ok(MadePackage { to_name: to, code_word, .. }) => {
                let frame = Frame::new(&api, &visitor.asked, visitor.t("hand-title"));
                return page(StatusCode::OK, &MadePage { frame, case, to, code_word });
            }
            Err(EngineError::Conflict { reason: "the code word was told once" }) => {
                return Ok(done(&api, &address(case), Key("notice-code-word-told")));
            }
            Err(EngineError::Conflict { reason }) => form.refuse("note", visitor.t(conflict(reason))),
            Err(EngineError::Invalid { .. }) => form.refuse("note", visitor.t("baton-note-long")),
            Err(error) if error.is_damage() => form.refuse("note", visitor.t("moving-damaged")),
            Err(other) => return Err(other.into()),
        }
    }
    shown(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Answers with the file: a page that opens with the code word, and with nothing else.
pub(crate) async fn fetch(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&address(case))?;
    let stored = api.engine.package_file(&visitor.reader, case).await?;
    Ok(attachment(&api.engine, &stored)?)
}

/// The file of a package, to be kept and not to be shown.
pub(crate) fn attachment(engine: &Engine, stored: &StoredPackage) -> Result<Response, ApiError> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "the file of a package could not be written");
        ApiError::Internal
    };
    let text = file::page_of(engine.config(), stored).map_err(|error| failed(&error))?;
    let name = format!("attachment; filename=\"{}\"", file::name_of(stored));
    let name = HeaderValue::try_from(name).map_err(|error| failed(&error))?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// Takes the package back.
pub(crate) async fn take_back(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    // The button was pressed twice, or the gate was faster: what was meant is so.
    if !view.by_hand.is_some_and(|item| item.step == HandStep::TakenBack) {
        api.engine.take_package_back(&visitor.reader, case).await?;
    }
    Ok(done(&api, &address(case), Key("notice-package-taken-back")))
}

/// Registers that the other municipality has taken the case over.
pub(crate) async fn accept(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.move_of_case(&visitor.reader, case).await?;
    must_hold(&view)?;
    visitor.must_be_fresh(&address(case))?;
    if view.by_hand.as_ref().is_some_and(|item| item.step == HandStep::Accepted) {
        return Ok(done(&api, &address(case), Key("notice-move-transferred")));
    }
    form.require("archive", visitor.t("hand-archive-missing"));
    form.require("on", visitor.t("hand-on-wrong"));
    if form.holds() {
        let (archive, on) = (form.value("archive").to_owned(), form.value("on").to_owned());
        let request = RegisterAcceptance { archive, on };
        match api.engine.register_acceptance(&visitor.reader, case, request).await {
            Ok(()) => return Ok(done(&api, &address(case), Key("notice-move-transferred"))),
            Err(EngineError::Invalid { field: "on", .. }) => form.refuse("on", visitor.t("hand-on-wrong")),
            Err(EngineError::Invalid { .. }) => form.refuse("archive", visitor.t("hand-archive-missing")),
            Err(EngineError::Conflict { .. }) => form.refuse("archive", visitor.t("moving-not-now")),
            Err(other) => return Err(other.into()),
        }
    }
    shown(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

fn address(case: CaseId) -> String {
    format!("/cases/{case}/move/hand")
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    view: &MoveView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let may: Vec<_> = view.consents.iter().filter(|item| item.by_hand && item.may_offer).collect();
    let form = match (&may[..], form.is_touched("consent")) {
        ([only], false) => form.put("consent", only.consent.to_string()),
        _ => form,
    };
    let named = |item: &&MoveConsent| (item.consent.to_string(), item.to_name.clone());
    let open = view.by_hand.as_ref().filter(|item| item.step == HandStep::Open);
    let is_stopped = open.is_some_and(|item| !item.may_go);
    let shown = HandPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("hand-title")),
        case: view.case,
        is_holder: view.part == MovePart::Holder,
        sentences: sentences(api, visitor, view),
        warning: is_stopped.then(|| visitor.t("hand-stopped")),
        consents: may.iter().map(named).collect(),
        is_open: open.is_some(),
        may_go: open.is_some_and(|item| item.may_go),
        to: open.map(|item| item.to_name.clone()).unwrap_or_default(),
        form: form.with_id(),
    };
    page(status, &shown)
}

fn sentences(api: &Api, visitor: &Visitor, view: &MoveView) -> Vec<Text> {
    let zone = &api.engine.config().node.time_zone;
    let can = view.consents.iter().any(|item| item.by_hand && item.may_offer);
    let next = || visitor.t(if can { Key("hand-what") } else { Key("hand-no-consent") });
    let Some(item) = &view.by_hand else { return vec![next()] };
    let day = time::day_of(item.ended_at.unwrap_or(item.made_at), zone);
    match item.step {
        HandStep::Accepted => {
            vec![moved(visitor, item), visitor.t("moving-over").with("name", &item.to_name)]
        }
        HandStep::TakenBack => {
            vec![visitor.t("hand-taken-back").with("name", &item.to_name).with("day", day), next()]
        }
        HandStep::Open => {
            let made = visitor.t("hand-made").with("name", &item.to_name).with("count", item.entries);
            vec![made.with("day", day), visitor.t("moving-yours")]
        }
    }
}

/// That the case is another municipality's, since when, and where its letter is.
pub(super) fn moved(visitor: &Visitor, item: &HandItem) -> Text {
    let words = match (&item.on, &item.archive) {
        (Some(on), Some(archive)) => {
            visitor.t("hand-moved").with("day", time::day_of_text(on)).with("archive", archive)
        }
        _ => visitor.t("hand-moved-restored"),
    };
    words.with("name", &item.to_name)
}
