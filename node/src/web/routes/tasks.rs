//! Tasks: what the caller must do.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::engine::answer::TaskItem;
use crate::web::Api;
use crate::web::body::json;
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::Reading;

/// Lists what the caller must do, the earliest due first.
///
/// As stafettholder in the own cases; as unit leader what waits for a leader in the cases that the
/// unit answers for. Made anew for each answer, from what holds at that moment.
#[utoipa::path(
    get, path = "/api/v1/tasks", operation_id = "listTasks", tag = "tasks",
    responses((status = 200, description = "The caller's tasks.", body = Vec<TaskItem>), Reading),
)]
pub(crate) async fn list(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.tasks(&reader).await?))
}
