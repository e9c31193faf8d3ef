//! A family that moves (flytting): a case that goes, one that comes, and one that stays.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::id::{CaseId, SuccessionId};
use stafett_protocol::uptake::UptakeReason;

use crate::engine::EngineError;
use crate::engine::answer::{ComingMove, MadePackage, MoveView, MoveWithout, OfferedMove};
use crate::engine::request::{
    AskToTake, DeclineMove, MakePackage, OfferCase, RefuseMove, RegisterAcceptance, WriteMoveNote,
};
use crate::web::Api;
use crate::web::body::{Body, In, json};
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::openapi::refusals::{Absent, Changing, Finding, Reading, Sending};
use crate::web::openapi::types as doc;
use crate::web::openings::Within;
use crate::web::pages::hand::{attachment, paper};

/// Shows how a case may move, how far it is, and where it has gone.
///
/// For the stafettholder, and without content for the leader who answers for the case.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/move", operation_id = "showMove", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The move as the caller may see it.", body = MoveView), Finding),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.move_of_case(&reader, case).await?))
}

/// Offers a case to the municipality that a consent to a move names.
///
/// The other side is told the stage, the day and the services, and nothing else. The offer lapses after seven
/// days. When somebody there accepts, the package is made of what the family lets go along and sent sealed;
/// its key follows with the transfer.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move", operation_id = "offerCase", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = OfferCase, description = "Under which consent, and what the other side is told."),
    responses((status = 201, description = "It is offered.", body = OfferedMove), Finding, Sending, Changing),
)]
pub(crate) async fn offer(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<OfferCase>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::CREATED, &api.engine.offer_case(&reader, case, request, None).await?))
}

/// Writes the note to whoever takes the case over. If a package was made, it is made anew.
#[utoipa::path(
    put, path = "/api/v1/cases/{case}/move/note", operation_id = "writeMoveNote", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = WriteMoveNote, description = "The note."),
    responses((status = 204, description = "It is kept."), Finding, Sending, Changing),
)]
pub(crate) async fn note(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<WriteMoveNote>,
) -> Result<StatusCode, ApiError> {
    api.engine.write_move_note(&reader, case, &request.note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the package anew of what the case holds now. The one before can no longer be opened by a transfer.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/package", operation_id = "packMove", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 204, description = "It is made."), Finding, Changing),
)]
pub(crate) async fn pack(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<StatusCode, ApiError> {
    api.engine.pack_move_anew(&reader, case).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a move back that is not carried out. What the other side has, it deletes.
///
/// For the stafettholder and the leader who answers for the case.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/recall", operation_id = "recallMove", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 204, description = "It comes to nothing."), Finding, Changing),
)]
pub(crate) async fn recall(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<StatusCode, ApiError> {
    api.engine.recall_move(&reader, case).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Carries a move out: from here on the case is the other municipality's. This cannot be undone.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/transfer", operation_id = "transferCase", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 204, description = "The case has moved."), Finding, Changing),
)]
pub(crate) async fn transfer(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<StatusCode, ApiError> {
    api.engine.transfer_move(&reader, case).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a package for the hand, for a municipality without a node: a file that opens with a code word.
///
/// The code word is answered this one time and kept nowhere; it goes another way than the file. The case stays
/// here, and so does the baton, until the other municipality's letter is registered.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/hand", operation_id = "makePackage", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = MakePackage, description = "Under which consent, and the note that goes along."),
    responses((status = 201, description = "It is made.", body = MadePackage), Finding, Sending, Changing),
)]
pub(crate) async fn make_package(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<MakePackage>,
) -> Result<Response, ApiError> {
    let paper = |document: &_| paper::write(&api.engine, Language::Nb, document);
    Ok(json(StatusCode::CREATED, &api.engine.make_package(&reader, case, request, None, paper).await?))
}

/// Answers with the file of the package that stands: a web page that opens itself with the code word.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/move/hand/file", operation_id = "fetchPackage", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses(
        (status = 200, description = "The file.", body = String, content_type = "application/octet-stream"),
        Finding, Changing
    ),
)]
pub(crate) async fn package_file(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    let stored = api.engine.package_file(&reader, case).await?;
    attachment(&api.engine, &stored)
}

/// Takes the package that stands back. Whoever has the file and the code word reads it still.
///
/// For the stafettholder and the leader who answers for the case.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/hand/taken-back", operation_id = "takePackageBack", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 204, description = "The case does not move by it."), Finding, Changing),
)]
pub(crate) async fn take_package_back(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<StatusCode, ApiError> {
    api.engine.take_package_back(&reader, case).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Registers that the other municipality has said in writing that it takes the case over. From here on the
/// case is its. This cannot be undone.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/hand/acceptance", operation_id = "registerAcceptance",
    tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = RegisterAcceptance, description = "Where its letter is filed, and from which day."),
    responses((status = 204, description = "The case has moved."), Finding, Sending, Changing),
)]
pub(crate) async fn register_acceptance(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<RegisterAcceptance>,
) -> Result<StatusCode, ApiError> {
    api.engine.register_acceptance(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the cases of other municipalities that may come here, or have.
///
/// All of them for the BTI coordinator; for an employee those that she is asked about or has accepted. Nothing
/// says whom they are about.
#[utoipa::path(
    get, path = "/api/v1/moves", operation_id = "listComingMoves", tag = "moving",
    responses((status = 200, description = "The moves, newest first.", body = Vec<ComingMove>), Reading, Absent),
)]
pub(crate) async fn list_coming(
    State(api): State<Api>,
    Caller(reader): Caller,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.coming_moves(&reader).await?))
}

