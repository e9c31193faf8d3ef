//! Cases: list, open, show, level, assignment.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use stafett_protocol::id::CaseId;
use utoipa::ToSchema;

use crate::engine::answer::{CaseSummary, CaseView};
use crate::engine::request::{Assign, CannotTake, OpenCase, SetLevel};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Reading, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// The case that was opened.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OpenedCase {
    /// Its id.
    #[schema(value_type = doc::CaseId)]
    pub(crate) case: CaseId,
}

/// Lists the cases that the caller has a task in.
///
/// The leader of a shared service sees received cases as an inbox: municipality and date, and
/// nothing else.
#[utoipa::path(
    get, path = "/api/v1/cases", operation_id = "listCases", tag = "cases",
    responses((status = 200, description = "The caller's cases.", body = Vec<CaseSummary>), Reading),
)]
pub(crate) async fn list(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.cases(&reader).await?))
}

/// Opens a case.
///
/// The caller becomes its stafettholder. Names stay on this node.
#[utoipa::path(
    post, path = "/api/v1/cases", operation_id = "openCase", tag = "cases",
    request_body(content = OpenCase, description = "Whom the case is about."),
    responses(
        (
            status = 201, description = "The case is opened.", body = OpenedCase,
            headers(("Location" = String, description = "The path of the case.")),
        ),
        Reading, Sending, Changing,
    ),
)]
pub(crate) async fn open(
    State(api): State<Api>,
    Caller(reader): Caller,
    Body(request): Body<OpenCase>,
) -> Result<Response, ApiError> {
    let case = api.engine.open_case(&reader, request, None).await?;
    let location = [(header::LOCATION, format!("/api/v1/cases/{case}"))];
    Ok((location, json(StatusCode::CREATED, &OpenedCase { case })).into_response())
}

/// Shows a case with the entries that the caller may read.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}", operation_id = "showCase", tag = "cases",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The case as the caller may see it.", body = CaseView), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.case(&reader, case).await?))
}

/// Sets a case's level.
#[utoipa::path(
    put, path = "/api/v1/cases/{case}/level", operation_id = "setLevel", tag = "cases",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = SetLevel, description = "The level from here on."),
    responses((status = 204, description = "The level is set."), Finding, Sending, Changing),
)]
pub(crate) async fn set_level(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<SetLevel>,
) -> Result<StatusCode, ApiError> {
    api.engine.set_level(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a case to a person to work with.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/assignments", operation_id = "assign", tag = "cases",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = Assign, description = "Who is to work with it."),
    responses((status = 204, description = "The person works with the case."), Finding, Sending, Changing),
)]
pub(crate) async fn assign(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<Assign>,
) -> Result<StatusCode, ApiError> {
    api.engine.assign(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that the caller's service cannot take a received case.
///
/// For the leader of a service that the case was shared with. Its stafettholder reads the reason;
/// nothing is withdrawn. Nobody of the service works with the case from here on; giving it to
/// somebody later takes the answer back.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/refusal", operation_id = "refuseCase", tag = "cases",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = CannotTake, description = "Why."),
    responses((status = 204, description = "The answer is kept, and is told."), Finding, Sending, Changing),
)]
pub(crate) async fn cannot_take(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<CannotTake>,
) -> Result<StatusCode, ApiError> {
    api.engine.cannot_take(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a case for good.
///
/// Nothing is written in it any more, and every sharing of it ends: each partner is told to erase what
/// it received. Who reads it here reads it still. Closing twice changes nothing.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/closing", operation_id = "closeCase", tag = "cases",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 204, description = "The case is closed."), Finding, Changing),
)]
pub(crate) async fn close(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<StatusCode, ApiError> {
    api.engine.close_case(&reader, case).await?;
    Ok(StatusCode::NO_CONTENT)
}
