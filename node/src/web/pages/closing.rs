//! Closing a case: what ends by it, what stays, and one button.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;

use super::{Frame, PageError, done, page};
use crate::web::Api;
use crate::web::form::Posted;
use crate::web::texts::Key;
use crate::web::visitor::Visiting;

#[derive(Template)]
#[template(path = "closing.html")]
struct ClosingPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_closed: bool,
    shared_with: Vec<String>,
}

/// Says what happens, before it does.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.closing(&visitor.reader, case).await?;
    visitor.must_be_fresh(&visitor.asked.here)?;
    let frame = Frame::new(&api, &visitor.asked, visitor.t("closing-title"));
    let shown = ClosingPage { frame, case, is_closed: view.is_closed, shared_with: view.shared_with };
    page(StatusCode::OK, &shown)
}

/// Closes the case.
pub(crate) async fn close(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&format!("/cases/{case}/close"))?;
    api.engine.close_case(&visitor.reader, case).await?;
    Ok(done(&api, &format!("/cases/{case}"), Key("notice-closed")))
}
