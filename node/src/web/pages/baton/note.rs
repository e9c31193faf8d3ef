//! How the note of an offer begins: moments and counts, no content. Whoever offers the baton adds
//! what the other must know before the answer, and no more.

use jiff::civil::Date;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::id::CaseId;
use stafett_protocol::task::TaskKind;
use stafett_protocol::time::UnixMillis;

use crate::engine::answer::{CaseView, EntryItem};
use crate::web::Api;
use crate::web::pages::PageError;
use crate::web::visitor::Visitor;
use crate::words::time;

/// Statuses of measures that nothing is late of any more.
const OVER: [&str; 2] = ["done", "ended-without-effect"];

/// Begins the note: next meeting, measures over their deadline, consents that run out, open questions.
pub(super) async fn begun(api: &Api, visitor: &Visitor, case: CaseId) -> Result<String, PageError> {
    let view = api.engine.case(&visitor.reader, case).await?;
    let zone = &api.engine.config().node.time_zone;
    let facts = Facts::of(&view, time::date_of(api.engine.now(), zone));
    let mut lines = Vec::new();
    lines.push(match facts.next_meeting {
        Some(day) => visitor.t("baton-note-meeting").with("day", time::day(day)),
        None => visitor.t("baton-note-no-meeting"),
    });
    if facts.late > 0 {
        lines.push(visitor.t("baton-note-late").with("count", facts.late));
    }
    if let Some(until) = facts.expires {
        let text = visitor.t("baton-note-expiring").with("count", facts.expiring);
        lines.push(text.with("day", time::day_of(until, zone)));
    }
    if facts.unanswered > 0 {
        lines.push(visitor.t("baton-note-unanswered").with("count", facts.unanswered));
    }
    if facts.conflicts > 0 {
        lines.push(visitor.t("baton-note-conflicts").with("count", facts.conflicts));
    }
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    Ok(lines.join("\n"))
}

/// What a note begins with.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    next_meeting: Option<Date>,
    late: usize,
    expiring: usize,
    expires: Option<UnixMillis>,
    unanswered: usize,
    conflicts: usize,
}

impl Facts {
    fn of(view: &CaseView, today: Date) -> Self {
        let of_kind = |kind: TaskKind| view.tasks.iter().filter(move |task| task.kind == kind);
        Self {
            next_meeting: view.entries.iter().flat_map(meetings).filter(|day| *day >= today).min(),
            late: view.entries.iter().filter(|item| is_late(item, today)).count(),
            expiring: of_kind(TaskKind::ConsentExpiring).count(),
            expires: of_kind(TaskKind::ConsentExpiring).map(|task| task.due).min(),
            unanswered: of_kind(TaskKind::NotAnswered).chain(of_kind(TaskKind::PartlyGiven)).count(),
            conflicts: view.entries.iter().filter(|item| !item.view.conflicts.is_empty()).count(),
        }
    }
}

fn date(item: &EntryItem, key: FieldKey) -> Option<Date> {
    item.view.text(key).parse().ok()
}

fn meetings(item: &EntryItem) -> impl Iterator<Item = Date> {
    let is_meeting = item.kind == EntryKind::Meeting && item.view.text(FieldKey::Status) != "cancelled";
    let days = is_meeting.then(|| [date(item, FieldKey::Date), date(item, FieldKey::NextMeeting)]);
    days.into_iter().flatten().flatten()
}

fn is_late(item: &EntryItem, today: Date) -> bool {
    let is_open = !OVER.contains(&item.view.text(FieldKey::Status));
    item.kind == EntryKind::Measure
        && is_open
        && date(item, FieldKey::Deadline).is_some_and(|deadline| deadline < today)
}
