//! Entries: list, preview, publish, show, edit.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use stafett_protocol::id::{CaseId, EntryId};

use crate::engine::answer::{EntryItem, EntryPreview, Published};
use crate::engine::request::{EditEntry, NewEntry};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Lists the entries of a case that the caller may read, newest first.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/entries", operation_id = "listEntries", tag = "entries",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The entries.", body = Vec<EntryItem>), Finding),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.case(&reader, case).await?.entries))
}

/// Publishes an entry.
///
/// Publishing is a disclosure: ask for the preview first, which tells who will read it. In a case
/// of another municipality the entry is proposed to the owner, who gives it its id.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/entries", operation_id = "publishEntry", tag = "entries",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = NewEntry, description = "The entry."),
    responses(
        (
            status = 201, description = "The entry is published.", body = Published,
            headers(("Location" = String, description = "The path of the entry.")),
        ),
        (status = 202, description = "The entry is proposed to the owner.", body = Published),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn publish(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<NewEntry>,
) -> Result<Response, ApiError> {
    let published = api.engine.publish_entry(&reader, case, request).await?;
    let Some(entry) = published.entry else { return Ok(json(StatusCode::ACCEPTED, &published)) };
    let location = [(header::LOCATION, format!("/api/v1/cases/{case}/entries/{entry}"))];
    Ok((location, json(StatusCode::CREATED, &published)).into_response())
}

/// Tells who would read an entry if it were published. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/entries/preview", operation_id = "previewEntry", tag = "entries",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = NewEntry, description = "The entry."),
    responses((status = 200, description = "Who would read it.", body = EntryPreview), Finding, Sending, Changing),
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<NewEntry>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.preview_entry(&reader, case, &request).await?))
}

/// Shows one entry.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/entries/{entry}", operation_id = "showEntry", tag = "entries",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("entry" = doc::EntryId, Path, description = "The entry."),
    ),
    responses((status = 200, description = "The entry.", body = EntryItem), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, (case, entry)): Within<(CaseId, EntryId)>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.entry(&reader, case, entry).await?))
}

/// Changes fields of an entry.
///
/// A text is given whole; what others write in it at the same time is merged by character. A
/// value for a field in conflict settles the conflict.
#[utoipa::path(
    patch, path = "/api/v1/cases/{case}/entries/{entry}", operation_id = "editEntry", tag = "entries",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("entry" = doc::EntryId, Path, description = "The entry."),
    ),
    request_body(content = EditEntry, description = "The fields that change."),
    responses(
        (status = 200, description = "The entry as it is after the change.", body = EntryItem),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn edit(
    State(api): State<Api>,
    Within(reader, (case, entry)): Within<(CaseId, EntryId)>,
    Body(request): Body<EditEntry>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.edit_entry(&reader, case, entry, request).await?))
}
