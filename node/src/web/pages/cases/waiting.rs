//! What waits for somebody, each as one sentence with one link.

use std::collections::BTreeMap;

use stafett_protocol::id::CaseId;
use stafett_protocol::person::Role;
use stafett_protocol::task::TaskKind;
use stafett_protocol::time::UnixMillis;

use super::first_name;
use crate::engine::answer::{ComingMove, HandArrivalItem, TaskItem};
use crate::engine::emergency::EmergencyNews;
use crate::engine::overview::CaseOverview;
use crate::web::Api;
use crate::web::pages::PageError;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::{Namer, time};

/// One thing to do.
pub(crate) struct Waiting {
    /// What, as a sentence.
    pub(crate) sentence: Text,
    /// What the link says, and where it leads; none if it is done elsewhere.
    pub(crate) link: Option<(Text, String)>,
    /// Whether it should have been done before today.
    pub(crate) is_late: bool,
}

/// Lists what waits: what is late first, then what the ledgers ask for.
pub(super) async fn of(
    api: &Api,
    visitor: &Visitor,
    cases: &[CaseOverview],
) -> Result<Vec<Waiting>, PageError> {
    let mut waiting: Vec<_> = cases.iter().flat_map(|overview| in_case(visitor, overview)).collect();
    let names: BTreeMap<CaseId, &str> = cases
        .iter()
        .filter_map(|overview| {
            Some((overview.summary.case, first_name(overview.summary.subject_name.as_deref())?))
        })
        .collect();
    for task in api.engine.tasks(&visitor.reader).await? {
        let name = names.get(&task.case).copied();
        waiting.push(of_ledger(api, visitor, &task, name));
    }
    waiting.extend(of_emergencies(api, visitor, &names).await?);
    waiting.extend(of_moves(api, visitor).await?);
    Ok(waiting)
}

/// The batons that are offered to the service that the visitor leads, and that nobody is asked about.
pub(super) async fn of_batons(api: &Api, visitor: &Visitor) -> Result<Vec<Waiting>, PageError> {
    let tasks = api.engine.tasks(&visitor.reader).await?.into_iter();
    let of_batons = tasks.filter(|task| task.kind.is_of_a_baton_here());
    Ok(of_batons.map(|task| of_ledger(api, visitor, &task, None)).collect())
}

/// Cases of other municipalities that somebody is asked to take over.
async fn of_moves(api: &Api, visitor: &Visitor) -> Result<Vec<Waiting>, PageError> {
    let waiting = |one: ComingMove| Waiting {
        sentence: visitor.t("waiting-coming").with("name", one.from_name),
        link: Some((visitor.t("waiting-coming-open"), format!("/moves/{}", one.succession))),
        is_late: false,
    };
    let by_hand = |one: HandArrivalItem| Waiting {
        sentence: visitor.t("waiting-coming-hand"),
        link: Some((visitor.t("waiting-coming-open"), format!("/moves/hand/{}", one.arrival))),
        is_late: false,
    };
    let offered = api.engine.asked_to_take(&visitor.reader).await?.into_iter().map(waiting);
    let handed = api.engine.asked_to_open(&visitor.reader).await?.into_iter().map(by_hand);
    Ok(offered.chain(handed).collect())
}

/// Emergency openings to look into, and those in cases whose baton the person holds.
pub(crate) async fn of_emergencies(
    api: &Api,
    visitor: &Visitor,
    names: &BTreeMap<CaseId, &str>,
) -> Result<Vec<Waiting>, PageError> {
    let day = |at| time::day_of(at, &api.engine.config().node.time_zone);
    let waiting = |news: EmergencyNews| match news {
        EmergencyNews::ToReview { by, at, is_late } => Waiting {
            sentence: visitor
                .t("waiting-emergency")
                .with("name", by.unwrap_or_else(|| visitor.t("looks-no-name").to_string()))
                .with("day", day(at)),
            link: Some((visitor.t("waiting-look-into"), "/emergency/reviews".to_owned())),
            is_late,
        },
        EmergencyNews::Made { case, at } => Waiting {
            sentence: visitor
                .t("waiting-emergency-made")
                .with("name", named(visitor, names.get(&case).copied()))
                .with("day", day(at)),
            link: Some((visitor.t("waiting-see-looks"), format!("/cases/{case}/looks"))),
            is_late: false,
        },
    };
    Ok(api.engine.emergency_news(&visitor.reader).await?.into_iter().map(waiting).collect())
}

