//! Cases of other municipalities that may come here: the coordinator asks somebody or says no, and whoever is
//! asked says yes or no. Nothing on these pages says whom it is about.

pub(crate) mod hand;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::SuccessionId;
use stafett_protocol::person::Role;
use stafett_protocol::succession::leaving::LateWord;
use stafett_protocol::time::UnixMillis;

use super::moving::{services_words, stage_words};
use super::{Frame, PageError, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{ColleagueItem, ComingMove, ComingStep};
use crate::web::Api;
use crate::web::body::In;
use crate::web::form::{Form, Posted};
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::time;

/// Where they are listed.
const PATH: &str = "/moves";

#[derive(Template)]
#[template(path = "coming.html")]
struct ListPage<'a> {
    frame: Frame<'a>,
    waiting: Vec<Row>,
    over: Vec<Row>,
}

struct Row {
    address: String,
    /// Which, for whoever hears links alone.
    which: Text,
    sentence: Text,
    asked: Option<Text>,
}

#[derive(Template)]
#[template(path = "coming_one.html")]
struct OnePage<'a> {
    frame: Frame<'a>,
    id: SuccessionId,
    sentences: Vec<Text>,
    from: String,
    /// Whom the coordinator may ask, beside nobody.
    may_take: Vec<(String, String)>,
    may_ask: bool,
    may_answer: bool,
    case: Option<String>,
    form: Form,
}

/// Lists what came here.
pub(crate) async fn list(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    let moves = api.engine.coming_moves(&visitor.reader).await?;
    let files = api.engine.hand_arrivals(&visitor.reader).await?;
    let moves = moves.iter().map(|one| (one.waits(), one.came_at, row(&api, &visitor, one)));
    let files = files.iter().map(|one| (one.waits(), one.came_at, hand::row(&api, &visitor, one)));
    let mut all: Vec<_> = moves.chain(files).collect();
    all.sort_by_key(|(_, came_at, _)| std::cmp::Reverse(*came_at));
    let (waiting, over): (Vec<_>, Vec<_>) = all.into_iter().partition(|(waits, ..)| *waits);
    let rows = |all: Vec<(bool, UnixMillis, Row)>| all.into_iter().map(|(.., row)| row).collect();
    let frame = Frame::new(&api, &visitor.asked, visitor.t("coming-title"));
    page(StatusCode::OK, &ListPage { frame, waiting: rows(waiting), over: rows(over) })
}

/// Shows one.
pub(crate) async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    In(succession): In<SuccessionId>,
) -> Result<Response, PageError> {
    let one = api.engine.coming_move(&visitor.reader, succession).await?;
    shown(&api, &visitor, &one, Form::new(), StatusCode::OK)
}

