//! Packages for the hand that came here: whom the coordinator asks, and who opens one with its code word.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::HandArrivalId;

use crate::engine::answer::{HandArrivalItem, OpenedByHand};
use crate::engine::request::{AskToTake, OpenPackage};
use crate::web::Api;
use crate::web::body::{Body, In, json};
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Absent, Changing, Reading, Sending};
use crate::web::openapi::types as doc;

/// Lists the packages for the hand that an operator took in with `stafett import`.
///
/// All of them for the BTI coordinator; for an employee those that she is asked about or has opened. Before one
/// is opened nobody here knows from where it is and about whom.
#[utoipa::path(
    get, path = "/api/v1/moves/by-hand", operation_id = "listHandArrivals", tag = "moving",
    responses((status = 200, description = "The packages, newest first.", body = Vec<HandArrivalItem>), Reading, Absent),
)]
pub(crate) async fn list(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.hand_arrivals(&reader).await?))
}

/// Shows one package for the hand that came here.
#[utoipa::path(
    get, path = "/api/v1/moves/by-hand/{arrival}", operation_id = "showHandArrival", tag = "moving",
    params(("arrival" = doc::HandArrivalId, Path, description = "The package's file.")),
    responses((status = 200, description = "How far it is.", body = HandArrivalItem), Reading, Absent),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(arrival): In<HandArrivalId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.hand_arrival(&reader, arrival).await?))
}

/// Asks an employee whether she opens the package and takes the case. For the BTI coordinator.
#[utoipa::path(
    post, path = "/api/v1/moves/by-hand/{arrival}/request", operation_id = "askToOpen", tag = "moving",
    params(("arrival" = doc::HandArrivalId, Path, description = "The package's file.")),
    request_body(content = AskToTake, description = "Who."),
    responses((status = 204, description = "She sees it among what waits."), Reading, Absent, Sending, Changing),
)]
pub(crate) async fn ask(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(arrival): In<HandArrivalId>,
    Body(request): Body<AskToTake>,
) -> Result<StatusCode, ApiError> {
    api.engine.ask_to_open(&reader, arrival, request.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that nobody here takes the case, and deletes the file. For the BTI coordinator. The other municipality
/// learns of it by letter alone.
#[utoipa::path(
    post, path = "/api/v1/moves/by-hand/{arrival}/refusal", operation_id = "declineByHand", tag = "moving",
    params(("arrival" = doc::HandArrivalId, Path, description = "The package's file.")),
    responses((status = 204, description = "The file is deleted here."), Reading, Absent, Changing),
)]
pub(crate) async fn decline(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(arrival): In<HandArrivalId>,
) -> Result<StatusCode, ApiError> {
    api.engine.decline_by_hand(&reader, arrival).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Opens the package with its code word: the case is opened here, and the caller is its stafettholder. For the
/// one who was asked. After ten wrong code words the coordinator must ask again.
#[utoipa::path(
    post, path = "/api/v1/moves/by-hand/{arrival}/opening", operation_id = "openByHand", tag = "moving",
    params(("arrival" = doc::HandArrivalId, Path, description = "The package's file.")),
    request_body(content = OpenPackage, description = "The code word."),
    responses(
        (status = 200, description = "The case.", body = OpenedByHand),
        Reading, Absent, Sending, Changing
    ),
)]
pub(crate) async fn open(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(arrival): In<HandArrivalId>,
    Body(request): Body<OpenPackage>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.open_by_hand(&reader, arrival, &request.code_word).await?))
}

/// Does not take the case. For the one who was asked: the coordinator may ask another.
#[utoipa::path(
    post, path = "/api/v1/moves/by-hand/{arrival}/no", operation_id = "cannotOpen", tag = "moving",
    params(("arrival" = doc::HandArrivalId, Path, description = "The package's file.")),
    responses((status = 204, description = "The coordinator sees it."), Reading, Absent, Changing),
)]
pub(crate) async fn cannot(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(arrival): In<HandArrivalId>,
) -> Result<StatusCode, ApiError> {
    api.engine.cannot_open(&reader, arrival).await?;
    Ok(StatusCode::NO_CONTENT)
}
