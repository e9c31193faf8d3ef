//! Consents: list, preview, ask, yes, no, withdrawal, exceptions, review.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{CaseId, ConsentId};

use crate::engine::answer::{ConsentPreview, ConsentView};
use crate::engine::request::{
    AskConsent, ExceptEntry, GiveConsent, ReconfirmConsent, RefuseConsent, WithdrawConsent, WithdrawConsents,
};
use crate::web::Api;
use crate::web::body::{Body, json};
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Changing, Finding, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;

/// Lists the consents of a case: all of them for the stafettholder, the own questions and the own
/// word for somebody of the family.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/consents", operation_id = "listConsents", tag = "consents",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The consents.", body = Vec<ConsentView>), Finding),
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.consents(&reader, case).await?))
}

/// Asks the family for a consent. It opens nothing until everybody who must has said yes.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents", operation_id = "askConsent", tag = "consents",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = AskConsent, description = "What is asked for."),
    responses((status = 201, description = "The family is asked.", body = ConsentView), Finding, Sending, Changing),
)]
pub(crate) async fn ask(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<AskConsent>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::CREATED, &api.engine.ask_consent(&reader, case, request, None).await?))
}

/// Tells what a consent would make visible if the family said yes. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/preview", operation_id = "previewConsent", tag = "consents",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = AskConsent, description = "What would be asked for."),
    responses(
        (status = 200, description = "What would become visible, and what would not.", body = ConsentPreview),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<AskConsent>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.preview_consent(&reader, case, &request).await?))
}

/// Tells what a consent that was asked for would make visible.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/consents/{consent}/preview",
    operation_id = "previewAskedConsent", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    responses(
        (status = 200, description = "What would become visible, and what would not.", body = ConsentPreview),
        Finding,
    ),
)]
pub(crate) async fn preview_asked(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.preview_asked_consent(&reader, case, consent).await?))
}

/// Registers one giver's yes.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/{consent}/yes", operation_id = "giveConsent", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    request_body(content = GiveConsent, description = "Who says yes, and how."),
    responses(
        (status = 200, description = "The consent with the yes.", body = ConsentView),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn give(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
    Body(request): Body<GiveConsent>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.give_consent(&reader, case, consent, request).await?))
}

/// Registers one giver's no.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/{consent}/no", operation_id = "refuseConsent", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    request_body(content = RefuseConsent, description = "Who says no."),
    responses(
        (status = 200, description = "The consent with the no.", body = ConsentView),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn refuse(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
    Body(request): Body<RefuseConsent>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.refuse_consent(&reader, case, consent, request).await?))
}

/// Withdraws a consent or a part of it. One giver's word is enough.
///
/// With the answer the sharing has stopped. The partner is ordered to erase; `orders` tell which
/// of them it has confirmed. Nothing is said to be erased without its receipt.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/{consent}/withdrawal",
    operation_id = "withdrawConsent", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    request_body(content = WithdrawConsent, description = "Who takes the yes back, how, and how much of it."),
    responses(
        (status = 200, description = "The consent, withdrawn or narrowed.", body = ConsentView),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn withdraw(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
    Body(request): Body<WithdrawConsent>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.withdraw_consent(&reader, case, consent, request).await?))
}

/// Withdraws several consents of a case in one step: all of them, those to one service, or some
/// areas of each. One giver's word is enough.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/withdrawals", operation_id = "withdrawConsents", tag = "consents",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = WithdrawConsents, description = "Who takes what back, and how."),
    responses(
        (status = 200, description = "The consents of the case.", body = Vec<ConsentView>),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn withdraw_several(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<WithdrawConsents>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.withdraw_consents(&reader, case, request).await?))
}

/// Closes one entry that a consent had opened. The rest stays open.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/{consent}/exceptions",
    operation_id = "exceptEntry", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    request_body(content = ExceptEntry, description = "Who says so, and which entry."),
    responses(
        (status = 200, description = "The consent without the entry.", body = ConsentView),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn except(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
    Body(request): Body<ExceptEntry>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.except_entry(&reader, case, consent, request).await?))
}

/// Notes that the stafettholder has looked through what was held since an earlier consent to the
/// service ran out. From here on it goes out; the preview of the consent tells what.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/{consent}/review",
    operation_id = "reviewHeld", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    responses(
        (status = 200, description = "The consent, in force.", body = ConsentView),
        Finding, Changing,
    ),
)]
pub(crate) async fn review(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.review_held(&reader, case, consent).await?))
}

/// Registers that the givers stand by a consent that is in doubt.
///
/// After a restore without its journal the node does not know what was withdrawn since its backup.
/// A consent in doubt opens nothing, and orders nothing, until this is registered; a giver who no
/// longer wants it withdraws it instead.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/consents/{consent}/reconfirmation",
    operation_id = "reconfirmConsent", tag = "consents",
    params(
        ("case" = doc::CaseId, Path, description = "The case."),
        ("consent" = doc::ConsentId, Path, description = "The consent."),
    ),
    request_body(content = ReconfirmConsent, description = "Who stands by it."),
    responses(
        (status = 200, description = "The consent, no longer in doubt.", body = ConsentView),
        Finding, Sending, Changing,
    ),
)]
pub(crate) async fn reconfirm(
    State(api): State<Api>,
    Within(reader, (case, consent)): Within<(CaseId, ConsentId)>,
    Body(request): Body<ReconfirmConsent>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.reconfirm_consent(&reader, case, consent, request).await?))
}
