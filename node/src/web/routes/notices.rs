//! Notices: what a family is told when a sharing has ended, or there is a new stafettholder.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;

use crate::engine::answer::NoticeItem;
use crate::web::Api;
use crate::web::body::json;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::Finding;
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Lists drafts of notices to the family.
///
/// The stafettholder gets all of them; a person of the family gets those on withdrawals of their
/// own and on a new stafettholder, and nobody is told of another's. The newest come first. Nothing is said to be erased before
/// the partner's receipt is in.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/notices", operation_id = "listNotices", tag = "consents",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The drafts.", body = Vec<NoticeItem>), Finding),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.notices(&reader, case).await?))
}
