//! One meeting, readable on the wall: who is present on top, the agenda beside, the points with what
//! was agreed.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};

use super::{held, is_held, lines_of, meeting_in, meeting_name, read_by};
use crate::engine::answer::{CaseView, EntryItem};
use crate::web::Api;
use crate::web::live;
use crate::web::pages::{Frame, PageError, page};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::entry::kind;
use crate::words::time;

#[derive(Template)]
#[template(path = "meeting.html")]
struct WallPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    meeting: EntryId,
    name: String,
    place: String,
    present: Vec<String>,
    points: Vec<Point>,
    ended: bool,
    summary: String,
    next: Option<String>,
    outcome: Vec<Line>,
}

/// One point of the agenda.
struct Point {
    id: EntryId,
    title: String,
    text: String,
    unread: String,
    lines: Vec<Line>,
}

/// What was agreed, measured or decided.
struct Line {
    what: &'static str,
    title: String,
    responsible: String,
    deadline: String,
    /// Services that are present and do not read it.
    unread: String,
}

/// Shows a meeting.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, meeting)): Visiting<(CaseId, EntryId)>,
) -> Result<Response, PageError> {
    let live = live::address(&api, &visitor, case).await?;
    let view = held(&api, &visitor, case).await?;
    let item = meeting_in(&view, meeting)?;
    let wall = Wall {
        api: &api,
        visitor: &visitor,
        view: &view,
        services: read_by::services(&api, &visitor, case).await?,
        present: lines_of(&item.view.fields, FieldKey::Present),
    };
    let place = [time_of(item), item.view.text(FieldKey::Place).to_owned()];
    let shown = WallPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("meeting-title")).live(live),
        case,
        meeting,
        name: meeting_name(&visitor, item),
        place: place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        points: wall.points(meeting),
        ended: is_held(item),
        summary: item.view.text(FieldKey::Summary).to_owned(),
        next: Some(item.view.text(FieldKey::NextMeeting))
            .filter(|day| !day.is_empty())
            .map(time::day_of_text),
        outcome: wall.lines(meeting),
        present: wall.present,
    };
    page(StatusCode::OK, &shown)
}

fn time_of(item: &EntryItem) -> String {
    item.view.text(FieldKey::Time).replace(':', ".")
}

struct Wall<'a> {
    api: &'a Api,
    visitor: &'a Visitor,
    view: &'a CaseView,
    services: Vec<read_by::Named>,
    present: Vec<String>,
}

impl Wall<'_> {
    fn points(&self, meeting: EntryId) -> Vec<Point> {
        let is_point =
            |item: &&EntryItem| item.kind == EntryKind::AgendaPoint && item.towards == Some(meeting);
        let mut items: Vec<_> = self.view.entries.iter().filter(is_point).collect();
        items.sort_by_key(|item| (position(item), item.stored_at, item.entry));
        let mut points = Vec::new();
        for item in items {
            points.push(Point {
                id: item.entry,
                title: item.view.text(FieldKey::Title).to_owned(),
                text: item.view.text(FieldKey::Description).to_owned(),
                unread: self.unread(item),
                lines: self.lines(item.entry),
            });
        }
        points
    }

    fn lines(&self, of: EntryId) -> Vec<Line> {
        let language = self.visitor.asked.language();
        let is_line = |item: &&EntryItem| item.kind != EntryKind::AgendaPoint && item.towards == Some(of);
        let mut items: Vec<_> = self.view.entries.iter().filter(is_line).collect();
        items.sort_by_key(|item| (item.stored_at, item.entry));
        let mut lines = Vec::new();
        for item in items {
            lines.push(Line {
                what: kind(item.kind).in_language(language),
                title: self.title(item),
                responsible: item.view.text(FieldKey::Responsible).to_owned(),
                deadline: time::day_of_text(item.view.text(FieldKey::Deadline)),
                unread: self.unread(item),
            });
        }
        lines
    }

    /// What it is called; of a decision or an evaluation, what was decided or found.
    fn title(&self, item: &EntryItem) -> String {
        let language = self.visitor.asked.language();
        let coded = [FieldKey::OnTrack, FieldKey::Decision].into_iter().find_map(|key| {
            let word = crate::words::entry::code(item.kind, key, item.view.text(key))?;
            Some(format!(
                "{}: {}",
                crate::words::entry::field(key).in_language(language),
                word.in_language(language)
            ))
        });
        let own = [FieldKey::Title, FieldKey::Reason, FieldKey::Description];
        let own = own.iter().map(|key| item.view.text(*key)).find(|text| !text.is_empty()).unwrap_or("");
        let parts = coded.into_iter().chain(Some(own.to_owned())).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(". ")
    }

    fn unread(&self, item: &EntryItem) -> String {
        read_by::unread(self.api, self.visitor, &self.services, &self.present, &item.readers)
    }
}

fn position(item: &EntryItem) -> u64 {
    match item.view.fields.get(&FieldKey::Position) {
        Some(FieldValue::Number(number)) => *number,
        _ => u64::MAX,
    }
}