/// Shows one case of another municipality that may come here.
#[utoipa::path(
    get, path = "/api/v1/moves/{succession}", operation_id = "showComingMove", tag = "moving",
    params(("succession" = doc::SuccessionId, Path, description = "The move.")),
    responses((status = 200, description = "The move.", body = ComingMove), Reading, Absent),
)]
pub(crate) async fn show_coming(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(succession): In<SuccessionId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.coming_move(&reader, succession).await?))
}

/// Asks an employee of a service that the offer names whether she takes the case. For the BTI coordinator.
#[utoipa::path(
    post, path = "/api/v1/moves/{succession}/request", operation_id = "askToTake", tag = "moving",
    params(("succession" = doc::SuccessionId, Path, description = "The move.")),
    request_body(content = AskToTake, description = "Who."),
    responses((status = 204, description = "She sees it among what waits."), Reading, Absent, Sending, Changing),
)]
pub(crate) async fn ask(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(succession): In<SuccessionId>,
    Body(request): Body<AskToTake>,
) -> Result<StatusCode, ApiError> {
    api.engine.ask_to_take(&reader, succession, request.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that nobody here takes the case. For the BTI coordinator; the other side is told.
#[utoipa::path(
    post, path = "/api/v1/moves/{succession}/refusal", operation_id = "declineMove", tag = "moving",
    params(("succession" = doc::SuccessionId, Path, description = "The move.")),
    request_body(content = DeclineMove, description = "Why."),
    responses((status = 204, description = "The other side is told."), Reading, Absent, Sending, Changing),
)]
pub(crate) async fn decline(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(succession): In<SuccessionId>,
    Body(request): Body<DeclineMove>,
) -> Result<StatusCode, ApiError> {
    let reason: Option<UptakeReason> = request.reason.map(UptakeReason::try_from).transpose().map_err(
        |error: stafett_protocol::uptake::UptakeReasonError| EngineError::Invalid {
            field: "reason",
            reason: error.to_string(),
        },
    )?;
    api.engine.decline_move(&reader, succession, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the case. For the one who was asked, who becomes stafettholder when the old owner carries it out.
#[utoipa::path(
    post, path = "/api/v1/moves/{succession}/acceptance", operation_id = "acceptMove", tag = "moving",
    params(("succession" = doc::SuccessionId, Path, description = "The move.")),
    responses((status = 204, description = "The other side is told."), Reading, Absent, Changing),
)]
pub(crate) async fn accept(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(succession): In<SuccessionId>,
) -> Result<StatusCode, ApiError> {
    api.engine.accept_move(&reader, succession).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Does not take the case. For the one who was asked: the coordinator may ask another, and the other side is
/// told nothing.
#[utoipa::path(
    post, path = "/api/v1/moves/{succession}/no", operation_id = "cannotTakeMove", tag = "moving",
    params(("succession" = doc::SuccessionId, Path, description = "The move.")),
    responses((status = 204, description = "The coordinator sees it."), Reading, Absent, Changing),
)]
pub(crate) async fn cannot(
    State(api): State<Api>,
    Caller(reader): Caller,
    In(succession): In<SuccessionId>,
) -> Result<StatusCode, ApiError> {
    api.engine.cannot_take_move(&reader, succession).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what holds of a move without consent.
///
/// For the stafettholder. The reminders are text of the settings: what is done in other systems is not
/// written down here.
#[utoipa::path(
    get, path = "/api/v1/cases/{case}/move/without", operation_id = "showMoveWithout", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    responses((status = 200, description = "The family's no, and the reminders.", body = MoveWithout), Finding),
)]
pub(crate) async fn without(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &api.engine.move_without(&reader, case).await?))
}

/// Writes down that the family does not let the case go along.
///
/// Nothing goes anywhere. A move can be offered again once the family has said yes to one since.
#[utoipa::path(
    post, path = "/api/v1/cases/{case}/move/without", operation_id = "refuseMove", tag = "moving",
    params(("case" = doc::CaseId, Path, description = "The case.")),
    request_body(content = RefuseMove, description = "Who said no, how and when."),
    responses((status = 204, description = "It is written down."), Finding, Sending, Changing),
)]
pub(crate) async fn refuse(
    State(api): State<Api>,
    Within(reader, case): Within<CaseId>,
    Body(request): Body<RefuseMove>,
) -> Result<StatusCode, ApiError> {
    api.engine.refuse_move(&reader, case, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
