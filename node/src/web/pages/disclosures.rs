//! For the data protection officer: what left this node, to whom, on which consents. Ids and
//! moments; no content and no name of a person.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::person::Role;

use super::{Frame, PageError, page};
use crate::engine::EngineError;
use crate::engine::answer::DisclosureItem;
use crate::web::Api;
use crate::web::visitor::Visitor;
use crate::words::time;

/// Rows that the page shows; all of them are in the API.
const SHOWN_MAX: usize = 500;

#[derive(Template)]
#[template(path = "disclosures.html")]
struct DisclosuresPage<'a> {
    frame: Frame<'a>,
    count: usize,
    shown: usize,
    rows: Vec<Row>,
}

struct Row {
    at: String,
    partner: String,
    case: String,
    entry: String,
    consents: Vec<String>,
    unsent: bool,
}

/// What left this node, the latest first.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    if visitor.reader.role != Role::DataProtectionOfficer {
        return Err(EngineError::NotFound.into());
    }
    let mut items = api.engine.disclosures(&visitor.reader, None).await?;
    items.sort_by_key(|item| std::cmp::Reverse((item.at, item.id)));
    let language = visitor.asked.language();
    let zone = &api.engine.config().node.time_zone;
    let links = api.engine.links(&visitor.reader).await?;
    let row = |item: &DisclosureItem| Row {
        at: time::minute_of(item.at, zone, language),
        partner: links
            .iter()
            .find(|link| link.partner == item.partner)
            .map_or_else(|| item.partner.to_string(), |link| link.name.clone()),
        case: item.case.to_string(),
        entry: item.entry.to_string(),
        consents: item.consents.iter().map(ToString::to_string).collect(),
        unsent: item.unsent,
    };
    let rows: Vec<_> = items.iter().take(SHOWN_MAX).map(row).collect();
    let frame = Frame::new(&api, &visitor.asked, visitor.t("disclosures-title"));
    page(StatusCode::OK, &DisclosuresPage { frame, count: items.len(), shown: rows.len(), rows })
}
