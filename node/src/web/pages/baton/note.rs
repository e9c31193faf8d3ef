//! How the note of an offer begins: moments and counts, no content. Whoever offers the baton adds
//! what the other must know before the answer, and no more.

use jiff::civil::Date;
use stafett_protocol::id::CaseId;
use stafett_protocol::task::TaskKind;
use stafett_protocol::time::UnixMillis;

use crate::engine::answer::CaseView;
use crate::engine::overview::Outlook;
use crate::web::Api;
use crate::web::pages::PageError;
use crate::web::visitor::Visitor;
use crate::words::time;

/// Begins the note: next meeting, what is over its deadline, consents that run out, open questions.
/// What is late and what comes next is as in every list of cases.
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
        let mut outlook = Outlook::default();
        for item in &view.entries {
            outlook.add(item.entry, item.kind, &item.view, today);
        }
        let of_kind = |kind: TaskKind| view.tasks.iter().filter(move |task| task.kind == kind);
        Self {
            next_meeting: outlook.next_meeting,
            late: outlook.late.len(),
            expiring: of_kind(TaskKind::ConsentExpiring).count(),
            expires: of_kind(TaskKind::ConsentExpiring).map(|task| task.due).min(),
            unanswered: of_kind(TaskKind::NotAnswered).chain(of_kind(TaskKind::PartlyGiven)).count(),
            conflicts: outlook.conflicts.len(),
        }
    }
}
