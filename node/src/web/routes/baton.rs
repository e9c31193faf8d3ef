//! The baton (stafettpinne): who is stafettholder, and how it goes on.

pub(crate) mod here;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{BatonOfferId, CaseId};

use crate::engine::answer::{BatonOfferItem, BatonView, OfferedBaton};
use crate::engine::request::{OfferBaton, OfferBatonThere, ReassignBaton};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Reading, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Lists the offers that wait for the caller's answer.
#[utoipa::path(
    get, path = "/api/v1/batons", operation_id = "listBatonOffers", tag = "baton",
    responses((status = 200, description = "The offers.", body = Vec<BatonOfferItem>), Reading),
)]
pub(crate) async fn offers(State(api): State<Api>, Caller(reader): Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.baton_offers(&reader).await?))
}

/// Shows who holds the baton of a case, and the offer that waits.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/baton", operation_id = "showBaton", tag = "baton",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The baton as the caller may see it.", body = BatonView), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.baton(&reader, case).await?))
}

/// Gives the baton to somebody by the unit leader's word.
///
/// A waiting offer is void by that.
#[utoipa::path(
    put, path = "/api/v1/cases/{case}/baton", operation_id = "reassignBaton", tag = "baton",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = ReassignBaton, description = "Who gets it."),
    responses((status = 204, description = "That person is stafettholder."), Finding, Sending, Changing),
)]
pub(crate) async fn reassign(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<ReassignBaton>,
) -> Result<StatusCode, ApiError> {
    api.engine.reassign_baton(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Offers the baton to a colleague. The caller keeps it until the other has accepted.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/baton/offers", operation_id = "offerBaton", tag = "baton",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = OfferBaton, description = "To whom, with what note."),
    responses((status = 201, description = "It is offered.", body = OfferedBaton), Finding, Sending, Changing),
)]
pub(crate) async fn offer(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<OfferBaton>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::CREATED, &api.engine.offer_baton(&reader, case, request, None).await?))
}

/// Offers the baton to a service of another municipality that reads and writes in the case.
///
/// The caller keeps it until somebody there has taken it and that answer is here. The other side is told that it
/// is offered, in which case and until when, and nothing else.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/baton/service", operation_id = "offerBatonThere", tag = "baton",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = OfferBatonThere, description = "To which service."),
    responses((status = 201, description = "It is offered.", body = OfferedBaton), Finding, Sending, Changing),
)]
pub(crate) async fn offer_there(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<OfferBatonThere>,
) -> Result<Response, ApiError> {
    let offered = api.engine.offer_baton_to_service(&reader, case, request.service, None).await?;
    Ok(json(StatusCode::CREATED, &offered))
}

/// Takes the baton over: with the answer the caller is stafettholder.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/baton/offers/{offer}/acceptance",
    operation_id = "acceptBaton", tag = "baton",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("offer" = doc::BatonOfferId, Path, description = "The offer."),
    ),
    responses((status = 204, description = "The caller is stafettholder."), Finding, Changing),
)]
pub(crate) async fn accept(
    State(api): State<Api>,
    Within(reader, (case, offer)): Within<(CaseId, BatonOfferId)>,
) -> Result<StatusCode, ApiError> {
    api.engine.accept_baton(&reader, case, offer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says no to an offer. The holder keeps the baton, and the note is gone.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/baton/offers/{offer}/refusal",
    operation_id = "declineBaton", tag = "baton",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("offer" = doc::BatonOfferId, Path, description = "The offer."),
    ),
    responses((status = 204, description = "The holder keeps it."), Finding, Changing),
)]
pub(crate) async fn decline(
    State(api): State<Api>,
    Within(reader, (case, offer)): Within<(CaseId, BatonOfferId)>,
) -> Result<StatusCode, ApiError> {
    api.engine.decline_baton(&reader, case, offer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an offer back before it is answered.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/baton/offers/{offer}/recall",
    operation_id = "recallBaton", tag = "baton",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("offer" = doc::BatonOfferId, Path, description = "The offer."),
    ),
    responses((status = 204, description = "Nobody can accept it any more."), Finding, Changing),
)]
pub(crate) async fn recall(
    State(api): State<Api>,
    Within(reader, (case, offer)): Within<(CaseId, BatonOfferId)>,
) -> Result<StatusCode, ApiError> {
    api.engine.recall_baton(&reader, case, offer).await?;
    Ok(StatusCode::NO_CONTENT)
}
