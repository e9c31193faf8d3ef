//! What a youth lets each guardian go on reading, in the youth's own words and for no reason given.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::{CaseId, PersonId};
use stafett_protocol::municipality::AreaCode;

use crate::engine::EngineError;
use crate::engine::request::LimitGuardian;
use crate::web::Api;
use crate::web::form::Posted;
use crate::web::pages::consents::Say;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::Visiting;

#[derive(Template)]
#[template(path = "family-guardians.html")]
struct GuardiansPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    guardians: Vec<Guardian>,
    areas: Vec<(String, String)>,
}

struct Guardian {
    person: PersonId,
    name: String,
    closed: BTreeSet<String>,
}

/// Shows what each guardian reads.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let own = api.engine.own_guardians(&visitor.reader, case).await?;
    let say = Say::new(&api.engine, &visitor);
    let guardians = own.into_iter().map(|one| Guardian {
        person: one.party.person,
        name: one.party.name.clone().unwrap_or_else(|| say.relation(&one.party)),
        closed: one.closed.iter().map(ToString::to_string).collect(),
    });
    let areas = api.engine.config().areas.iter();
    let shown = GuardiansPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("family-guardians-title")),
        case,
        guardians: guardians.collect(),
        areas: areas.map(|area| (area.code.to_string(), say.area(&area.code))).collect(),
    };
    page(StatusCode::OK, &shown)
}

/// Sets what one guardian reads.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    api.engine.own_guardians(&visitor.reader, case).await?;
    let guardian: PersonId = form.value("guardian").parse().map_err(|_| EngineError::NotFound)?;
    let closed = form.values("closed").map(str::parse).collect::<Result<BTreeSet<AreaCode>, _>>();
    let closed = closed.map_err(|_| EngineError::NotFound)?;
    let request = LimitGuardian { closed, channel: None };
    api.engine.limit_guardian(&visitor.reader, case, guardian, request).await?;
    Ok(done(&api, &format!("/family/{case}/guardians"), Key("notice-saved")))
}
