//! My cases: what waits for me first, then the cases; and the inbox of a shared service.

pub(crate) mod inbox;
pub(crate) mod new;
pub(crate) mod waiting;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::access::emergency;
use stafett_protocol::consent::rule::SubjectKind;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::person::Role;

use self::waiting::Waiting;
use super::{Frame, PageError, page};
use crate::engine::Engine;
use crate::engine::overview::CaseOverview;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::time;

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage<'a> {
    frame: Frame<'a>,
    waiting: Vec<Waiting>,
    cases: Vec<CaseRow>,
    filters: Vec<Filter>,
    may_open: bool,
    /// Whether the way to an emergency opening is told.
    may_open_in_emergency: bool,
}

/// A link that shows some of the cases.
struct Filter {
    href: &'static str,
    words: Text,
    is_chosen: bool,
}

/// One case in the list.
struct CaseRow {
    href: String,
    name: String,
    /// Whom it is about, and how old.
    subject: String,
    /// The municipality that owns it, if it is another.
    owner: Option<String>,
    facts: Vec<(Text, String)>,
    late: Option<Text>,
    changed: Option<Text>,
}

/// Returns what a page's address asks for under a name.
pub(crate) fn asked_for(uri: &Uri, name: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let wanted = pairs.filter(|(key, value)| key == name && !value.is_empty());
    wanted.map(|(_, value)| value.into_owned()).collect()
}

/// Whoever works with cases has these pages; a family has its own.
pub(crate) fn staff_only(visitor: &Visitor) -> Result<(), PageError> {
    match visitor.reader.role {
        Role::Guardian | Role::Subject => Err(ApiError::NotFound.into()),
        _ => Ok(()),
    }
}

/// The level in the municipality's words.
pub(crate) fn level_name(engine: &Engine, level: Level, language: Language) -> String {
    let name = engine.config().action_guide.level(u8::from(level));
    name.map_or_else(|| u8::from(level).to_string(), |name| name.in_language(language).to_owned())
}

/// The first name, as the pages call somebody; none if the name is not the reader's to know.
pub(crate) fn first_name(name: Option<&str>) -> Option<&str> {
    name.and_then(|name| name.split_whitespace().next())
}

/// Whom a case is about, in words.
pub(crate) fn subject_key(kind: SubjectKind) -> Key {
    match kind {
        SubjectKind::Child => Key("cases-child"),
        SubjectKind::Youth => Key("cases-youth"),
        SubjectKind::PregnantWoman => Key("cases-pregnant"),
        SubjectKind::Parent => Key("cases-parent"),
    }
}

/// Shows what waits, and the cases.
pub(crate) async fn list(State(api): State<Api>, visitor: Visitor, uri: Uri) -> Result<Response, PageError> {
    staff_only(&visitor)?;
    let all = api.engine.overview(&visitor.reader).await?;
    let waiting = waiting::of(&api, &visitor, &all).await?;
    let shown = asked_for(&uri, "show").into_iter().next().unwrap_or_default();
    let is_shown = |overview: &&CaseOverview| {
        let task = overview.summary.task.as_str();
        let is_own = overview.summary.owner == api.engine.organisation();
        match shown.as_str() {
            _ if task == "inbox" => false,
            "mine" => task == "stafettholder",
            "with" => is_own && task == "assigned",
            "shared" => !is_own,
            _ => true,
        }
    };
    let cases = all.iter().filter(is_shown).map(|overview| row(&api, &visitor, overview)).collect();
    let filter =
        |href, key: Key, name: &str| Filter { href, words: visitor.t(key), is_chosen: shown == name };
    let filters = vec![
        filter("/cases", Key("cases-show-all"), ""),
        filter("/cases?show=mine", Key("cases-show-mine"), "mine"),
        filter("/cases?show=with", Key("cases-show-with"), "with"),
        filter("/cases?show=shared", Key("cases-show-shared"), "shared"),
    ];
    let may_open = visitor.reader.role == Role::Employee && visitor.reader.service.is_some();
    let may_open_in_emergency = emergency::may_open(&visitor.reader);
    let frame = Frame::new(&api, &visitor.asked, visitor.t("cases-title"));
    page(StatusCode::OK, &CasesPage { frame, waiting, cases, filters, may_open, may_open_in_emergency })
}

/// Who a case is about, as far as the reader knows.
pub(crate) fn subject_words(visitor: &Visitor, kind: Option<SubjectKind>, age: Option<i16>) -> String {
    let kind = kind.map(|kind| visitor.t(subject_key(kind)).to_string());
    let age = age.map(|age| visitor.t("cases-age").with("years", i64::from(age)).to_string());
    kind.into_iter().chain(age).collect::<Vec<_>>().join(", ")
}

fn row(api: &Api, visitor: &Visitor, overview: &CaseOverview) -> CaseRow {
    let language = visitor.asked.language();
    let summary = &overview.summary;
    let name = first_name(summary.subject_name.as_deref());
    let is_own = summary.owner == api.engine.organisation();
    let holder = match summary.task.as_str() {
        "stafettholder" => Some(visitor.t("cases-you").to_string()),
        _ => overview.holder.clone(),
    };
    let level = summary.level.map(|level| level_name(&api.engine, level, language));
    let facts = [
        (Key("cases-level"), level),
        (Key("cases-holder"), holder),
        (Key("cases-meeting"), overview.outlook.next_meeting.map(time::day)),
        (Key("cases-deadline"), overview.outlook.next_deadline.map(time::day)),
    ];
    let late = overview.outlook.late.len();
    let changed = match overview.looked_at {
        Some(_) if overview.changed > 0 => Some(visitor.t("cases-changed").with("count", overview.changed)),
        Some(_) => None,
        None => Some(visitor.t("cases-not-opened")),
    };
    CaseRow {
        href: format!("/cases/{}", summary.case),
        name: name.map_or_else(|| visitor.t("cases-unnamed").to_string(), str::to_owned),
        subject: subject_words(visitor, overview.subject_kind, overview.age),
        owner: (!is_own).then(|| summary.owner_name.clone()),
        facts: facts.into_iter().filter_map(|(key, value)| Some((visitor.t(key), value?))).collect(),
        late: (late > 0).then(|| visitor.t("cases-late").with("count", late)),
        changed,
    }
}
