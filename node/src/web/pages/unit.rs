//! The cases of a unit, for its leader: which has no active stafettholder, and where something lies; and
//! the children who begin there.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;
use stafett_protocol::stalled::Sign;

use super::cases::level_name;
use super::stalled::{label, sign_key};
use super::transition::{self, service_name};
use super::{Frame, PageError, page};
use crate::engine::transition::Receiving;
use crate::engine::unit::UnitCase;
use crate::web::Api;
use crate::web::texts::Text;
use crate::web::visitor::Visitor;
use crate::words::time;

#[derive(Template)]
#[template(path = "unit.html")]
struct UnitPage<'a> {
    frame: Frame<'a>,
    receiving: Vec<ReceivingRow>,
    cases: Vec<UnitRow>,
}

/// A child that begins in the unit.
struct ReceivingRow {
    case: CaseId,
    sentence: Text,
    is_received: bool,
}

struct UnitRow {
    case: CaseId,
    label: String,
    opened: String,
    level: String,
    /// Who holds the baton and since when; none if nobody does who works here.
    holder: Option<Text>,
    is_acting: bool,
    is_offered: bool,
    overdue: Option<Text>,
    /// By which signs the case has stopped, besides that nobody holds the baton.
    signs: Vec<Text>,
}

/// Shows the cases that the visitor answers for as a leader.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    let cases = api.engine.unit_cases(&visitor.reader).await?;
    let cases = cases.iter().map(|case| row(&api, &visitor, case)).collect();
    let receiving = api.engine.receiving(&visitor.reader).await?;
    let receiving = receiving.iter().map(|child| comes(&api, &visitor, child)).collect();
    let frame = Frame::new(&api, &visitor.asked, visitor.t("unit-title"));
    page(StatusCode::OK, &UnitPage { frame, receiving, cases })
}

fn comes(api: &Api, visitor: &Visitor, child: &Receiving) -> ReceivingRow {
    let from = child.from.as_ref().map(|from| service_name(api, visitor, from));
    let sentence = transition::comes(visitor, None, from, time::day_of_text(&child.on));
    ReceivingRow { case: child.case, sentence, is_received: child.is_received }
}

fn row(api: &Api, visitor: &Visitor, case: &UnitCase) -> UnitRow {
    let zone = &api.engine.config().node.time_zone;
    let since = time::day_of(case.held_since, zone);
    UnitRow {
        case: case.case,
        label: label(case.case),
        opened: time::day_of(case.opened_at, zone),
        level: level_name(&api.engine, case.level, visitor.asked.language()),
        holder: case
            .holder
            .as_ref()
            .map(|name| visitor.t("unit-holder").with("name", name).with("day", since)),
        is_acting: case.is_acting && case.holder.is_some(),
        is_offered: case.is_offered,
        overdue: (case.overdue > 0).then(|| visitor.t("unit-overdue").with("count", case.overdue)),
        signs: case
            .signs
            .iter()
            .filter(|sign| **sign != Sign::NoHolder)
            .map(|sign| visitor.t(sign_key(*sign)))
            .collect(),
    }
}
