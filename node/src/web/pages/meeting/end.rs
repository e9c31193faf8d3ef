//! The last page of a meeting: whether it works, what is decided, when the next one is.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::entry::schema::DECISIONS;
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};

use super::read_by::{ReadBy, read_by};
use super::{held, is_invalid, lines_of, meeting_in, new_entry, put_date, put_text};
use crate::engine::EngineError;
use crate::engine::answer::EntryItem;
use crate::engine::request::{EditEntry, NewEntry};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::entry::code;

#[derive(Template)]
#[template(path = "meeting_end.html")]
struct EndPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    meeting: EntryId,
    form: Form,
    on_track: Vec<(String, String)>,
    decisions: Vec<(String, String)>,
    heard: Vec<(String, String)>,
    evaluation: ReadBy,
    decision: ReadBy,
}

/// The form that ends a meeting.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    end_page(&api, &visitor, meeting_in(&view, meeting)?, Form::new(), StatusCode::OK).await
}

/// Publishes evaluation and decision, and writes in the meeting that it was held.
pub(crate) async fn end(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let item = meeting_in(&view, meeting)?;
    let mut of_meeting = BTreeMap::new();
    put_text(&mut of_meeting, FieldKey::Status, "held");
    put_text(&mut of_meeting, FieldKey::Summary, form.value("summary"));
    put_date(&mut form, &visitor, &mut of_meeting, ("next", FieldKey::NextMeeting), false);
    for field in ["summary", "description", "reason"] {
        form.check_text(field, visitor.t("form-wrong-text"));
    }
    let (evaluation, decision) = outcome(item, &visitor, &mut form);
    if form.holds() {
        // Both must be taken before either is published.
        let previewed = async {
            api.engine.preview_entry(&visitor.reader, case, &evaluation).await?;
            api.engine.preview_entry(&visitor.reader, case, &decision).await
        };
        if let Err(error) = previewed.await.map_err(PageError::from) {
            match error {
                PageError::Refused(error) if is_invalid(&error) => {
                    let field = form.longest(["reason", "description"]).unwrap_or("description");
                    form.refuse(field, visitor.t("meeting-not-taken"));
                }
                other => return Err(other),
            }
        }
    }
    if !form.holds() {
        return end_page(&api, &visitor, item, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let fields = of_meeting.into_iter().map(|(key, value)| (key, Some(value))).collect();
    match api.engine.edit_entry(&visitor.reader, case, meeting, EditEntry { fields }).await {
        Ok(_) => {}
        Err(EngineError::Invalid { .. }) => {
            form.refuse("summary", visitor.t("meeting-not-taken"));
            return end_page(&api, &visitor, item, form, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        Err(other) => return Err(other.into()),
    }
    api.engine.publish_entry(&visitor.reader, case, evaluation).await?;
    api.engine.publish_entry(&visitor.reader, case, decision).await?;
    Ok(done(&api, &format!("/cases/{case}/meeting/{meeting}"), Key("notice-meeting-ended")))
}

fn outcome(item: &EntryItem, visitor: &Visitor, form: &mut Form) -> (NewEntry, NewEntry) {
    let date = item.view.text(FieldKey::Date).to_owned();
    let on_track = form.require("on-track", visitor.t("meeting-on-track-missing"));
    let decided = form.require("decision", visitor.t("meeting-decision-missing"));
    if !decided.is_empty() && !DECISIONS.contains(&decided.as_str()) {
        form.refuse("decision", visitor.t("meeting-decision-missing"));
    }
    if !on_track.is_empty() && !ON_TRACK.contains(&on_track.as_str()) {
        form.refuse("on-track", visitor.t("meeting-on-track-missing"));
    }
    let mut evaluation = BTreeMap::new();
    put_text(&mut evaluation, FieldKey::Date, &date);
    put_text(&mut evaluation, FieldKey::OnTrack, &on_track);
    put_text(&mut evaluation, FieldKey::Decision, &decided);
    put_text(&mut evaluation, FieldKey::Description, form.value("description"));
    evaluation.insert(FieldKey::ChildHeard, FieldValue::Flag(form.has("heard", "yes")));
    let mut decision = BTreeMap::new();
    put_text(&mut decision, FieldKey::Date, &date);
    put_text(&mut decision, FieldKey::Decision, &decided);
    put_text(&mut decision, FieldKey::Reason, form.value("reason"));
    (
        new_entry(EntryKind::Evaluation, item.areas.clone(), evaluation, Some(item.entry)),
        new_entry(EntryKind::Decision, item.areas.clone(), decision, Some(item.entry)),
    )
}

const ON_TRACK: [&str; 3] = ["yes", "partly", "no"];

fn choices(kind: EntryKind, key: FieldKey, codes: &[&str], language: Language) -> Vec<(String, String)> {
    let word =
        |text: &&str| Some(((*text).to_owned(), code(kind, key, text)?.in_language(language).to_owned()));
    codes.iter().filter_map(word).collect()
}

async fn end_page(
    api: &Api,
    visitor: &Visitor,
    item: &EntryItem,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let language = visitor.asked.language();
    let mut example = Form::new().put("on-track", "yes").put("decision", "continue");
    let (evaluation, decision) = outcome(item, visitor, &mut example);
    let present = lines_of(&item.view.fields, FieldKey::Present);
    let shown = EndPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("meeting-end-title")),
        case: item.case,
        meeting: item.entry,
        form,
        on_track: choices(EntryKind::Evaluation, FieldKey::OnTrack, &ON_TRACK, language),
        decisions: choices(EntryKind::Decision, FieldKey::Decision, DECISIONS, language),
        heard: vec![("yes".to_owned(), visitor.t("meeting-heard-yes").to_string())],
        evaluation: read_by(api, visitor, item.case, &evaluation, &present).await?,
        decision: read_by(api, visitor, item.case, &decision, &present).await?,
    };
    page(status, &shown)
}
