//! The cases that have stopped, for the BTI coordinator: numbers and signs, and nobody's name.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::municipality::Service;
use stafett_protocol::stalled::Sign;
use stafett_protocol::time::DAY;

use super::cases::level_name;
use super::{Frame, PageError, page};
use crate::engine::stalled::{FEWEST_COUNTED, Stalled, StalledCase};
use crate::web::Api;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::Namer;

#[derive(Template)]
#[template(path = "stalled.html")]
struct StalledPage<'a> {
    frame: Frame<'a>,
    levels: Vec<(String, Text)>,
    cases: Vec<StalledRow>,
    unreadable: Option<Text>,
    signs: Vec<Text>,
}

struct StalledRow {
    label: String,
    level: String,
    service: String,
    weeks: Text,
    signs: Vec<Text>,
}

/// What a case is called among those who may not know whom it is about: the first eight digits of its
/// random id.
pub(super) fn label(case: CaseId) -> String {
    case.as_bytes().iter().take(4).map(|byte| format!("{byte:02X}")).collect()
}

/// Shows how many cases are open on each level, and which have stopped.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    let Stalled { open, cases, unreadable } = api.engine.stalled(&visitor.reader).await?;
    let language = visitor.asked.language();
    let guide = &api.engine.config().action_guide;
    let levels = (0..=3).filter_map(|level| Level::try_from(level).ok());
    let levels = levels.filter(|level| guide.level(u8::from(*level)).is_some()).map(|level| {
        let count = open.get(&level).copied().unwrap_or_default();
        let words = if count < FEWEST_COUNTED {
            visitor.t("stalled-few").with("count", FEWEST_COUNTED)
        } else {
            visitor.t("stalled-count").with("count", count)
        };
        (level_name(&api.engine, level, language), words)
    });
    let shown = StalledPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("stalled-title")),
        levels: levels.collect(),
        cases: cases.iter().map(|case| row(&api, &visitor, case)).collect(),
        unreadable: (unreadable > 0).then(|| visitor.t("stalled-unreadable").with("count", unreadable)),
        signs: Sign::ALL.map(|sign| visitor.t(sign_key(sign))).to_vec(),
    };
    page(StatusCode::OK, &shown)
}

fn row(api: &Api, visitor: &Visitor, case: &StalledCase) -> StalledRow {
    let language = visitor.asked.language();
    let service = Service { host: api.engine.organisation(), code: case.service.clone() };
    let weeks = api.engine.now().since(case.since).checked_div(7 * DAY).unwrap_or_default();
    StalledRow {
        label: label(case.case),
        level: level_name(&api.engine, case.level, language),
        service: match &case.unit {
            Some(unit) => format!("{}, {unit}", api.engine.service(&service, language)),
            None => api.engine.service(&service, language),
        },
        weeks: visitor.t("stalled-weeks").with("weeks", weeks),
        signs: case.signs.iter().map(|sign| visitor.t(sign_key(*sign))).collect(),
    }
}

/// How a sign that a case has stopped is called.
pub(super) fn sign_key(sign: Sign) -> Key {
    match sign {
        Sign::NoHolder => Key("stalled-no-holder"),
        Sign::BatonWaits => Key("stalled-baton-waits"),
        Sign::NoMeeting => Key("stalled-no-meeting"),
        Sign::ConsentWaits => Key("stalled-consent-waits"),
        Sign::ConsentExpired => Key("stalled-consent-expired"),
        Sign::ServiceCannotTake => Key("stalled-cannot-take"),
    }
}
