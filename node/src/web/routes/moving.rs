//! A family that moves (flytting).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;

use crate::engine::answer::MoveWithout;
use crate::engine::request::RefuseMove;
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Shows what holds of a move without consent.
///
/// For the stafettholder. The reminders are text of the settings: what is done in other systems is not
/// written down here.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/move/without", operation_id = "showMoveWithout", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The family's no, and the reminders.", body = MoveWithout), Finding),
)]
pub(crate) async fn without(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.move_without(&reader, case).await?))
}

/// Writes down that the family does not let the case go along.
///
/// Nothing goes anywhere. A move can be offered again once the family has said yes to one since.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/without", operation_id = "refuseMove", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = RefuseMove, description = "Who said no, how and when."),
    responses((status = 204, description = "It is written down."), Finding, Sending, Changing),
)]
pub(crate) async fn refuse(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<RefuseMove>,
) -> Result<StatusCode, ApiError> {
    api.engine.refuse_move(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
