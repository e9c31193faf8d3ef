//! The case that is open in an emergency: for reading, until the half hour is over. An open page asks
//! again at that moment by itself, without a script, and then shows nothing of the case any more.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::must_work;
use crate::engine::answer::EmergencyView;
use crate::web::Api;
use crate::web::pages::cases::level_name;
use crate::web::pages::print::{PrintedEntry, Writer};
use crate::web::pages::{Frame, PageError, page};
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::time;

#[derive(Template)]
#[template(path = "emergency-case.html")]
struct CasePage<'a> {
    frame: Frame<'a>,
    /// Until when it is open.
    until: Text,
    name: Option<String>,
    head: Vec<(Text, String)>,
    unreadable: usize,
    entries: Vec<PrintedEntry>,
}

#[derive(Template)]
#[template(path = "emergency-over.html")]
struct OverPage<'a> {
    frame: Frame<'a>,
}

/// Shows the case, or that no emergency opening counts.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    must_work(&visitor)?;
    let Some(shown) = api.engine.emergency_case(&visitor.reader).await? else {
        let frame = Frame::new(&api, &visitor.asked, visitor.t("emergency-over-title"));
        return page(StatusCode::OK, &OverPage { frame });
    };
    let language = visitor.asked.language();
    let zone = &api.engine.config().node.time_zone;
    let is_received = shown.case.summary.owner != api.engine.organisation();
    let writer = Writer::new(&api.engine, language);
    let rendered = CasePage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("emergency-case-title")),
        until: visitor.t("emergency-until").with("moment", time::clock_of(shown.until, zone)),
        name: shown.case.summary.subject_name.clone(),
        head: head(&api, &visitor, &shown),
        unreadable: shown.case.unreadable,
        entries: writer.entries(&shown.case, is_received),
    };
    let mut response = page(StatusCode::OK, &rendered)?;
    // Rounded up: a page that asks too early would show the case once more.
    let seconds = shown.until.since(api.engine.now()).div_ceil(1_000);
    if let Ok(refresh) = HeaderValue::try_from(format!("{seconds};url=/emergency/case")) {
        response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    }
    Ok(response)
}

/// Whose case it is, its level, and whom to call.
fn head(api: &Api, visitor: &Visitor, shown: &EmergencyView) -> Vec<(Text, String)> {
    let summary = &shown.case.summary;
    let level = summary.level.map(|level| level_name(&api.engine, level, visitor.asked.language()));
    let holder = shown.case.baton.as_ref().and_then(|baton| api.engine.holder_called(baton));
    let rows = [
        (Key("emergency-owner"), Some(summary.owner_name.clone())),
        (Key("cases-level"), level),
        (Key("cases-holder"), holder),
    ];
    rows.into_iter().filter_map(|(key, value)| Some((visitor.t(key), value?))).collect()
}