/// Asks an employee whether she takes the case.
pub(crate) async fn ask(
    State(api): State<Api>,
    visitor: Visitor,
    In(succession): In<SuccessionId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let one = coordinated(&api, &visitor, succession).await?;
    match form.value("account").parse() {
        Ok(account) => match api.engine.ask_to_take(&visitor.reader, succession, account).await {
            Ok(()) => return Ok(done(&api, &address(succession), Key("notice-coming-asked"))),
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
    In(succession): In<SuccessionId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let one = coordinated(&api, &visitor, succession).await?;
    let text = form.value("reason");
    let reason = if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
    if let Ok(reason) = reason {
        api.engine.decline_move(&visitor.reader, succession, reason).await?;
        return Ok(done(&api, PATH, Key("notice-coming-declined")));
    }
    form.refuse("reason", visitor.t("coming-reason-wrong"));
    shown(&api, &visitor, &one, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Says yes: the visitor becomes stafettholder when the case has come.
pub(crate) async fn accept(
    State(api): State<Api>,
    visitor: Visitor,
    In(succession): In<SuccessionId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    let one = api.engine.coming_move(&visitor.reader, succession).await?;
    visitor.must_be_fresh(&address(succession))?;
    // The button was pressed twice: what was meant is so.
    if !(one.is_yours && one.step == ComingStep::Accepted) {
        api.engine.accept_move(&visitor.reader, succession).await?;
    }
    Ok(done(&api, &address(succession), Key("notice-coming-accepted")))
}

/// Says no to the coordinator.
pub(crate) async fn cannot(
    State(api): State<Api>,
    visitor: Visitor,
    In(succession): In<SuccessionId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.cannot_take_move(&visitor.reader, succession).await?;
    Ok(done(&api, "/cases", Key("notice-coming-no")))
}

fn address(succession: SuccessionId) -> String {
    format!("{PATH}/{succession}")
}

/// A move that the coordinator may answer for.
async fn coordinated(
    api: &Api,
    visitor: &Visitor,
    succession: SuccessionId,
) -> Result<ComingMove, EngineError> {
    if visitor.reader.role != Role::BtiCoordinator {
        return Err(EngineError::NotFound);
    }
    api.engine.coming_move(&visitor.reader, succession).await
}

fn row(api: &Api, visitor: &Visitor, one: &ComingMove) -> Row {
    let asked = (one.step == ComingStep::Offered && !one.is_yours).then(|| asked(visitor, one));
    let which = visitor.t("coming-read-from").with("name", &one.from_name);
    Row { address: address(one.succession), which, sentence: sentence(api, visitor, one), asked }
}

fn asked(visitor: &Visitor, one: &ComingMove) -> Text {
    match &one.asked {
        Some(who) => visitor.t("coming-asked").with("who", name_of(who)),
        None => visitor.t("coming-nobody-asked"),
    }
}

/// How far a move is, for whoever may know.
fn sentence(api: &Api, visitor: &Visitor, one: &ComingMove) -> Text {
    let (zone, language) = (&api.engine.config().node.time_zone, visitor.asked.language());
    let who = one.asked.as_ref().map(name_of).unwrap_or_default();
    let words = match (one.step, one.is_yours) {
        (ComingStep::Offered, _) => visitor
            .t("coming-offer")
            .with("stage", one.stage.map(|stage| stage_words(visitor, stage)).unwrap_or_default())
            .with("day", one.wished.as_deref().map(time::day_of_text).unwrap_or_default())
            .with("moment", one.lapses_at.map(|at| time::minute_of(at, zone, language)).unwrap_or_default()),
        (ComingStep::Accepted, true) => visitor.t("coming-in-doubt-you"),
        (ComingStep::Accepted, false) => visitor.t("coming-in-doubt").with("who", who),
        (ComingStep::Here, true) => visitor.t("coming-here-you"),
        (ComingStep::Here, false) => visitor.t("coming-here").with("who", who),
        (ComingStep::Declined, _) => visitor.t("coming-declined"),
        (ComingStep::Ended, _) => visitor.t("coming-ended"),
        (ComingStep::Asking, _) => visitor.t("coming-asking"),
    };
    words.with("name", &one.from_name)
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    one: &ComingMove,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let mut sentences = vec![sentence(api, visitor, one)];
    let is_open = one.step == ComingStep::Offered;
    let may_ask = is_open && visitor.reader.role == Role::BtiCoordinator;
    if is_open {
        let services = services_words(api, visitor, api.engine.organisation(), &one.services);
        sentences.push(visitor.t("coming-services").with("services", services));
        let after = if one.is_yours { Key("coming-after") } else { Key("coming-after-all") };
        sentences.push(visitor.t(after).with("name", &one.from_name));
        if may_ask {
            sentences.push(asked(visitor, one));
        }
    }
    sentences.extend(one.late.iter().map(|word| late_words(visitor, *word, &one.from_name)));
    let shown = OnePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("coming-title")),
        id: one.succession,
        sentences,
        from: one.from_name.clone(),
        may_take: choices(visitor, &one.may_take),
        may_ask,
        may_answer: is_open && one.is_yours,
        case: one.case.map(|case| format!("/cases/{case}")),
        form,
    };
    page(status, &shown)
}

/// People to choose from, nobody first; empty if there is nobody.
fn choices(visitor: &Visitor, may_take: &[ColleagueItem]) -> Vec<(String, String)> {
    let choose = (!may_take.is_empty()).then(|| (String::new(), visitor.t("coming-to-choose").to_string()));
    let person = |who: &ColleagueItem| (who.account.to_string(), name_of(who));
    choose.into_iter().chain(may_take.iter().map(person)).collect()
}

/// What the old owner has said since it carried the case over.
pub(super) fn late_words(visitor: &Visitor, word: LateWord, from: &str) -> Text {
    let key = match word {
        LateWord::ConsentTakenBack => Key("coming-late-consent"),
        LateWord::AddressProtected => Key("coming-late-address"),
    };
    visitor.t(key).with("name", from)
}

fn name_of(who: &ColleagueItem) -> String {
    who.name.clone().unwrap_or_else(|| who.account.to_string())
}
