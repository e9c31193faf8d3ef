//! The meeting: its page is the minutes. Who is here, the points, and from each point an agreement
//! or a measure that asks who and by when. Everything is an entry that is written once, and its
//! readers are named before it is published. The stafettholder runs it. Which services are here is
//! asked for the warning alone; in the minutes stands what a person wrote.

pub(crate) mod end;
mod read_by;
pub(crate) mod wall;
pub(crate) mod write;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::entry::value::{check_line, normalized};
use stafett_protocol::entry::{About, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::limits::LIST_ELEMENTS_MAX;
use stafett_protocol::municipality::AreaCode;

use super::{Frame, PageError, about, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{CaseView, EntryItem};
use crate::engine::request::NewEntry;
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{Namer, time};
use read_by::{ReadBy, for_button, has_changed, read_by};

/// The status of a meeting that has ended.
const HELD: &str = "held";

#[derive(Template)]
#[template(path = "meetings.html")]
struct MeetingsPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    meetings: Vec<(String, EntryId)>,
    form: Form,
    areas: Vec<(String, String)>,
    services: Vec<(String, String)>,
    about: Vec<(String, String)>,
    read_by: Option<ReadBy>,
    /// Whom the button names.
    button: String,
    has_changed: bool,
}

/// The meetings of a case, and the form that begins another.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let today = time::date_of(api.engine.now(), &api.engine.config().node.time_zone);
    let form = Form::new().put("date", today.to_string()).put(about::FIELD, "subject");
    meetings_page(&api, &visitor, &view, form, None, StatusCode::OK).await
}

/// Begins a meeting: first its readers are named, then it is published.
pub(crate) async fn begin(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let request = new_meeting(&api, &visitor, &view, &mut form);
    if !form.holds() {
        return meetings_page(&api, &visitor, &view, form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let lines = lines_of(&request.fields, FieldKey::Present);
    let present = read_by::present(&api, &visitor, case, &form, lines).await?;
    let read_by = match read_by(&api, &visitor, case, &request, &present).await {
        Ok(read_by) => read_by,
        Err(PageError::Refused(error)) if is_invalid(&error) => {
            form.refuse("date", visitor.t("meeting-not-taken"));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return meetings_page(&api, &visitor, &view, form, None, status).await;
        }
        Err(other) => return Err(other),
    };
    if form.value("seen") != read_by.seen() {
        return meetings_page(&api, &visitor, &view, form, Some(read_by), StatusCode::OK).await;
    }
    let published = api.engine.publish_written(&visitor.reader, case, request, form.written_in()).await?;
    let meeting = published.entry.ok_or(EngineError::NotFound)?;
    Ok(done(&api, &format!("/cases/{case}/meeting/{meeting}"), Key("notice-meeting-begun")))
}

fn new_meeting(api: &Api, visitor: &Visitor, view: &CaseView, form: &mut Form) -> NewEntry {
    let mut fields = BTreeMap::new();
    put_date(form, visitor, &mut fields, ("date", FieldKey::Date), true);
    let begins = form.value("time").to_owned();
    if begins.parse::<jiff::civil::Time>().is_err() && !begins.is_empty() {
        form.refuse("time", visitor.t("meeting-time-wrong"));
    }
    form.check_line("place", visitor.t("form-wrong-text"));
    put_text(&mut fields, FieldKey::Time, &begins);
    put_text(&mut fields, FieldKey::Place, form.value("place"));
    put_text(&mut fields, FieldKey::Status, "planned");
    let present = form.value("present").lines().map(str::trim).filter(|line| !line.is_empty());
    let present: Vec<String> = present.map(str::to_owned).collect();
    let lines: Vec<_> = present.iter().map(|line| normalized(line)).collect();
    if lines.len() > LIST_ELEMENTS_MAX || lines.iter().any(|line| check_line(line).is_err()) {
        form.refuse("present", visitor.t("form-wrong-text"));
    }
    if !present.is_empty() {
        fields.insert(FieldKey::Present, FieldValue::Lines(present));
    }
    let areas = chosen_areas(api, visitor, form);
    let about = about::chosen(visitor, view, form);
    new_entry(EntryKind::Meeting, (areas, about), fields, None)
}

async fn meetings_page(
    api: &Api,
    visitor: &Visitor,
    view: &CaseView,
    form: Form,
    read_by: Option<ReadBy>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let seen = read_by.as_ref().map(ReadBy::seen).unwrap_or_default();
    let mut meetings: Vec<&EntryItem> =
        view.entries.iter().filter(|item| item.kind == EntryKind::Meeting).collect();
    meetings.sort_by(|one, other| other.view.text(FieldKey::Date).cmp(one.view.text(FieldKey::Date)));
    let shown = MeetingsPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("meeting-title")),
        case: view.summary.case,
        meetings: meetings.iter().map(|item| (meeting_name(visitor, item), item.entry)).collect(),
        has_changed: read_by.is_some() && has_changed(form.value("seen"), &seen),
        form: form.with_id(),
        areas: area_choices(api, visitor),
        services: read_by::service_choices(api, visitor, view.summary.case).await?,
        about: about::choices(visitor, view),
        button: read_by.as_ref().map(|named| for_button(api, visitor, &[named])).unwrap_or_default(),
        read_by,
    };
    page(status, &shown)
}

