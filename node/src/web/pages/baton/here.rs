//! The baton of another municipality's case, for the service here to which it is offered: its leader asks
//! somebody who works with the case, who takes it or not. Nothing on this page says whom the case is about.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::BatonOfferId;
use stafett_protocol::municipality::Service;
use stafett_protocol::person::Role;

use crate::engine::EngineError;
use crate::engine::answer::{BatonHere, BatonStep, ColleagueItem};
use crate::web::Api;
use crate::web::body::In;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::{Namer, time};

#[derive(Template)]
#[template(path = "baton_here.html")]
struct HerePage<'a> {
    frame: Frame<'a>,
    id: BatonOfferId,
    sentences: Vec<Text>,
    /// Whom the leader may ask, beside nobody.
    may_ask: Vec<(String, String)>,
    asks: bool,
    answers: bool,
    /// What giving it back means, for whoever may.
    gives_back: Option<(Text, Text)>,
    case: Option<String>,
    form: Form,
}

/// One of a list.
pub(super) struct Row {
    pub(super) id: BatonOfferId,
    pub(super) owner: String,
    pub(super) sentence: Text,
    pub(super) until: Option<Text>,
}

/// The batons of other municipalities' cases that the visitor may know of.
pub(super) async fn rows(api: &Api, visitor: &Visitor) -> Result<Vec<Row>, PageError> {
    let row = |one: BatonHere| Row {
        id: one.offer,
        sentence: sentence(api, visitor, &one),
        until: until(api, visitor, &one),
        owner: one.owner_name,
    };
    Ok(api.engine.batons_here(&visitor.reader).await?.into_iter().map(row).collect())
}

/// Shows one.
pub(crate) async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    In(offer): In<BatonOfferId>,
) -> Result<Response, PageError> {
    let one = api.engine.baton_here(&visitor.reader, offer).await?;
    shown(&api, &visitor, &one, Form::new(), StatusCode::OK)
}

/// Asks somebody who works with the case.
pub(crate) async fn ask(
    State(api): State<Api>,
    visitor: Visitor,
    In(offer): In<BatonOfferId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let one = api.engine.baton_here(&visitor.reader, offer).await?;
    if !leads(&visitor) {
        return Err(EngineError::NotFound.into());
    }
    match form.value("account").parse() {
        Ok(account) => match api.engine.ask_to_hold(&visitor.reader, offer, account).await {
            Ok(()) => return Ok(done(&api, &address(offer), Key("notice-baton-asked"))),
            Err(EngineError::Invalid { .. }) => form.refuse("account", visitor.t("baton-here-to-missing")),
            Err(other) => return Err(other.into()),
        },
        Err(_) => form.refuse("account", visitor.t("baton-here-to-missing")),
    }
    shown(&api, &visitor, &one, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Takes the baton: the visitor is stafettholder once the owner has said so.
pub(crate) async fn accept(
    State(api): State<Api>,
    visitor: Visitor,
    In(offer): In<BatonOfferId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.accept_baton_here(&visitor.reader, offer).await?;
    Ok(done(&api, &address(offer), Key("notice-baton-taken")))
}

/// Says no to the leader.
pub(crate) async fn no(
    State(api): State<Api>,
    visitor: Visitor,
    In(offer): In<BatonOfferId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.cannot_hold(&visitor.reader, offer).await?;
    Ok(done(&api, "/baton", Key("notice-baton-not-taken")))
}

/// Says that the service does not take it, or gives it back.
pub(crate) async fn give_back(
    State(api): State<Api>,
    visitor: Visitor,
    In(offer): In<BatonOfferId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.give_baton_back(&visitor.reader, offer).await?;
    Ok(done(&api, "/baton", Key("notice-baton-given-back")))
}

fn address(offer: BatonOfferId) -> String {
    format!("/baton/{offer}")
}

fn leads(visitor: &Visitor) -> bool {
    visitor.reader.role == Role::ServiceLeader
}

/// How far it is, for whoever may know.
fn sentence(api: &Api, visitor: &Visitor, one: &BatonHere) -> Text {
    let (zone, language) = (&api.engine.config().node.time_zone, visitor.asked.language());
    let service = Service { host: api.engine.organisation(), code: one.service.clone() };
    let words = match (one.step, one.is_yours) {
        (BatonStep::Offered, true) => visitor.t("baton-here-asked-you"),
        (BatonStep::Offered, false) => visitor.t("baton-here-offered"),
        (BatonStep::Lapsed, _) => visitor.t("baton-here-lapsed"),
        (BatonStep::Taken, true) => visitor.t("baton-here-taken-you"),
        (BatonStep::Taken, false) => visitor.t("baton-here-taken"),
        (BatonStep::Held, true) => visitor.t("baton-here-held-you"),
        (BatonStep::Held, false) => visitor.t("baton-here-held"),
        (BatonStep::GivenBack, _) => visitor.t("baton-here-back"),
    };
    words
        .with("name", &one.owner_name)
        .with("service", api.engine.service(&service, language))
        .with("who", one.who.as_ref().map(name_of).unwrap_or_default())
        .with("moment", one.confirmed_at.map(|at| time::minute_of(at, zone, language)).unwrap_or_default())
}

fn until(api: &Api, visitor: &Visitor, one: &BatonHere) -> Option<Text> {
    let (zone, language) = (&api.engine.config().node.time_zone, visitor.asked.language());
    let moment = time::minute_of(one.lapses_at?, zone, language);
    Some(visitor.t("baton-offers-until").with("moment", moment))
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    one: &BatonHere,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let is_open = one.step == BatonStep::Offered;
    let asks = is_open && leads(visitor);
    let answers = is_open && one.is_yours;
    let mut sentences = vec![sentence(api, visitor, one)];
    sentences.extend(until(api, visitor, one));
    if asks {
        sentences.push(match &one.who {
            Some(who) => visitor.t("baton-here-who").with("who", name_of(who)),
            None => visitor.t("baton-here-nobody"),
        });
    }
    if is_open || (one.is_yours && one.step == BatonStep::Held) {
        sentences.push(visitor.t("baton-here-means").with("name", &one.owner_name));
        sentences.push(visitor.t("baton-here-keeps").with("name", &one.owner_name));
    }
    let may_give_back = matches!(one.step, BatonStep::Taken | BatonStep::Held) || (is_open && leads(visitor));
    let gives_back = may_give_back.then(|| {
        if is_open {
            let means = visitor.t("baton-here-decline-means").with("name", &one.owner_name);
            (means, visitor.t("baton-here-decline"))
        } else {
            let means = visitor.t("baton-here-return-means").with("name", &one.owner_name);
            (means, visitor.t("baton-here-return"))
        }
    });
    let choose = (String::new(), visitor.t("baton-choose").to_string());
    let person = |who: &ColleagueItem| (who.account.to_string(), name_of(who));
    let shown = HerePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("baton-title")),
        id: one.offer,
        sentences,
        may_ask: if one.may_ask.is_empty() {
            Vec::new()
        } else {
            std::iter::once(choose).chain(one.may_ask.iter().map(person)).collect()
        },
        asks,
        answers,
        gives_back,
        case: one.is_yours.then(|| format!("/cases/{}", one.case)),
        form,
    };
    page(status, &shown)
}

fn name_of(who: &ColleagueItem) -> String {
    who.name.clone().unwrap_or_else(|| who.account.to_string())
}
