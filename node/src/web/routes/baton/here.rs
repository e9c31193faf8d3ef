//! The baton of another municipality's case, for the service here to which it is offered.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::BatonOfferId;

use crate::engine::answer::BatonHere;
use crate::engine::request::AskToHold;
use crate::web::Api;
use crate::web::body::{Body, In, json};
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Absent, Changing, Reading, Sending};
use crate::web::openapi::types as doc;

/// Lists the batons of other municipalities' cases that are offered to a service here, or held in it.
///
/// For the leader of a shared service those that are offered to it; for an employee those that she is asked
/// about, has taken or holds. Nothing says whom the cases are about.
#[utoipa::path(
    get, path = "/api/v1/batons/here", operation_id = "listBatonsHere", tag = "baton",
    responses((status = 200, description = "The batons.", body = Vec<BatonHere>), Reading),
)]
pub(crate) async fn list(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.batons_here(&reader).await?))
}

/// Shows the baton of another municipality's case.
#[utoipa::path(
    get, path = "/api/v1/batons/here/{baton}", operation_id = "showBatonHere", tag = "baton",
    params(("baton" = doc::BatonOfferId, Path, description = "The offer.")),
    responses((status = 200, description = "The baton.", body = BatonHere), Reading, Absent),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(baton): In<BatonOfferId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.baton_here(&reader, baton).await?))
}

/// Asks somebody who works with the case whether she takes its baton; for the service's leader.
#[utoipa::path(
    post, path = "/api/v1/batons/here/{baton}/request", operation_id = "askToHold", tag = "baton",
    params(("baton" = doc::BatonOfferId, Path, description = "The offer.")),
    request_body(content = AskToHold, description = "Whom."),
    responses((status = 204, description = "She is asked."), Reading, Absent, Sending, Changing),
)]
pub(crate) async fn ask(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(baton): In<BatonOfferId>,
    Body(request): Body<AskToHold>,
) -> Result<StatusCode, ApiError> {
    api.engine.ask_to_hold(&reader, baton, request.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the baton. The caller is stafettholder when the owner has confirmed that, and not before.
#[utoipa::path(
    post, path = "/api/v1/batons/here/{baton}/acceptance", operation_id = "acceptBatonHere", tag = "baton",
    params(("baton" = doc::BatonOfferId, Path, description = "The offer.")),
    responses((status = 204, description = "The answer is on its way."), Reading, Absent, Changing),
)]
pub(crate) async fn accept(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(baton): In<BatonOfferId>,
) -> Result<StatusCode, ApiError> {
    api.engine.accept_baton_here(&reader, baton).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says no to the service's leader, who may ask another. Nothing is sent.
#[utoipa::path(
    post, path = "/api/v1/batons/here/{baton}/no", operation_id = "cannotHold", tag = "baton",
    params(("baton" = doc::BatonOfferId, Path, description = "The offer.")),
    responses((status = 204, description = "The leader may ask another."), Reading, Absent, Changing),
)]
pub(crate) async fn no(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(baton): In<BatonOfferId>,
) -> Result<StatusCode, ApiError> {
    api.engine.cannot_hold(&reader, baton).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that the service does not take the baton, or gives it back.
///
/// For the service's leader, and for whoever has taken it. What was held falls to a leader at the owner when the
/// word is there.
#[utoipa::path(
    post, path = "/api/v1/batons/here/{baton}/return", operation_id = "giveBatonBack", tag = "baton",
    params(("baton" = doc::BatonOfferId, Path, description = "The offer.")),
    responses((status = 204, description = "The word is on its way."), Reading, Absent, Changing),
)]
pub(crate) async fn give_back(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(baton): In<BatonOfferId>,
) -> Result<StatusCode, ApiError> {
    api.engine.give_baton_back(&reader, baton).await?;
    Ok(StatusCode::NO_CONTENT)
}
