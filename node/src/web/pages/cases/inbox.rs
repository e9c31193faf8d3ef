//! The inbox of a shared service: its leader sees which municipality shares and since when, and
//! gives each case to somebody. Nothing else is shown until then.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::person::Role;

use crate::engine::answer::CaseSummary;
use crate::engine::request::Assign;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::time;

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage<'a> {
    frame: Frame<'a>,
    cases: Vec<InboxRow>,
    people: Vec<(AccountId, String)>,
}

struct InboxRow {
    case: CaseId,
    owner: String,
    day: String,
    assigned: Vec<String>,
}

/// Shows what was shared with the service.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    if visitor.reader.role != Role::ServiceLeader {
        return Err(ApiError::NotFound.into());
    }
    let summaries = api.engine.cases(&visitor.reader).await?;
    let row = |summary: &CaseSummary| {
        let inbox = summary.inbox.as_ref()?;
        let names = inbox.assigned.iter().filter_map(|account| api.engine.person_name(*account));
        Some(InboxRow {
            case: summary.case,
            owner: summary.owner_name.clone(),
            day: time::day_of(summary.since, &api.engine.config().node.time_zone),
            assigned: names.collect(),
        })
    };
    let mut cases: Vec<InboxRow> = summaries.iter().filter_map(row).collect();
    // What nobody has yet comes first.
    cases.sort_by_key(|row| !row.assigned.is_empty());
    let people = api.engine.colleagues(&visitor.reader);
    let frame = Frame::new(&api, &visitor.asked, visitor.t("inbox-title"));
    page(StatusCode::OK, &InboxPage { frame, cases, people })
}

/// Gives a case to somebody to work with.
pub(crate) async fn assign(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    api.engine.assign(&visitor.reader, case, chosen(&form)?).await?;
    Ok(done(&api, &list_of(&visitor, case), Key("notice-assigned")))
}

/// Takes a case from somebody again.
pub(crate) async fn unassign(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    api.engine.unassign(&visitor.reader, case, chosen(&form)?).await?;
    Ok(done(&api, &list_of(&visitor, case), Key("notice-unassigned")))
}

fn chosen(form: &Form) -> Result<Assign, ApiError> {
    let account = form.value("account").parse().map_err(|_| ApiError::Invalid {
        field: Some("account".to_owned()),
        reason: "expected an employee of the service".into(),
    })?;
    Ok(Assign { account })
}

/// Where whoever gives cases to people sees who has them.
fn list_of(visitor: &Visitor, case: CaseId) -> String {
    match visitor.reader.role {
        Role::ServiceLeader => "/inbox".to_owned(),
        _ => format!("/cases/{case}"),
    }
}
