//! The protection of a family's address: show, set, let one consent count, renew.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;

use crate::engine::answer::ProtectionView;
use crate::engine::request::{ApproveSharing, ProtectAddress};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Shows how the address is protected, to the stafettholder and the leader who answers for the case.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/address-protection",
    operation_id = "showAddressProtection", tag = "family",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "How the address is protected.", body = ProtectionView), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.address_protection(&reader, case).await?))
}

/// Sets how the subject's address is protected.
///
/// The stafettholder may close more at once; only the leader who answers for the case opens
/// again. With the answer what it closes is closed: under `strictly-confidential` nothing of the
/// case leaves, and every partner is ordered to erase what it has, in the words of any order.
#[utoipa::path(
    put, path = "/api/v1/cases/{case}/address-protection", operation_id = "protectAddress", tag = "family",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = ProtectAddress, description = "The protection from here on."),
    responses((status = 204, description = "The protection is set."), Finding, Sending, Changing),
)]
pub(crate) async fn set(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<ProtectAddress>,
) -> Result<StatusCode, ApiError> {
    api.engine.protect_address(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets one consent to a public recipient count under a confidential address.
///
/// For the leader who answers for the case. A new decision on the protection needs new approvals.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/address-protection/approvals",
    operation_id = "approveSharing", tag = "family",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = ApproveSharing, description = "Which consent."),
    responses((status = 204, description = "The consent counts."), Finding, Sending, Changing),
)]
pub(crate) async fn approve(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<ApproveSharing>,
) -> Result<StatusCode, ApiError> {
    api.engine.approve_sharing(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes that the decision on the protection was renewed.
///
/// For the leader who answers for the case. Without it the protection holds on; only the task to
/// renew it stays.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/address-protection/renewal",
    operation_id = "renewAddressProtection", tag = "family",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 204, description = "The renewal is noted."), Finding, Changing),
)]
pub(crate) async fn renew(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<StatusCode, ApiError> {
    api.engine.renew_protection(&reader, case).await?;
    Ok(StatusCode::NO_CONTENT)
}
