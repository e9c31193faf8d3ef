//! Emergency openings, for whoever leads or oversees: who opened, when and why, and what was found.
//! Of what stands in the case nothing is shown.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::entry::value::normalized;
use stafett_protocol::id::EmergencyOpeningId;
use stafett_protocol::limits::{EMERGENCY_FINDING_CHARACTERS_MAX, EMERGENCY_FINDING_CHARACTERS_MIN};
use stafett_protocol::municipality::Service;

use crate::engine::EngineError;
use crate::engine::answer::{EmergencyItem, EmergencyReviewItem};
use crate::engine::request::ReviewEmergency;
use crate::web::Api;
use crate::web::body::In;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::{Namer, time};

/// Where the list is.
const PATH: &str = "/emergency/reviews";

#[derive(Template)]
#[template(path = "emergency-reviews.html")]
struct ReviewsPage<'a> {
    frame: Frame<'a>,
    form: Form,
    waiting: Vec<Row>,
    reviewed: Vec<Row>,
}

struct Row {
    opening: EmergencyOpeningId,
    case: String,
    title: Text,
    service: Option<String>,
    until: Option<Text>,
    reason: Option<String>,
    is_late: bool,
    is_own: bool,
    may_review: bool,
    /// Whether the form of this row is the one that was refused.
    is_refused: bool,
    found: Option<Found>,
}

struct Found {
    by: Text,
    was_needed: Option<Text>,
    finding: Option<String>,
}

/// Lists the openings that the visitor is told of.
pub(crate) async fn list(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    shown(&api, &visitor, StatusCode::OK, Form::new(), None).await
}

/// Writes down what was found.
pub(crate) async fn review(
    State(api): State<Api>,
    visitor: Visitor,
    In(opening): In<EmergencyOpeningId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let was_needed = form.value("needed").to_owned();
    if !matches!(was_needed.as_str(), "yes" | "no") {
        form.refuse("needed", visitor.t("emergency-needed-missing"));
    }
    let characters = normalized(form.value("finding")).chars().count();
    if !(EMERGENCY_FINDING_CHARACTERS_MIN..=EMERGENCY_FINDING_CHARACTERS_MAX).contains(&characters) {
        form.refuse("finding", visitor.t("emergency-finding-wrong"));
    }
    form.check_text("finding", visitor.t("emergency-finding-control"));
    if !form.holds() {
        let items = api.engine.emergencies(&visitor.reader).await?;
        // Whoever may not is told that, and not what is wrong with the form.
        let known = items.iter().find(|item| item.opening == opening).ok_or(EngineError::NotFound)?;
        if !known.may_review && known.review.is_none() {
            return Err(EngineError::NotAllowed.into());
        }
        return shown(&api, &visitor, StatusCode::UNPROCESSABLE_ENTITY, form, Some(opening)).await;
    }
    let request =
        ReviewEmergency { was_needed: was_needed == "yes", finding: form.value("finding").to_owned() };
    api.engine.review_emergency(&visitor.reader, opening, request).await?;
    Ok(done(&api, PATH, Key("notice-emergency-reviewed")))
}

async fn shown(
    api: &Api,
    visitor: &Visitor,
    status: StatusCode,
    form: Form,
    refused: Option<EmergencyOpeningId>,
) -> Result<Response, PageError> {
    let items = api.engine.emergencies(&visitor.reader).await?;
    let (mut waiting, mut reviewed) = (Vec::new(), Vec::new());
    for item in items {
        let row = row(api, visitor, &item, refused);
        if row.found.is_some() { reviewed.push(row) } else { waiting.push(row) }
    }
    // What has waited for longest comes first.
    waiting.reverse();
    let frame = Frame::new(api, &visitor.asked, visitor.t("emergency-reviews-title"));
    page(status, &ReviewsPage { frame, form, waiting, reviewed })
}

fn row(api: &Api, visitor: &Visitor, item: &EmergencyItem, refused: Option<EmergencyOpeningId>) -> Row {
    let language = visitor.asked.language();
    let zone = &api.engine.config().node.time_zone;
    let minute = |at| time::minute_of(at, zone, language);
    let by = name(visitor, item.opened_by.as_deref());
    let service = item
        .service
        .clone()
        .map(|code| api.engine.service(&Service { host: api.engine.organisation(), code }, language));
    let found = |review: &EmergencyReviewItem| Found {
        by: visitor
            .t("emergency-reviewed-by")
            .with("name", name(visitor, review.by.as_deref()))
            .with("moment", minute(review.at)),
        was_needed: review.was_needed.map(|needed| {
            if needed { visitor.t("emergency-was-needed") } else { visitor.t("emergency-was-not-needed") }
        }),
        finding: review.finding.clone(),
    };
    Row {
        opening: item.opening,
        case: item.case.to_string(),
        title: visitor.t("emergency-opened-by").with("name", by).with("moment", minute(item.opened_at)),
        service,
        until: item.until.map(|until| visitor.t("emergency-open-until").with("moment", minute(until))),
        reason: item.reason.clone(),
        is_late: item.is_late,
        is_own: item.is_own,
        may_review: item.may_review,
        is_refused: refused == Some(item.opening),
        found: item.review.as_ref().map(found),
    }
}

fn name(visitor: &Visitor, known: Option<&str>) -> String {
    known.map_or_else(|| visitor.t("looks-no-name").to_string(), str::to_owned)
}
