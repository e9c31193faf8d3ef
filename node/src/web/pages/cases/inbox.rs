//! The inbox of a shared service: its leader sees which municipality shares and since when, and
//! gives each case to somebody, or says that the service cannot take it. Nothing else is shown until
//! then.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::person::Role;

use super::waiting::{Waiting, of_batons, of_emergencies};
use crate::engine::EngineError;
use crate::engine::answer::{CaseSummary, SaidItem};
use crate::engine::request::{Assign, CannotTake};
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::pages::case::place_of;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::time;

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage<'a> {
    frame: Frame<'a>,
    waiting: Vec<Waiting>,
    cases: Vec<InboxRow>,
    people: Vec<(AccountId, String)>,
}

struct InboxRow {
    case: CaseId,
    owner: String,
    day: String,
    assigned: Vec<(AccountId, String)>,
    declined: Option<Declined>,
}

/// What the leader has said of a case that the service cannot take.
struct Declined {
    said: Text,
    reason: String,
    kept: Text,
}

/// Shows what was shared with the service.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    if visitor.reader.role != Role::ServiceLeader {
        return Err(ApiError::NotFound.into());
    }
    let summaries = api.engine.cases(&visitor.reader).await?;
    let numbers = api.engine.inbox_numbers(&visitor.reader).await?;
    let row = |summary: &CaseSummary| {
        let inbox = summary.inbox.as_ref()?;
        let named = |account: &AccountId| Some((*account, api.engine.person_name(*account)?));
        let names = inbox.assigned.iter().filter_map(named);
        Some(InboxRow {
            case: summary.case,
            owner: summary.owner_name.clone(),
            day: shared_on(&api, &visitor, summary, &numbers),
            assigned: names.collect(),
            declined: inbox.cannot_take.as_ref().map(|said| declined(&api, &visitor, said)),
        })
    };
    let mut cases: Vec<InboxRow> = summaries.iter().filter_map(row).collect();
    // What nobody has yet comes first, and is still to be answered.
    cases.sort_by_key(|row| !row.assigned.is_empty() || row.declined.is_some());
    let people = api.engine.colleagues(&visitor.reader);
    let mut waiting = of_batons(&api, &visitor).await?;
    waiting.extend(of_emergencies(&api, &visitor, &BTreeMap::new()).await?);
    let frame = Frame::new(&api, &visitor.asked, visitor.t("inbox-title"));
    page(StatusCode::OK, &InboxPage { frame, waiting, cases, people })
}

/// The day from which a case is shared, and for the second of one municipality and day and those after
/// it which it is: nothing else may tell them apart.
fn shared_on(
    api: &Api,
    visitor: &Visitor,
    summary: &CaseSummary,
    numbers: &BTreeMap<CaseId, usize>,
) -> String {
    let day = time::day_of(summary.since, &api.engine.config().node.time_zone);
    match numbers.get(&summary.case) {
        Some(number) if *number > 1 => {
            visitor.t("inbox-one-of").with("day", day).with("number", *number).to_string()
        }
        _ => day,
    }
}

/// Gives a case to somebody to work with.
pub(crate) async fn assign(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    if form.value("account").is_empty() {
        return Ok(done(&api, &list_of(&api, &visitor, case).await, Key("notice-nobody-chosen")));
    }
    match api.engine.assign(&visitor.reader, case, chosen(&form)?).await {
        Err(EngineError::Invalid { .. }) => {
            Ok(done(&api, &list_of(&api, &visitor, case).await, Key("notice-cannot-work")))
        }
        assigned => {
            assigned?;
            Ok(done(&api, &list_of(&api, &visitor, case).await, Key("notice-assigned")))
        }
    }
}

/// Takes a case from somebody again.
pub(crate) async fn unassign(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    api.engine.unassign(&visitor.reader, case, chosen(&form)?).await?;
    Ok(done(&api, &list_of(&api, &visitor, case).await, Key("notice-unassigned")))
}

fn chosen(form: &Form) -> Result<Assign, ApiError> {
    let account = form.value("account").parse().map_err(|_| ApiError::Invalid {
        field: Some("account".to_owned()),
        reason: "expected an employee of the service".into(),
    })?;
    Ok(Assign { account })
}

/// Where whoever gives cases to people sees who has them.
async fn list_of(api: &Api, visitor: &Visitor, case: CaseId) -> String {
    match visitor.reader.role {
        Role::ServiceLeader => "/inbox".to_owned(),
        _ => place_of(api, visitor, case).await,
    }
}

fn declined(api: &Api, visitor: &Visitor, said: &SaidItem) -> Declined {
    let zone = &api.engine.config().node.time_zone;
    let kept = match said.kept_at {
        Some(at) => {
            let moment = time::minute_of(at, zone, visitor.asked.language());
            visitor.t("inbox-declined-kept").with("moment", moment)
        }
        None => visitor.t("inbox-declined-waits"),
    };
    let day = time::day_of(said.said_at, zone);
    Declined { said: visitor.t("inbox-declined").with("day", day), reason: said.reason.clone(), kept }
}

#[derive(Template)]
#[template(path = "inbox-decline.html")]
struct DeclinePage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    owner: String,
    day: String,
    is_assigned: bool,
    form: Form,
}

/// The form by which the leader says that the service cannot take a case, and what that means.
pub(crate) async fn decline_form(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let summary = api.engine.inbox_case(&visitor.reader, case).await?;
    visitor.must_be_fresh(&visitor.asked.here)?;
    let before = summary.inbox.as_ref().and_then(|inbox| inbox.cannot_take.as_ref());
    let reason = before.map(|said| said.reason.clone()).unwrap_or_default();
    decline_page(&api, &visitor, &summary, Form::new().put("reason", reason), StatusCode::OK).await
}

/// Says that the service cannot take a case.
pub(crate) async fn decline(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let summary = api.engine.inbox_case(&visitor.reader, case).await?;
    visitor.must_be_fresh(&format!("/cases/{case}/decline"))?;
    let reason = form.require("reason", visitor.t("decline-reason-missing"));
    if form.holds() {
        // A text field has line ends; a reason is one line.
        let reason = reason.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ");
        match api.engine.cannot_take(&visitor.reader, case, CannotTake { reason }).await {
            Ok(()) => return Ok(done(&api, "/inbox", Key("notice-declined"))),
            Err(EngineError::Invalid { field: "reason", .. }) => {
                form.refuse("reason", visitor.t("decline-reason-wrong"));
            }
            Err(other) => return Err(other.into()),
        }
    }
    decline_page(&api, &visitor, &summary, form, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn decline_page(
    api: &Api,
    visitor: &Visitor,
    summary: &CaseSummary,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let numbers = api.engine.inbox_numbers(&visitor.reader).await?;
    let shown = DeclinePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("decline-title")),
        case: summary.case,
        owner: summary.owner_name.clone(),
        day: shared_on(api, visitor, summary, &numbers),
        is_assigned: summary.inbox.as_ref().is_some_and(|inbox| !inbox.assigned.is_empty()),
        form,
    };
    page(status, &shown)
}