/// What the entries of a case whose baton the person holds ask for.
fn in_case(visitor: &Visitor, overview: &CaseOverview) -> Vec<Waiting> {
    if overview.summary.task != "stafettholder" {
        return Vec::new();
    }
    let name = named(visitor, first_name(overview.summary.subject_name.as_deref()));
    let entries = format!("/cases/{}/entries", overview.summary.case);
    let late = overview.outlook.late.iter().map(|late| Waiting {
        sentence: visitor
            .t("waiting-late")
            .with("name", &name)
            .with("title", &late.title)
            .with("day", time::day(late.deadline)),
        link: Some((visitor.t("waiting-follow-up"), format!("{entries}/{}", late.entry))),
        is_late: true,
    });
    let conflicts = overview.outlook.conflicts.iter().map(|entry| Waiting {
        sentence: visitor.t("waiting-conflict").with("name", &name),
        link: Some((visitor.t("waiting-settle"), format!("{entries}/{entry}"))),
        is_late: false,
    });
    late.chain(conflicts).collect()
}

fn named(visitor: &Visitor, name: Option<&str>) -> String {
    name.map_or_else(|| visitor.t("cases-unnamed").to_string(), str::to_owned)
}

fn of_ledger(api: &Api, visitor: &Visitor, task: &TaskItem, name: Option<&str>) -> Waiting {
    let day = time::day_of(shown_day(task), &api.engine.config().node.time_zone);
    let is_late = task.due < api.engine.now();
    let service = task.service.as_ref();
    let service = service.map(|service| api.engine.service(service, visitor.asked.language()));
    let (sentence, action) = words(task.kind);
    let age = task.age.map_or(0, u64::from);
    // A leader has such a task where the stafettholder is at a partner, and knows no name by that.
    let knows = name.is_some() || visitor.reader.role == Role::UnitLeader;
    let is_holders = task.kind.is_for_stafettholder() && knows;
    let is_others = task.kind.is_for_receiver() || task.kind.is_for_receiving_leader();
    let is_told = is_holders || is_others || task.kind.is_for_leader() || task.offer.is_some();
    let to = match task.offer {
        Some(offer) => format!("/baton/{offer}"),
        None => format!("/cases/{}/{}", task.case, place(task)),
    };
    Waiting {
        sentence: visitor
            .t(sentence)
            .with("name", named(visitor, name))
            .with("day", day)
            .with("age", age)
            .with("service", service.unwrap_or_default()),
        link: is_told.then(|| (visitor.t(action), to)),
        is_late: is_late && is_urgent(task.kind),
    }
}

/// The moment whose day is told: an item of a checklist is in time until its last day is over.
fn shown_day(task: &TaskItem) -> UnixMillis {
    let is_item = task.kind == TaskKind::TransitionItemDue;
    UnixMillis(task.due.0.saturating_sub(u64::from(is_item)))
}

/// What hurts somebody if it lies.
const fn is_urgent(kind: TaskKind) -> bool {
    matches!(
        kind,
        TaskKind::ReceiptLate
            | TaskKind::ReceiptOverdue
            | TaskKind::MustBeRenewed
            | TaskKind::BatonActing
            | TaskKind::CarriedFamily
            | TaskKind::MoveNotConfirmed
            | TaskKind::TransitionItemDue
            | TaskKind::TransitionBatonMissing
    )
}

