//! The family: who it is, who approves that, and what a guardian reads.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{CaseId, PersonId, RegistrationId};

use crate::engine::answer::{FamilyView, Registered};
use crate::engine::request::{LimitGuardian, RegisterFamily};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Shows the family and what waits for a leader, to the stafettholder and the leader who answers
/// for the case.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/family", operation_id = "showFamily", tag = "family",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The family.", body = FamilyView), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.family(&reader, case).await?))
}

/// Registers by hand who the family is.
///
/// It changes nothing until a leader has approved it. Names stay in the private case document.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/family", operation_id = "registerFamily", tag = "family",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = RegisterFamily, description = "The whole family, as the document says."),
    responses(
        (status = 201, description = "The registration waits for a leader.", body = Registered),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn register(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<RegisterFamily>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::CREATED, &api.engine.register_family(&reader, case, request, None).await?))
}

/// Approves a registration. The leader who does is another person than the one who registered it.
///
/// With the answer the sharing pauses wherever somebody else must say yes by now. What partners
/// have they keep.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/family/{registration}/approval",
    operation_id = "approveFamily", tag = "family",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("registration" = doc::RegistrationId, Path, description = "The registration."),
    ),
    responses((status = 204, description = "From here on it is the family."), Finding, Changing),
)]
pub(crate) async fn approve(
    State(api): State<Api>,
    Within(reader, (case, registration)): Within<(CaseId, RegistrationId)>,
) -> Result<StatusCode, ApiError> {
    api.engine.approve_family(&reader, case, registration).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rejects a registration. Names that only it had brought are erased.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/family/{registration}/rejection",
    operation_id = "rejectFamily", tag = "family",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("registration" = doc::RegistrationId, Path, description = "The registration."),
    ),
    responses((status = 204, description = "The registration is gone."), Finding, Changing),
)]
pub(crate) async fn reject(
    State(api): State<Api>,
    Within(reader, (case, registration)): Within<(CaseId, RegistrationId)>,
) -> Result<StatusCode, ApiError> {
    api.engine.reject_family(&reader, case, registration).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets which areas a guardian no longer reads.
///
/// From the age of the municipality's rule: the subject itself, or the stafettholder on its word.
#[utoipa::path(
    put, path = "/api/v1/cases/{case}/guardian-access/{guardian}",
    operation_id = "limitGuardian", tag = "family",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("guardian" = doc::PersonId, Path, description = "The guardian."),
    ),
    request_body(content = LimitGuardian, description = "The areas that are closed from here on."),
    responses((status = 204, description = "The areas are closed."), Finding, Sending, Changing),
)]
pub(crate) async fn limit(
    State(api): State<Api>,
    Within(reader, (case, guardian)): Within<(CaseId, PersonId)>,
    Body(request): Body<LimitGuardian>,
) -> Result<StatusCode, ApiError> {
    api.engine.limit_guardian(&reader, case, guardian, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
