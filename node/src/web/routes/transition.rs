//! Transitions within the municipality (overganger): the checklist, the receiving unit's yes, the end.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;

use crate::engine::answer::{OpenedTransition, TransitionView};
use crate::engine::request::{ChangeTransition, EndTransition, MarkItem, OpenTransition, ReceiveTransition};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Shows the transition of a case that is under way.
///
/// For the stafettholder, for the leader of the unit where the child begins, who without a consent is
/// shown the service that it leaves and the day alone, and for the leader who answers for the case.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/transition", operation_id = "showTransition", tag = "transition",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The transition as the caller may see it.", body = TransitionView), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.transition(&reader, case).await?))
}

/// Begins a transition from the stafettholder's own unit to another.
///
/// It has the municipality's checklist. The leader of the other unit is shown that a child comes, from
/// which service and when; whom it is about follows from the family's consent alone.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/transition", operation_id = "openTransition", tag = "transition",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = OpenTransition, description = "Where to and when."),
    responses((status = 201, description = "It is under way.", body = OpenedTransition), Finding, Sending, Changing),
)]
pub(crate) async fn open(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<OpenTransition>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::CREATED, &api.engine.open_transition(&reader, case, request, None).await?))
}

/// Changes the days of a transition.
#[utoipa::path(
    put, path = "/api/v1/cases/{case}/transition", operation_id = "changeTransition", tag = "transition",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = ChangeTransition, description = "The days from here on."),
    responses((status = 204, description = "The days are changed."), Finding, Sending, Changing),
)]
pub(crate) async fn change(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<ChangeTransition>,
) -> Result<StatusCode, ApiError> {
    api.engine.change_transition(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that an item of the checklist is done, or that it is not after all.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/transition/item", operation_id = "markTransitionItem",
    tag = "transition",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = MarkItem, description = "Which item, and whether it is done."),
    responses((status = 204, description = "It is noted."), Finding, Sending, Changing),
)]
pub(crate) async fn mark(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<MarkItem>,
) -> Result<StatusCode, ApiError> {
    api.engine.mark_item(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that the receiving unit takes part.
///
/// For the unit's leader. Whoever is named works with the case from here on and reads what the family's
/// consent to the service opens; nobody can be named while none counts.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/transition/receive", operation_id = "receiveTransition",
    tag = "transition",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = ReceiveTransition, description = "Who of the unit takes part."),
    responses((status = 204, description = "The stafettholder is told."), Finding, Sending, Changing),
)]
pub(crate) async fn receive(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<ReceiveTransition>,
) -> Result<StatusCode, ApiError> {
    api.engine.receive_transition(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a transition, and the overlap with it.
///
/// Without it the node ends it once the baton is where the child begins and the overlap is over. Ending
/// twice changes nothing.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/transition/end", operation_id = "endTransition", tag = "transition",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = EndTransition, description = "How it ended."),
    responses((status = 204, description = "None is under way."), Finding, Sending, Changing),
)]
pub(crate) async fn end(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<EndTransition>,
) -> Result<StatusCode, ApiError> {
    api.engine.end_transition(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