/// The page below the case where it is done.
fn place(task: &TaskItem) -> String {
    match (task.kind, task.consent) {
        (TaskKind::BatonOffered | TaskKind::BatonActing, _) => "baton".to_owned(),
        (
            TaskKind::TransitionItemDue
            | TaskKind::TransitionToReceive
            | TaskKind::TransitionContactMissing
            | TaskKind::TransitionBatonMissing,
            _,
        ) => "transition".to_owned(),
        (TaskKind::RegistrationWaits | TaskKind::CarriedFamily, _) => "family".to_owned(),
        (TaskKind::MoveToCarryOut | TaskKind::MoveCameToNothing | TaskKind::MoveNotConfirmed, _) => {
            "move".to_owned()
        }
        (TaskKind::PackageNotAnswered | TaskKind::PackageTakenBack, _) => "move/hand".to_owned(),
        (TaskKind::ProtectionToBeRenewed, _) => "family/circle".to_owned(),
        (TaskKind::NotAnswered | TaskKind::PartlyGiven, Some(consent)) => {
            format!("consents/{consent}/answer")
        }
        (_, Some(consent)) => format!("consents/{consent}"),
        (_, None) => "consents".to_owned(),
    }
}

/// The sentence, and what the link to the page says.
const fn words(kind: TaskKind) -> (Key, Key) {
    const SEE: Key = Key("waiting-see");
    const ASK: Key = Key("waiting-ask-again");
    match kind {
        TaskKind::ReceiptLate => (Key("waiting-receipt-late"), Key("waiting-call-partner")),
        TaskKind::ReceiptOverdue => (Key("waiting-receipt-overdue"), Key("waiting-call-partner")),
        TaskKind::ProtectionToBeRenewed => (Key("waiting-protection"), SEE),
        TaskKind::RegistrationWaits => (Key("waiting-registration"), SEE),
        TaskKind::BirthdayIn90Days | TaskKind::BirthdayIn30Days => (Key("waiting-birthday-soon"), SEE),
        TaskKind::BirthdayReached => (Key("waiting-birthday"), ASK),
        TaskKind::ClarifyWithAll => (Key("waiting-clarify"), Key("waiting-talk")),
        TaskKind::MustBeRenewed => (Key("waiting-renew"), ASK),
        TaskKind::ConsentInDoubt => (Key("waiting-doubt"), ASK),
        TaskKind::ConsentExpiring => (Key("waiting-expiring"), ASK),
        TaskKind::ConsentExpired => (Key("waiting-expired"), ASK),
        TaskKind::HeldWaitsForReview => (Key("waiting-review-held"), Key("waiting-look-through")),
        TaskKind::ReviewDue => (Key("waiting-review"), SEE),
        TaskKind::NotAnswered => (Key("waiting-not-answered"), Key("waiting-register")),
        TaskKind::PartlyGiven => (Key("waiting-partly"), Key("waiting-register")),
        TaskKind::ChildNotHeard => (Key("waiting-child"), SEE),
        TaskKind::BatonOffered => (Key("waiting-baton"), Key("waiting-answer")),
        TaskKind::BatonActing => (Key("waiting-acting"), Key("waiting-find-holder")),
        TaskKind::BatonForService => (Key("waiting-baton-service"), Key("waiting-baton-ask")),
        TaskKind::BatonAsked => (Key("waiting-baton-asked"), Key("waiting-answer")),
        TaskKind::CarriedFamily => (Key("waiting-carried-family"), SEE),
        TaskKind::MoveToCarryOut => (Key("waiting-move-accepted"), Key("waiting-move")),
        TaskKind::MoveCameToNothing => (Key("waiting-move-nothing"), Key("waiting-move")),
        TaskKind::MoveNotConfirmed => (Key("waiting-move-unconfirmed"), Key("waiting-move")),
        TaskKind::PackageNotAnswered => (Key("waiting-package"), Key("waiting-package-see")),
        TaskKind::PackageTakenBack => (Key("waiting-package-back"), Key("waiting-package-see")),
        TaskKind::TransitionItemDue => (Key("waiting-item"), Key("waiting-transition")),
        TaskKind::TransitionToReceive => (Key("waiting-receive"), Key("waiting-transition")),
        TaskKind::TransitionContactMissing => (Key("waiting-contact-missing"), Key("waiting-transition")),
        TaskKind::TransitionBatonMissing => (Key("waiting-baton-missing"), Key("waiting-transition")),
        TaskKind::ServiceCannotTake => (Key("waiting-cannot-take"), Key("waiting-see-answer")),
    }
}
