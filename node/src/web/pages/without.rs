//! A family that moves and does not let its case go along: who said no, what stays, what services do in
//! their own systems, and the way to the closing.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::consent::Channel;
use stafett_protocol::id::{CaseId, PersonId};

use super::{Frame, PageError, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{MoveRefusedItem, MoveWithout, PartyItem, ReminderItem};
use crate::engine::request::RefuseMove;
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{listed, time};

#[derive(Template)]
#[template(path = "without.html")]
struct WithoutPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_closed: bool,
    refused: Option<Text>,
    people: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    reminders: Vec<Reminder>,
    as_of: String,
    form: Form,
}

struct Reminder {
    who: String,
    what: String,
    basis: Option<String>,
}

/// Shows the page.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.move_without(&visitor.reader, case).await?;
    let today = api.engine.today().to_string();
    shown(&api, &visitor, &view, Form::new().put("on", &today), StatusCode::OK)
}

/// Writes the no down.
pub(crate) async fn refuse(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let said_by: Result<BTreeSet<PersonId>, _> = form.values("said_by").map(str::parse).collect();
    let channel = match form.value("channel") {
        "written" => Some(Channel::Written),
        "oral" => Some(Channel::Oral),
        _ => None,
    };
    match said_by {
        Ok(said_by) => {
            let request = RefuseMove { said_by, channel, on: form.value("on").to_owned() };
            match api.engine.refuse_move(&visitor.reader, case, request).await {
                Ok(()) => return Ok(done(&api, &address(case), Key("notice-move-refused"))),
                Err(EngineError::Invalid { field, .. }) => {
                    let (field, key) = match field {
                        "on" => ("on", Key("without-wrong-day")),
                        "said_by" => ("said_by", Key("without-wrong-persons")),
                        _ => ("channel", Key("without-wrong-channel")),
                    };
                    form.refuse(field, visitor.t(key));
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(_) => form.refuse("said_by", visitor.t("without-wrong-persons")),
    }
    let view = api.engine.move_without(&visitor.reader, case).await?;
    shown(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

fn address(case: CaseId) -> String {
    format!("/cases/{case}/move/without")
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    view: &MoveWithout,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let language = visitor.asked.language();
    let choice = |party: &PartyItem| (party.person.to_string(), name_of(visitor, party));
    let channel = |value: &str, key| (value.to_owned(), visitor.t(key).to_string());
    let reminder = |item: &ReminderItem| Reminder {
        who: in_language(language, &item.who, item.who_nn.as_deref()),
        what: in_language(language, &item.what, item.what_nn.as_deref()),
        basis: item.basis.clone(),
    };
    // The list is as old as its oldest line.
    let as_of = view.reminders.iter().map(|item| item.as_of.as_str()).min().unwrap_or_default();
    let shown = WithoutPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("without-title")),
        case: view.case,
        is_closed: view.is_closed,
        refused: view.refused.as_ref().map(|refused| told(visitor, view, refused)),
        people: view.parties.iter().map(choice).collect(),
        channels: vec![
            channel("oral", Key("without-oral")),
            channel("written", Key("without-written")),
            channel("", Key("without-not-asked")),
        ],
        reminders: view.reminders.iter().map(reminder).collect(),
        as_of: time::day_of_text(as_of),
        form,
    };
    page(status, &shown)
}

/// What is written down already.
fn told(visitor: &Visitor, view: &MoveWithout, refused: &MoveRefusedItem) -> Text {
    let day = time::day_of_text(&refused.on);
    let said = view.parties.iter().filter(|party| refused.said_by.contains(&party.person));
    let names: Vec<_> = said.map(|party| name_of(visitor, party)).collect();
    if refused.said_by.is_empty() {
        return visitor.t("without-told-nobody").with("day", day);
    }
    visitor.t("without-told").with("names", listed(visitor.asked.language(), &names)).with("day", day)
}

fn name_of(visitor: &Visitor, party: &PartyItem) -> String {
    party.name.clone().unwrap_or_else(|| visitor.t("cases-unnamed").to_string())
}

fn in_language(language: Language, nb: &str, nn: Option<&str>) -> String {
    match language {
        Language::Nb => nb.to_owned(),
        Language::Nn => nn.unwrap_or(nb).to_owned(),
    }
}
