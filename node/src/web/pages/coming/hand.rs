//! A package for the hand that came here: the coordinator asks somebody or says no, and whoever is asked opens
//! it with the code word and takes the case over.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::HandArrivalId;
use stafett_protocol::person::Role;

use super::{PATH, Row, choices, name_of};
use crate::engine::EngineError;
use crate::engine::answer::{HandArrivalItem, HandArrivalStep};
use crate::web::Api;
use crate::web::body::In;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::time;

#[derive(Template)]
#[template(path = "coming_hand.html")]
struct OnePage<'a> {
    frame: Frame<'a>,
    address: String,
    sentences: Vec<Text>,
    warning: Option<Text>,
    /// Whom the coordinator may ask, beside nobody.
    may_take: Vec<(String, String)>,
    may_ask: bool,
    may_open: bool,
    may_say_no: bool,
    case: Option<String>,
    form: Form,
}

/// Shows one.
pub(crate) async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    In(arrival): In<HandArrivalId>,
) -> Result<Response, PageError> {
    let one = api.engine.hand_arrival(&visitor.reader, arrival).await?;
    shown(&api, &visitor, &one, Form::new(), StatusCode::OK)
}

/// Asks an employee whether she opens it.
pub(crate) async fn ask(
    State(api): State<Api>,
    visitor: Visitor,
    In(arrival): In<HandArrivalId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let one = api.engine.hand_arrival(&visitor.reader, arrival).await?;
    if visitor.reader.role != Role::BtiCoordinator {
        return Err(EngineError::NotFound.into());
    }
    match form.value("account").parse() {
        Ok(account) => match api.engine.ask_to_open(&visitor.reader, arrival, account).await {
            Ok(()) => return Ok(done(&api, &address(arrival), Key("notice-coming-asked"))),
            Err(EngineError::Invalid { .. }) => form.refuse("account", visitor.t("coming-to-missing")),
            Err(other) => return Err(other.into()),
        },
        Err(_) => form.refuse("account", visitor.t("coming-to-missing")),
    }
    shown(&api, &visitor, &one, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Says no for the municipality.
pub(crate) async fn decline(
    State(api): State<Api>,
    visitor: Visitor,
    In(arrival): In<HandArrivalId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.decline_by_hand(&visitor.reader, arrival).await?;
    Ok(done(&api, PATH, Key("notice-coming-hand-declined")))
}

/// Says no to the coordinator.
pub(crate) async fn cannot(
    State(api): State<Api>,
    visitor: Visitor,
    In(arrival): In<HandArrivalId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.cannot_open(&visitor.reader, arrival).await?;
    Ok(done(&api, "/cases", Key("notice-coming-no")))
}

/// Opens it: the visitor is stafettholder of the case from here on.
pub(crate) async fn open(
    State(api): State<Api>,
    visitor: Visitor,
    In(arrival): In<HandArrivalId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let one = api.engine.hand_arrival(&visitor.reader, arrival).await?;
    visitor.must_be_fresh(&address(arrival))?;
    match api.engine.open_by_hand(&visitor.reader, arrival, form.value("code-word")).await {
        Ok(opened) => {
            return Ok(done(&api, &format!("/cases/{}", opened.case), Key("notice-coming-hand-opened")));
        }
        Err(EngineError::Invalid { .. }) => form.refuse("code-word", visitor.t("coming-hand-word-wrong")),
        Err(EngineError::Conflict { reason }) => form.refuse("code-word", visitor.t(conflict(reason))),
        Err(other) => return Err(other.into()),
    }
    let one = api.engine.hand_arrival(&visitor.reader, one.arrival).await?;
    shown(&api, &visitor, &one, form, StatusCode::UNPROCESSABLE_ENTITY)
}

fn conflict(reason: &str) -> Key {
    match reason {
        "nobody here knows who signed the package" => Key("coming-hand-key-unknown"),
        "the package is for another municipality" => Key("coming-hand-not-ours"),
        "the package was opened before" => Key("coming-hand-again"),
        "the package cannot be read" => Key("coming-hand-unreadable"),
        _ => Key("coming-hand-not-now"),
    }
}

fn address(arrival: HandArrivalId) -> String {
    format!("{PATH}/hand/{arrival}")
}

pub(super) fn row(api: &Api, visitor: &Visitor, one: &HandArrivalItem) -> Row {
    let asked = (one.waits() && !one.is_yours).then(|| asked(visitor, one));
    let day = time::day_of(one.came_at, &api.engine.config().node.time_zone);
    let which = visitor.t("coming-hand-which").with("day", day);
    Row { address: address(one.arrival), which, sentence: sentence(api, visitor, one), asked }
}

fn asked(visitor: &Visitor, one: &HandArrivalItem) -> Text {
    match &one.asked {
        Some(who) => visitor.t("coming-asked").with("who", name_of(who)),
        None => visitor.t("coming-nobody-asked"),
    }
}

fn sentence(api: &Api, visitor: &Visitor, one: &HandArrivalItem) -> Text {
    let zone = &api.engine.config().node.time_zone;
    let who = one.asked.as_ref().map(name_of).unwrap_or_default();
    let name = one.from_name.clone().unwrap_or_default();
    match (one.step, one.is_yours) {
        (HandArrivalStep::Waiting | HandArrivalStep::Locked, _) => {
            visitor.t("coming-hand").with("until", time::day_of(one.lapses_at, zone))
        }
        (HandArrivalStep::Here, true) => visitor.t("coming-here-you").with("name", name),
        (HandArrivalStep::Here, false) => visitor.t("coming-here").with("name", name).with("who", who),
        (HandArrivalStep::Declined, _) => visitor.t("coming-hand-declined"),
        (HandArrivalStep::Lapsed, _) => visitor.t("coming-hand-lapsed"),
    }
    .with("day", time::day_of(one.came_at, zone))
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    one: &HandArrivalItem,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let mut sentences = vec![sentence(api, visitor, one)];
    let coordinates = visitor.reader.role == Role::BtiCoordinator;
    if one.waits() {
        sentences.push(visitor.t("coming-hand-nobody-knows"));
        if coordinates {
            sentences.push(asked(visitor, one));
        }
    }
    let locked = one.step == HandArrivalStep::Locked;
    let locked_words = if coordinates { Key("coming-hand-locked") } else { Key("coming-hand-locked-you") };
    let shown = OnePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("coming-title")),
        address: address(one.arrival),
        sentences,
        warning: locked.then(|| visitor.t(locked_words)),
        may_take: choices(visitor, &one.may_take),
        may_ask: one.waits() && coordinates,
        may_open: one.step == HandArrivalStep::Waiting && one.is_yours,
        may_say_no: one.waits() && one.is_yours,
        case: one.case.map(|case| format!("/cases/{case}")),
        form,
    };
    page(status, &shown)
}
