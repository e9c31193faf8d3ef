//! The last page of a meeting: whether it works, what is decided, when the next one is. It names who
//! reads each part, and a meeting ends once.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::entry::schema::DECISIONS;
use stafett_protocol::entry::{About, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};

use super::read_by::{self, ReadBy};
use super::{HELD, held, is_held, is_invalid, lines_of, meeting_in, new_entry, put_date, put_text};
use crate::engine::EngineError;
use crate::engine::answer::{CaseView, EntryItem};
use crate::engine::request::{EditEntry, NewEntry};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, about, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::entry::code;

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "meeting_end.html")]
struct EndPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    meeting: EntryId,
    form: Form,
    on_track: Choices,
    decisions: Choices,
    heard: Choices,
    about: Choices,
    services: Choices,
    evaluation: ReadBy,
    decision: ReadBy,
    minutes: ReadBy,
    /// Whom the button names.
    button: String,
    seen: String,
    has_changed: bool,
    has_ended: bool,
}

/// The form that ends a meeting.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let end = End { api: &api, visitor: &visitor, view: &view, item: meeting_in(&view, meeting)? };
    let form = about::ticked(Form::new(), &view, &end.item.about);
    end.page(form, None, StatusCode::OK).await
}

/// Publishes evaluation and decision, and writes in the meeting that it was held: all of it or
/// nothing, to those whom the page named, and once.
pub(crate) async fn end(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let end = End { api: &api, visitor: &visitor, view: &view, item: meeting_in(&view, meeting)? };
    if is_held(end.item) {
        return end.page(form, None, StatusCode::CONFLICT).await;
    }
    let ending = end.read(&mut form);
    if !form.holds() {
        return end.page(form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let named = match end.named(&ending, &form).await {
        Ok(named) => named,
        Err(PageError::Refused(error)) if is_invalid(&error) => {
            let field = form.longest(["reason", "description"]).unwrap_or("description");
            form.refuse(field, visitor.t("meeting-not-taken"));
            return end.page(form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        Err(other) => return Err(other),
    };
    if form.value("seen") != named.seen() {
        return end.page(form, Some(named), StatusCode::OK).await;
    }
    let fields = ending.minutes.into_iter().map(|(key, value)| (key, Some(value))).collect();
    let outcome = vec![ending.evaluation, ending.decision];
    let ended = api.engine.end_meeting(&visitor.reader, case, meeting, EditEntry { fields }, outcome).await;
    match ended {
        Ok(()) => Ok(done(&api, &format!("/cases/{case}/meeting/{meeting}"), Key("notice-meeting-ended"))),
        Err(EngineError::Invalid { .. }) => {
            form.refuse("summary", visitor.t("meeting-not-taken"));
            end.page(form, None, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(EngineError::Conflict { .. }) => changed_meanwhile(&api, &visitor, (case, meeting), form).await,
        Err(other) => Err(other.into()),
    }
}

/// Shows the form again with what the meeting says by now.
async fn changed_meanwhile(
    api: &Api,
    visitor: &Visitor,
    (case, meeting): (CaseId, EntryId),
    mut form: Form,
) -> Result<Response, PageError> {
    let view = held(api, visitor, case).await?;
    let end = End { api, visitor, view: &view, item: meeting_in(&view, meeting)? };
    if !is_held(end.item) {
        form.refuse("summary", visitor.t("edit-conflict"));
    }
    end.page(form, None, StatusCode::CONFLICT).await
}

/// What the form says: what came of the meeting, and what is written in it.
struct Ending {
    evaluation: NewEntry,
    decision: NewEntry,
    minutes: BTreeMap<FieldKey, FieldValue>,
}

/// Who reads each part.
struct Named {
    evaluation: ReadBy,
    decision: ReadBy,
    minutes: ReadBy,
}

impl Named {
    fn all(&self) -> [&ReadBy; 3] {
        [&self.evaluation, &self.decision, &self.minutes]
    }

    fn seen(&self) -> String {
        read_by::seen(&self.all())
    }
}

/// A meeting that somebody is about to end.
struct End<'a> {
    api: &'a Api,
    visitor: &'a Visitor,
    view: &'a CaseView,
    item: &'a EntryItem,
}

impl End<'_> {
    fn read(&self, form: &mut Form) -> Ending {
        let visitor = self.visitor;
        let mut minutes = BTreeMap::new();
        put_text(&mut minutes, FieldKey::Status, HELD);
        put_text(&mut minutes, FieldKey::Summary, form.value("summary"));
        put_date(form, visitor, &mut minutes, ("next", FieldKey::NextMeeting), false);
        for field in ["summary", "description", "reason"] {
            form.check_text(field, visitor.t("form-wrong-text"));
        }
        let about = about::chosen(visitor, self.view, form);
        let (evaluation, decision) = self.outcome(form, &about);
        Ending { evaluation, decision, minutes }
    }

    fn outcome(&self, form: &mut Form, about: &BTreeSet<About>) -> (NewEntry, NewEntry) {
        let (item, visitor) = (self.item, self.visitor);
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
        let of =
            |kind, fields| new_entry(kind, (item.areas.clone(), about.clone()), fields, Some(item.entry));
        (of(EntryKind::Evaluation, evaluation), of(EntryKind::Decision, decision))
    }

    /// An ending without text, to name its readers before anything is written.
    fn example(&self) -> Ending {
        let chosen = Form::new().put("on-track", "yes").put("decision", "continue");
        self.read(&mut about::ticked(chosen, self.view, &self.item.about))
    }

    async fn named(&self, ending: &Ending, form: &Form) -> Result<Named, PageError> {
        let (api, visitor, item) = (self.api, self.visitor, self.item);
        let lines = lines_of(&item.view.fields, FieldKey::Present);
        let present = read_by::present(api, visitor, item.case, form, lines).await?;
        Ok(Named {
            evaluation: read_by::read_by(api, visitor, item.case, &ending.evaluation, &present).await?,
            decision: read_by::read_by(api, visitor, item.case, &ending.decision, &present).await?,
            minutes: read_by::of_entry(api, visitor, item, &ending.minutes, &present).await?,
        })
    }

    async fn page(
        &self,
        form: Form,
        named: Option<Named>,
        status: StatusCode,
    ) -> Result<Response, PageError> {
        let (api, visitor, item) = (self.api, self.visitor, self.item);
        let language = visitor.asked.language();
        let is_review = named.is_some();
        let named = match named {
            Some(named) => named,
            None => self.named(&self.example(), &form).await?,
        };
        let seen = named.seen();
        let shown = EndPage {
            frame: Frame::new(api, &visitor.asked, visitor.t("meeting-end-title")),
            case: item.case,
            meeting: item.entry,
            has_changed: is_review && read_by::has_changed(form.value("seen"), &seen),
            form,
            on_track: choices(EntryKind::Evaluation, FieldKey::OnTrack, &ON_TRACK, language),
            decisions: choices(EntryKind::Decision, FieldKey::Decision, DECISIONS, language),
            heard: vec![("yes".to_owned(), visitor.t("meeting-heard-yes").to_string())],
            about: about::choices(visitor, self.view),
            services: read_by::service_choices(api, visitor, item.case).await?,
            button: read_by::for_button(api, visitor, &named.all()),
            evaluation: named.evaluation,
            decision: named.decision,
            minutes: named.minutes,
            seen,
            has_ended: is_held(item),
        };
        page(status, &shown)
    }
}

const ON_TRACK: [&str; 3] = ["yes", "partly", "no"];

fn choices(kind: EntryKind, key: FieldKey, codes: &[&str], language: Language) -> Choices {
    let word =
        |text: &&str| Some(((*text).to_owned(), code(kind, key, text)?.in_language(language).to_owned()));
    codes.iter().filter_map(word).collect()
}
