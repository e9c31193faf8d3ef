//! The node itself: links, the disclosure log, health, and the API's description.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::engine::answer::{DisclosureItem, Health, LinkItem, Operations};
use crate::engine::operations::WhichDisclosures;
use crate::web::Api;
use crate::web::body::{Parameters, json};
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Always, Asking, Reading};
use crate::web::openapi::types as doc;

/// Lists the links to partners.
#[utoipa::path(
    get, path = "/api/v1/links", operation_id = "listLinks", tag = "node",
    responses((status = 200, description = "The links.", body = Vec<LinkItem>), Reading),
)]
pub(crate) async fn links(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.links(&reader).await?))
}

/// Tells how the node is run: its keys, store, access log and versions. For the operator and the
/// data protection officer.
#[utoipa::path(
    get, path = "/api/v1/operations", operation_id = "showOperations", tag = "node",
    responses((status = 200, description = "How the node is run.", body = Operations), Reading),
)]
pub(crate) async fn operations(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.operations(&reader).await?))
}

/// Lists what was handed to partners' nodes, to whom, and on which consents.
#[utoipa::path(
    get, path = "/api/v1/disclosures", operation_id = "listDisclosures", tag = "node",
    params(
        ("case" = Option<doc::CaseId>, Query, description = "Only disclosures of this case."),
        ("before" = Option<doc::DisclosureId>, Query, description = "Only disclosures committed before this one; \
            none, if it is not there."),
        ("latest" = Option<u32>, Query, minimum = 1, description = "So many at the most: the latest. To read on, ask \
            with the first of the answer as `before`."),
    ),
    responses((status = 200, description = "The disclosures, in the order in which they were committed.", body = Vec<DisclosureItem>), Reading, Asking),
)]
pub(crate) async fn disclosures(
    State(api): State<Api>,
    Caller(reader): Caller,
    Parameters(which): Parameters<WhichDisclosures>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.disclosures(&reader, which).await?))
}

/// Tells how the node is.
#[utoipa::path(
    get, path = "/api/v1/health", operation_id = "showHealth", tag = "node",
    responses((status = 200, description = "How the node is.", body = Health), Reading),
)]
pub(crate) async fn health(State(api): State<Api>, Caller(_reader): Caller) -> Response {
    json(StatusCode::OK, &api.engine.health())
}

/// Tells whether the process answers. No token, no content.
#[utoipa::path(
    get, path = "/health/live", operation_id = "isLive", tag = "monitoring", security(()),
    responses((status = 204, description = "The process answers."), Always),
)]
pub(crate) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Tells whether the node serves. No token, no content.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "isReady", tag = "monitoring", security(()),
    responses(
        (status = 204, description = "The node serves."),
        (status = 503, description = "The node does not serve: it starts, stops or is sealed. No content."),
        Always,
    ),
)]
pub(crate) async fn ready(State(api): State<Api>) -> StatusCode {
    if api.engine.health().ready { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Returns this description. No token.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "describe", tag = "monitoring", security(()),
    responses(
        (status = 200, description = "The description, OpenAPI 3.1.", content_type = "application/json", body = doc::Anything),
        Always,
    ),
)]
pub(crate) async fn description(State(api): State<Api>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], api.description).into_response()
}
