//! What is written in a meeting: a point, and from a point an agreement or a measure.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::id::{CaseId, EntryId};

use super::read_by::{self, ReadBy, for_button};
use super::{
    area_choices, chosen_areas, held, is_invalid, lines_of, meeting_in, new_entry, put_date, put_text,
};
use crate::engine::EngineError;
use crate::engine::answer::{CaseView, EntryItem};
use crate::engine::request::NewEntry;
use crate::web::Api;
use crate::web::body::Parameters;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, about, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};

/// What is to be written, from which point.
#[derive(Deserialize)]
pub(crate) struct What {
    #[serde(default)]
    what: String,
    point: Option<EntryId>,
}

#[derive(Template)]
#[template(path = "meeting_write.html")]
struct WritePage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    meeting: EntryId,
    form: Form,
    asks_who: bool,
    areas: Vec<(String, String)>,
    about: Vec<(String, String)>,
    services: Vec<(String, String)>,
    read_by: Option<ReadBy>,
    /// Whom the button names.
    button: String,
    has_changed: bool,
}

/// Where something is written, and under what.
struct Place<'a> {
    view: &'a CaseView,
    meeting: &'a EntryItem,
    kind: EntryKind,
    point: Option<&'a EntryItem>,
}

impl<'a> Place<'a> {
    fn of(
        view: &'a CaseView,
        meeting: EntryId,
        what: &str,
        point: Option<EntryId>,
    ) -> Result<Self, PageError> {
        let meeting = meeting_in(view, meeting)?;
        let kind = match what {
            "point" => EntryKind::AgendaPoint,
            "agreement" => EntryKind::Agreement,
            "measure" => EntryKind::Measure,
            _ => return Err(EngineError::NotFound.into()),
        };
        let is_point =
            |item: &&EntryItem| item.kind == EntryKind::AgendaPoint && item.towards == Some(meeting.entry);
        let point = match point {
            Some(id) => {
                let mut points = view.entries.iter().filter(is_point);
                Some(points.find(|item| item.entry == id).ok_or(EngineError::NotFound)?)
            }
            None => None,
        };
        if (kind == EntryKind::AgendaPoint) == point.is_some() {
            return Err(EngineError::NotFound.into());
        }
        Ok(Self { view, meeting, kind, point })
    }

    /// What this is written under.
    fn above(&self) -> &'a EntryItem {
        self.point.unwrap_or(self.meeting)
    }

    async fn read_by(
        &self,
        api: &Api,
        visitor: &Visitor,
        form: &Form,
        request: &NewEntry,
    ) -> Result<ReadBy, PageError> {
        let case = self.view.summary.case;
        let lines = lines_of(&self.meeting.view.fields, FieldKey::Present);
        let present = read_by::present(api, visitor, case, form, lines).await?;
        read_by::read_by(api, visitor, case, request, &present).await
    }

    fn asks_who(&self) -> bool {
        self.kind != EntryKind::AgendaPoint
    }
}

/// The form of a point, an agreement or a measure.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
    Parameters(what): Parameters<What>,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let place = Place::of(&view, meeting, &what.what, what.point)?;
    let mut form = Form::new().put("what", what.what);
    form = match what.point {
        Some(point) => form.put("point", point.to_string()),
        None => form,
    };
    let above = place.above();
    for area in &above.areas {
        form = form.put("areas", area.to_string());
    }
    form = about::ticked(form, &view, &above.about);
    let example = Form::new().put("title", "–").put("responsible", "–").put("deadline", "2000-01-01");
    let mut request = entry_of(&place, &visitor, &mut example.clone());
    request.areas = above.areas.clone();
    request.about = about::known(&view, &above.about);
    let read_by = place.read_by(&api, &visitor, &form, &request).await?;
    write_page(&api, &visitor, &place, form, Some(read_by), StatusCode::OK).await
}

/// Publishes what was written, once its readers were named.
pub(crate) async fn publish(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = held(&api, &visitor, case).await?;
    let point = match form.value("point") {
        "" => None,
        id => Some(id.parse().map_err(|_| EngineError::NotFound)?),
    };
    let what = form.value("what").to_owned();
    let place = Place::of(&view, meeting, &what, point)?;
    let mut request = entry_of(&place, &visitor, &mut form);
    request.areas = chosen_areas(&api, &visitor, &mut form);
    request.about = about::chosen(&visitor, &view, &mut form);
    if !form.holds() {
        return write_page(&api, &visitor, &place, form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let read_by = match place.read_by(&api, &visitor, &form, &request).await {
        Ok(read_by) => read_by,
        Err(PageError::Refused(error)) if is_invalid(&error) => {
            let field = form.longest(["title", "text"]).unwrap_or("title");
            form.refuse(field, visitor.t("meeting-not-taken"));
            return write_page(&api, &visitor, &place, form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        Err(other) => return Err(other),
    };
    if form.value("seen") != read_by.seen() {
        return write_page(&api, &visitor, &place, form, Some(read_by), StatusCode::OK).await;
    }
    let published = api.engine.publish_written(&visitor.reader, case, request, form.written_in()).await?;
    let at = point.or(published.entry).map(|at| format!("#point-{at}")).unwrap_or_default();
    Ok(done(&api, &format!("/cases/{case}/meeting/{meeting}{at}"), Key("notice-meeting-written")))
}

fn entry_of(place: &Place<'_>, visitor: &Visitor, form: &mut Form) -> NewEntry {
    let mut fields = BTreeMap::new();
    let title = form.require("title", visitor.t("meeting-what-missing"));
    form.check_text("title", visitor.t("form-wrong-text"));
    form.check_text("text", visitor.t("form-wrong-text"));
    form.check_line("responsible", visitor.t("form-wrong-text"));
    put_text(&mut fields, FieldKey::Title, &title);
    if place.asks_who() {
        let responsible = form.require("responsible", visitor.t("meeting-who-missing"));
        put_text(&mut fields, FieldKey::Responsible, &responsible);
        put_date(form, visitor, &mut fields, ("deadline", FieldKey::Deadline), true);
        let status = if place.kind == EntryKind::Measure { "planned" } else { "open" };
        put_text(&mut fields, FieldKey::Status, status);
    } else {
        put_text(&mut fields, FieldKey::Description, form.value("text"));
    }
    new_entry(place.kind, (BTreeSet::new(), BTreeSet::new()), fields, Some(place.above().entry))
}

async fn write_page(
    api: &Api,
    visitor: &Visitor,
    place: &Place<'_>,
    form: Form,
    read_by: Option<ReadBy>,
    status: StatusCode,
) -> Result<Response, PageError> {
    let title = match place.kind {
        EntryKind::Agreement => visitor.t("meeting-agreement-title"),
        EntryKind::Measure => visitor.t("meeting-measure-title"),
        _ => visitor.t("meeting-point-title"),
    };
    let case = place.view.summary.case;
    let seen = read_by.as_ref().map(ReadBy::seen).unwrap_or_default();
    let shown = WritePage {
        frame: Frame::new(api, &visitor.asked, title),
        case,
        meeting: place.meeting.entry,
        has_changed: read_by.is_some() && read_by::has_changed(form.value("seen"), &seen),
        form: form.with_id(),
        asks_who: place.asks_who(),
        areas: area_choices(api, visitor),
        about: about::choices(visitor, place.view),
        services: read_by::service_choices(api, visitor, case).await?,
        button: read_by.as_ref().map(|named| for_button(api, visitor, &[named])).unwrap_or_default(),
        read_by,
    };
    page(status, &shown)
}
