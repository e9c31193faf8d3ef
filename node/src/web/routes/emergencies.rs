//! Emergency openings (nødåpninger): open, read, list, and say what was found.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::EmergencyOpeningId;

use crate::engine::EngineError;
use crate::engine::answer::{EmergencyItem, EmergencyView, OpenedEmergency};
use crate::engine::request::{OpenEmergency, ReviewEmergency};
use crate::web::Api;
use crate::web::body::{Body, In, json};
use crate::web::caller::Caller;
use crate::web::emergencies::count;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Absent, Changing, Emergency, Reading, Sending};
use crate::web::openapi::types as doc;

/// Opens one case in an emergency, for reading and for thirty minutes.
///
/// It shows what somebody assigned in the caller's service could read, and ends the caller's opening
/// before it. Every attempt is in the access log, and five in an hour are the most. When no case is
/// opened the answer is 404, whatever the reason: there is none, it is not the only one, or it is not
/// to be opened.
#[utoipa::path(
    post, path = "/api/v1/emergency-openings", operation_id = "openInEmergency", tag = "emergency",
    request_body(content = OpenEmergency, description = "Whom the case is about, and why."),
    responses(
        (status = 201, description = "The case is open.", body = OpenedEmergency),
        Reading, Sending, Emergency, Changing,
    ),
)]
pub(crate) async fn open(
    State(api): State<Api>,
    Caller(reader): Caller,
    Body(request): Body<OpenEmergency>,
) -> Result<Response, ApiError> {
    count(&api, &reader)?;
    Ok(json(StatusCode::CREATED, &api.engine.open_emergency(&reader, request, None).await?))
}

/// Shows the case that the caller has open in an emergency.
#[utoipa::path(
    get, path = "/api/v1/emergency-case", operation_id = "showEmergencyCase", tag = "emergency",
    responses((status = 200, description = "The case.", body = EmergencyView), Reading, Absent),
)]
pub(crate) async fn case(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    let shown = api.engine.emergency_case(&reader).await?.ok_or(EngineError::NotFound)?;
    Ok(json(StatusCode::OK, &shown))
}

/// Lists the emergency openings that the caller looks into or oversees: as leader of who opened or of
/// the case, or as data protection officer.
#[utoipa::path(
    get, path = "/api/v1/emergency-openings", operation_id = "listEmergencyOpenings", tag = "emergency",
    responses((status = 200, description = "The openings, newest first.", body = Vec<EmergencyItem>), Reading, Absent),
)]
pub(crate) async fn list(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.emergencies(&reader).await?))
}

/// Says what looking into an emergency opening found. Nobody looks into an own one.
#[utoipa::path(
    post, path = "/api/v1/emergency-openings/{opening}/review",
    operation_id = "reviewEmergencyOpening", tag = "emergency",
    params(("opening" = doc::EmergencyOpeningId, Path, description = "The opening.")),
    request_body(content = ReviewEmergency, description = "What was found."),
    responses((status = 204, description = "It is written down."), Reading, Absent, Sending, Changing),
)]
pub(crate) async fn review(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(opening): In<EmergencyOpeningId>,
    Body(request): Body<ReviewEmergency>,
) -> Result<StatusCode, ApiError> {
    api.engine.review_emergency(&reader, opening, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
