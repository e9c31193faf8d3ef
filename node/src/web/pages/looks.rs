//! Who has looked at a case: for its family, the stafettholder and the data protection officer.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::Service;
use stafett_protocol::person::Role;

use super::consents::Say;
use super::kin::is_family;
use super::{Frame, PageError, page};
use crate::engine::looks::{Look, Looked, Reason};
use crate::web::Api;
use crate::web::visitor::Visiting;
use crate::words::{Namer, listed, role};

/// Rows of a page, the newest.
const LOOKS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "looks.html")]
struct LooksPage<'a> {
    frame: Frame<'a>,
    back: Option<String>,
    is_cut: bool,
    looks: Vec<LookRow>,
}

#[derive(PartialEq, Eq)]
struct LookRow {
    at: String,
    who: String,
    role: String,
    service: String,
    what: String,
    why: String,
}

/// Shows who looked, the newest first; several looks of one minute are one row.
pub(crate) async fn list(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let looks = api.engine.looks(&visitor.reader, case).await?;
    let say = Say::new(&api.engine, &visitor);
    let mut rows: Vec<_> = looks.iter().map(|look| row(&api, &say, look)).collect();
    rows.dedup();
    let is_cut = rows.len() > LOOKS_MAX;
    rows.truncate(LOOKS_MAX);
    let back = match visitor.reader.role {
        role if is_family(role) => Some(format!("/family/{case}")),
        Role::DataProtectionOfficer => Some("/disclosures".to_owned()),
        _ => Some(format!("/cases/{case}/consents")),
    };
    let shown = LooksPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("looks-title")),
        back,
        is_cut,
        looks: rows,
    };
    page(StatusCode::OK, &shown)
}

fn row(api: &Api, say: &Say<'_>, look: &Look) -> LookRow {
    let what = match &look.what {
        Looked::Log => say.t("looks-log"),
        Looked::Print => say.t("looks-print"),
        Looked::Consents => say.t("looks-consents"),
        Looked::Baton => say.t("looks-baton"),
        Looked::Transition => say.t("looks-transition"),
        Looked::Move => say.t("looks-move"),
        Looked::Package => say.t("looks-package"),
        Looked::Preview { areas } => {
            let names: Vec<_> = areas.iter().map(|area| api.engine.area(area, say.language)).collect();
            say.t("looks-preview").with("areas", listed(say.language, &names))
        }
    };
    let why = match &look.why {
        Reason::Task if is_family(look.role) => say.t("looks-own-log").to_string(),
        Reason::Task => say.t("looks-task").to_string(),
        Reason::Emergency => say.t("looks-emergency").to_string(),
        Reason::Other(Some(words)) => words.clone(),
        Reason::Other(None) => say.t("looks-other").to_string(),
    };
    let service = look
        .service
        .as_ref()
        .map(|code| say.service(&Service { host: api.engine.organisation(), code: code.clone() }));
    let who = match &look.name {
        _ if look.is_own => say.t("looks-you").to_string(),
        Some(name) => name.clone(),
        None => say.t("looks-no-name").to_string(),
    };
    LookRow {
        at: say.minute(look.at),
        who,
        role: role(look.role).in_language(say.language).to_owned(),
        service: service.unwrap_or_else(|| api.engine.config().node.name.clone()),
        what: what.to_string(),
        why,
    }
}
