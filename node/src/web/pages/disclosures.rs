//! For the data protection officer: what left this node, to whom, on which consents. Ids and
//! moments; no content and no name of a person.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use stafett_protocol::id::DisclosureId;
use stafett_protocol::person::Role;

use super::cases::asked_for;
use super::cases::waiting::{Waiting, of_emergencies};
use super::{Frame, PageError, page};
use crate::engine::EngineError;
use crate::engine::answer::DisclosureItem;
use crate::engine::operations::DisclosuresPart;
use crate::web::Api;
use crate::web::visitor::Visitor;
use crate::words::time;

/// Rows of a page, 500; older ones are on pages of their own.
const ROWS_MAX: NonZeroU32 = NonZeroU32::MIN.saturating_add(499);

#[derive(Template)]
#[template(path = "disclosures.html")]
struct DisclosuresPage<'a> {
    frame: Frame<'a>,
    waiting: Vec<Waiting>,
    count: u64,
    /// Whether later ones stand on the page before.
    is_older: bool,
    /// Where the next page begins.
    older: Option<DisclosureId>,
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

/// What left this node, the latest first. Where an older page begins is a random id.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor, uri: Uri) -> Result<Response, PageError> {
    if visitor.reader.role != Role::DataProtectionOfficer {
        return Err(EngineError::NotFound.into());
    }
    let before = asked_for(&uri, "before").first().map(|id| id.parse()).transpose();
    let before = before.map_err(|_| EngineError::NotFound)?;
    let DisclosuresPart { items, older, count } =
        api.engine.disclosures_part(&visitor.reader, before, ROWS_MAX).await?;
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
    let rows: Vec<_> = items.iter().map(row).collect();
    let waiting = of_emergencies(&api, &visitor, &BTreeMap::new()).await?;
    let frame = Frame::new(&api, &visitor.asked, visitor.t("disclosures-title"));
    page(StatusCode::OK, &DisclosuresPage { frame, waiting, count, is_older: before.is_some(), older, rows })
}