/// What the stafettholder sees of the case. Nobody else runs a meeting, or learns that there is one.
async fn held(api: &Api, visitor: &Visitor, case: CaseId) -> Result<CaseView, PageError> {
    let view = api.engine.case(&visitor.reader, case).await?;
    if view.summary.task == "stafettholder" { Ok(view) } else { Err(EngineError::NotFound.into()) }
}

fn meeting_in(view: &CaseView, meeting: EntryId) -> Result<&EntryItem, PageError> {
    let is_it = |item: &&EntryItem| item.entry == meeting && item.kind == EntryKind::Meeting;
    view.entries.iter().find(is_it).ok_or_else(|| EngineError::NotFound.into())
}

fn meeting_name(visitor: &Visitor, item: &EntryItem) -> String {
    let day = time::day_of_text(item.view.text(FieldKey::Date));
    visitor.t("meeting-of").with("day", day).to_string()
}

fn is_held(meeting: &EntryItem) -> bool {
    meeting.view.text(FieldKey::Status) == HELD
}

fn new_entry(
    kind: EntryKind,
    (areas, about): (BTreeSet<AreaCode>, BTreeSet<About>),
    fields: BTreeMap<FieldKey, FieldValue>,
    towards: Option<EntryId>,
) -> NewEntry {
    NewEntry { kind, areas, about, fields, towards, hidden_from_guardians: false }
}

fn put_text(fields: &mut BTreeMap<FieldKey, FieldValue>, key: FieldKey, text: &str) {
    if !text.is_empty() {
        fields.insert(key, FieldValue::Text(text.to_owned()));
    }
}

fn put_date(
    form: &mut Form,
    visitor: &Visitor,
    fields: &mut BTreeMap<FieldKey, FieldValue>,
    (name, key): (&str, FieldKey),
    is_required: bool,
) {
    let text = form.value(name).to_owned();
    let is_date = text.parse::<jiff::civil::Date>().is_ok();
    if !is_date && (is_required || !text.is_empty()) {
        form.refuse(name, visitor.t("meeting-date-wrong"));
    }
    put_text(fields, key, &text);
}

fn lines_of(fields: &BTreeMap<FieldKey, FieldValue>, key: FieldKey) -> Vec<String> {
    match fields.get(&key) {
        Some(FieldValue::Lines(lines)) => lines.clone(),
        _ => Vec::new(),
    }
}

fn area_choices(api: &Api, visitor: &Visitor) -> Vec<(String, String)> {
    let areas = api.engine.config().areas.iter();
    areas.map(|area| (area.code.to_string(), api.engine.area(&area.code, visitor.asked.language()))).collect()
}

/// At least one area: an entry without is read by nobody else.
fn chosen_areas(api: &Api, visitor: &Visitor, form: &mut Form) -> BTreeSet<AreaCode> {
    let known = api.engine.config().areas.iter();
    let areas: BTreeSet<_> =
        known.map(|area| area.code.clone()).filter(|code| form.has("areas", &code.to_string())).collect();
    if areas.is_empty() {
        form.refuse("areas", visitor.t("meeting-areas-missing"));
    }
    areas
}

/// Whether the engine says that the content does not fit, such as a text that is too long.
fn is_invalid(error: &crate::web::error::ApiError) -> bool {
    matches!(error, crate::web::error::ApiError::Invalid { .. })
}
