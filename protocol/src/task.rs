//! What somebody must do in a case: a pure function of its ledger and the moment.
//!
//! Nothing is stored and nothing is sent at a moment, so a node that was off at midnight has the
//! same list as one that was on. A task names ids, never a person's name or a text.

use serde::{Deserialize, Serialize};

use crate::consent::rule::{Capacity, SubjectKind};
use crate::consent::{ChildHeard, ConsentKind, ConsentRecord, ConsentStatus, WithdrawnPart};
use crate::id::{ConsentId, OrderId, PersonId, RegistrationId};
use crate::ledger::{HandCourse, LedgerView};
use crate::limits::{
    BATON_ACTING_MS, BIRTHDAY_AHEAD_MS, BIRTHDAY_NEAR_MS, EXPIRED_TASK_MS, HAND_ANSWER_MS, HAND_TOLD_MS,
    MOVE_CONFIRMED_MS, NOT_ANSWERED_MS, PARTLY_GIVEN_MS, PROTECTION_REVIEW_MS, PROTECTION_RUNS_MS,
    RECEIPT_LATE_MS, RECEIPT_OVERDUE_MS,
};
use crate::protection::AddressProtection;
use crate::succession::Leaving;
use crate::succession::leaving::EndCause;
use crate::time::UnixMillis;

/// Full years of age from which a child is told and heard (barnelova § 31).
pub const HEARD_AGE: u8 = 7;
/// Full years of age from which what a child says has great weight (barnelova § 31).
pub const WEIGHT_AGE: u8 = 12;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// A receipt for an order to erase is missing for a day.
    ReceiptLate,
    /// A receipt is missing for three days: nothing new goes to that partner.
    ReceiptOverdue,
    /// A decision of address protection runs out within a month, or has run out. It holds all the
    /// same until a leader lifts it.
    ProtectionToBeRenewed,
    /// A registration of the family waits for a leader.
    RegistrationWaits,
    /// The subject reaches an age at which somebody else is asked, within 90 days.
    #[serde(rename = "birthday-in-90-days")]
    BirthdayIn90Days,
    /// As above, within 30 days.
    #[serde(rename = "birthday-in-30-days")]
    BirthdayIn30Days,
    /// The subject has reached it, within the last 30 days.
    BirthdayReached,
    /// One of several givers took back a consent or areas of it: both must be talked with.
    ClarifyWithAll,
    /// A consent pauses: somebody else must say yes by now.
    MustBeRenewed,
    /// The node was restored, and nobody has asked the givers since whether they stand by a consent.
    ConsentInDoubt,
    /// A consent runs out within 30 days.
    ConsentExpiring,
    /// A consent ran out, and none has taken its place.
    ConsentExpired,
    /// What was held while no consent counted must be looked through before it goes out.
    HeldWaitsForReview,
    /// The day has come on which the family and the stafettholder look at a consent again.
    ReviewDue,
    /// Nobody has answered 7 days after the family was asked for a consent.
    NotAnswered,
    /// Somebody has not said yes 14 days after the first who did.
    PartlyGiven,
    /// The child is old enough to be heard, and nobody has asked it about a consent.
    ChildNotHeard,
    /// The baton is offered to somebody, who has not answered.
    BatonOffered,
    /// The stafettholder acts for one who is it no longer, until somebody has taken the baton.
    BatonActing,
    /// The baton of another municipality's case is offered to a service here, and nobody is asked. This and the
    /// one that follows are told by what the partner keeps ([`there`](crate::baton::there)).
    BatonForService,
    /// Somebody is asked to take the baton of another municipality's case.
    BatonAsked,
    /// The case came from another municipality, and who the family is was not looked through here.
    CarriedFamily,
    /// Another municipality has accepted a case that is offered to it: the stafettholder carries it over, or the
    /// move comes to nothing on the day that this is due.
    MoveToCarryOut,
    /// An offer to another municipality came to nothing, and the family's yes still counts.
    MoveCameToNothing,
    /// A case was carried over, and for a day its new owner has not said that it opened it.
    MoveNotConfirmed,
    /// A package for the hand was made, and nobody has said for 14 days that the case is taken over.
    PackageNotAnswered,
    /// A package for the hand was taken back, by hand or because the gate said no: whoever has it is to be told.
    PackageTakenBack,
    /// A partner's service says that it cannot take the case. Told by its answer ([`uptake`](crate::uptake)),
    /// which is not of the ledger.
    ServiceCannotTake,
    /// An item of the checklist of a transition is due within 14 days, or is late. This and the three that
    /// follow are told by [`TransitionRecord::tasks`](crate::transition::TransitionRecord::tasks).
    TransitionItemDue,
    /// A child begins in a unit, and its leader has not said that the unit takes part.
    TransitionToReceive,
    /// A child begins in a unit that takes part and may read, and nobody there follows up.
    TransitionContactMissing,
    /// The day on which a child begins in a unit has come, and nobody there holds the baton.
    TransitionBatonMissing,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [Self; 32] = [
        Self::ReceiptLate,
        Self::ReceiptOverdue,
        Self::ProtectionToBeRenewed,
        Self::RegistrationWaits,
        Self::BirthdayIn90Days,
        Self::BirthdayIn30Days,
        Self::BirthdayReached,
        Self::ClarifyWithAll,
        Self::MustBeRenewed,
        Self::ConsentInDoubt,
        Self::ConsentExpiring,
        Self::ConsentExpired,
        Self::HeldWaitsForReview,
        Self::ReviewDue,
        Self::NotAnswered,
        Self::PartlyGiven,
        Self::ChildNotHeard,
        Self::BatonOffered,
        Self::BatonActing,
        Self::BatonForService,
        Self::BatonAsked,
        Self::CarriedFamily,
        Self::MoveToCarryOut,
        Self::MoveCameToNothing,
        Self::MoveNotConfirmed,
        Self::PackageNotAnswered,
        Self::PackageTakenBack,
        Self::ServiceCannotTake,
        Self::TransitionItemDue,
        Self::TransitionToReceive,
        Self::TransitionContactMissing,
        Self::TransitionBatonMissing,
    ];

    /// Whether the leader of the unit that answers for the case is told.
    pub const fn is_for_leader(self) -> bool {
        matches!(self, Self::RegistrationWaits | Self::ProtectionToBeRenewed | Self::TransitionBatonMissing)
    }

    /// Whether the stafettholder is told. The approval of a registration is a second person's.
    pub const fn is_for_stafettholder(self) -> bool {
        !matches!(
            self,
            Self::RegistrationWaits
                | Self::BatonOffered
                | Self::TransitionToReceive
                | Self::TransitionContactMissing
        ) && !self.is_of_a_baton_here()
    }

    /// Whether the one to whom the baton is offered is told.
    pub const fn is_for_receiver(self) -> bool {
        matches!(self, Self::BatonOffered)
    }

    /// Whether it is about the baton of another municipality's case, and told to somebody of a service here.
    pub const fn is_of_a_baton_here(self) -> bool {
        matches!(self, Self::BatonForService | Self::BatonAsked)
    }

    /// Whether the leader of the unit in which a child begins is told.
    pub const fn is_for_receiving_leader(self) -> bool {
        matches!(
            self,
            Self::TransitionToReceive | Self::TransitionContactMissing | Self::TransitionBatonMissing
        )
    }
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Task {
    /// When it is due, or since when.
    pub due: UnixMillis,
    /// What.
    pub kind: TaskKind,
    /// Of a birthday: which.
    pub age: Option<u8>,
    /// About which consent.
    pub consent: Option<ConsentId>,
    /// About which person: who turns an age, or whose word is to be talked about.
    pub person: Option<PersonId>,
    /// Which registration waits.
    pub registration: Option<RegistrationId>,
    /// Which order has no receipt.
    pub order: Option<OrderId>,
}

impl Task {
    pub(crate) const fn of(kind: TaskKind, due: UnixMillis) -> Self {
        Self { due, kind, age: None, consent: None, person: None, registration: None, order: None }
    }

    fn about(kind: TaskKind, due: UnixMillis, record: &ConsentRecord) -> Self {
        Self { consent: Some(record.consent().id), ..Self::of(kind, due) }
    }
}

/// Packages for the hand: one that nobody has answered, and one that was taken back a short while ago and that no
/// other has followed. Nothing is asked for a case that has moved or is closed.
fn of_packages(ledger: &LedgerView, now: UnixMillis) -> Option<Task> {
    if ledger.is_over() {
        return None;
    }
    let last = ledger.packages_by_hand().values().max_by_key(|one| one.made_at)?;
    let (kind, due) = match last.course {
        HandCourse::Made => (TaskKind::PackageNotAnswered, last.made_at.plus(HAND_ANSWER_MS)),
        HandCourse::TakenBack { at } if now < at.plus(HAND_TOLD_MS) => (TaskKind::PackageTakenBack, at),
        HandCourse::TakenBack { .. } | HandCourse::Accepted { .. } => return None,
    };
    (due <= now).then(|| Task { consent: last.consent, ..Task::of(kind, due) })
}

/// Returns everything to be done in a case at `now`, the earliest due first. A closed case asks
/// only for receipts, for decisions on registrations and for its protection; one that has moved also
/// for its new owner's word.
pub fn tasks(ledger: &LedgerView, now: UnixMillis) -> Vec<Task> {
    let mut tasks: Vec<Task> = receipts(ledger, now).collect();
    tasks.extend(protection(ledger, now));
    tasks.extend(ledger.registrations().iter().map(|(registration, waiting)| Task {
        registration: Some(*registration),
        ..Task::of(TaskKind::RegistrationWaits, waiting.at)
    }));
    tasks.extend(of_moves(ledger, now));
    tasks.extend(of_packages(ledger, now));
    if !ledger.is_over() {
        let offer = ledger.baton().waiting(now).filter(|offer| offer.own_to().is_some());
        tasks.extend(offer.map(|offer| Task::of(TaskKind::BatonOffered, offer.lapses_at)));
        let acting = Some(ledger.baton()).filter(|baton| baton.is_acting);
        tasks.extend(acting.map(|baton| Task::of(TaskKind::BatonActing, baton.since.plus(BATON_ACTING_MS))));
        let carried = ledger.family_carried_since();
        tasks.extend(carried.map(|since| Task::of(TaskKind::CarriedFamily, since)));
        tasks.extend(birthdays(ledger, now));
        let shared = ledger.consents().values().filter(|record| record.consent().kind == ConsentKind::Share);
        for record in shared {
            tasks.extend(of_status(ledger, record, now));
            tasks.extend(to_be_clarified(ledger, record, now));
            tasks.extend(of_form(ledger, record, now));
        }
    }
    tasks.sort_unstable();
    tasks
}

/// What the newest move asks for: to be carried out, to be thought of anew, or to be asked about.
fn of_moves(ledger: &LedgerView, now: UnixMillis) -> Option<Task> {
    let newest = ledger.moves().values().max_by_key(|one| one.since)?;
    let of = |kind, due| Some(Task { consent: newest.consent, ..Task::of(kind, due) });
    let still_counts = || {
        let record = newest.consent.and_then(|consent| ledger.consents().get(&consent));
        record.is_some_and(|record| {
            ledger.status(record, now).counts() && !ledger.is_move_refused(record.consent().id)
        })
    };
    match &newest.leaving {
        Leaving::Transferred { since, is_confirmed: false, .. } => {
            let due = since.plus(MOVE_CONFIRMED_MS);
            if due <= now { of(TaskKind::MoveNotConfirmed, due) } else { None }
        }
        leaving if leaving.acceptance().is_some() => {
            of(TaskKind::MoveToCarryOut, leaving.ends_by_itself_at()?)
        }
        Leaving::Ended { cause: EndCause::Recalled, .. } => None,
        Leaving::Ended { .. } | Leaving::Declined if !ledger.is_over() && still_counts() => {
            of(TaskKind::MoveCameToNothing, newest.settled_at.unwrap_or(newest.since))
        }
        _ => None,
    }
}

/// An order is queued in the moment that ends its grant.
fn receipts(ledger: &LedgerView, now: UnixMillis) -> impl Iterator<Item = Task> {
    let waiting = ledger.orders().iter().filter(|(_, ordered)| !ordered.has_receipt);
    waiting.filter_map(move |(order, ordered)| {
        let since = ledger.grants().get(&ordered.grant)?.ended_at?;
        let (late, overdue) = (since.plus(RECEIPT_LATE_MS), since.plus(RECEIPT_OVERDUE_MS));
        let task = match now {
            now if now >= overdue => Task::of(TaskKind::ReceiptOverdue, overdue),
            now if now >= late => Task::of(TaskKind::ReceiptLate, late),
            _ => return None,
        };
        Some(Task { order: Some(*order), ..task })
    })
}

fn protection(ledger: &LedgerView, now: UnixMillis) -> Option<Task> {
    let protection = ledger.protection();
    let is_due = now >= protection.decided_at().plus(PROTECTION_REVIEW_MS);
    let runs_out = protection.decided_at().plus(PROTECTION_RUNS_MS);
    let protected = protection.grade() != AddressProtection::None;
    (protected && is_due).then(|| Task::of(TaskKind::ProtectionToBeRenewed, runs_out))
}

/// The ages at which somebody else is asked, by the rules of today and of the day itself, and the
/// one from which the child's own word has great weight.
fn birthdays(ledger: &LedgerView, now: UnixMillis) -> Vec<Task> {
    if !matches!(ledger.subject_kind(), SubjectKind::Child | SubjectKind::Youth) {
        return Vec::new();
    }
    let subject = ledger.parties().iter().find(|party| party.capacity == Capacity::Subject);
    let subject = subject.map(|party| party.person);
    let of_birthday = |(age, at): (&u8, &UnixMillis)| {
        let kind = birthday_kind(*at, now)?;
        let changes = |moment| ledger.rules().ages(moment).contains(age);
        let matters = *age == WEIGHT_AGE || changes(now) || changes(*at);
        matters.then(|| Task { age: Some(*age), person: subject, ..Task::of(kind, *at) })
    };
    ledger.birthdays().0.iter().filter_map(of_birthday).collect()
}

fn birthday_kind(birthday: UnixMillis, now: UnixMillis) -> Option<TaskKind> {
    if birthday <= now {
        return (now.since(birthday) < BIRTHDAY_NEAR_MS).then_some(TaskKind::BirthdayReached);
    }
    match birthday.since(now) {
        ahead if ahead <= BIRTHDAY_NEAR_MS => Some(TaskKind::BirthdayIn30Days),
        ahead if ahead <= BIRTHDAY_AHEAD_MS => Some(TaskKind::BirthdayIn90Days),
        _ => None,
    }
}

fn of_status(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> Option<Task> {
    let consent = record.consent();
    let completed = ledger.completed_at(record).filter(|at| *at <= now);
    match ledger.status(record, now) {
        ConsentStatus::MustBeRenewed { .. } => {
            let since = ledger.givers_since(consent, now);
            Some(Task::about(TaskKind::MustBeRenewed, since, record))
        }
        ConsentStatus::WaitsForReview => {
            let since = completed.unwrap_or(consent.from).max(consent.from);
            Some(Task::about(TaskKind::HeldWaitsForReview, since, record))
        }
        ConsentStatus::InDoubt => {
            let since = ledger.restored_at().unwrap_or(consent.from);
            Some(Task::about(TaskKind::ConsentInDoubt, since, record))
        }
        ConsentStatus::Expiring => Some(Task::about(TaskKind::ConsentExpiring, consent.until, record)),
        ConsentStatus::Expired => {
            let since = ran_out(ledger, record, now).filter(|since| now.since(*since) < EXPIRED_TASK_MS)?;
            Some(Task::about(TaskKind::ConsentExpired, since, record))
        }
        ConsentStatus::Draft => {
            let due = ledger.asked_since(consent.id)?.plus(NOT_ANSWERED_MS);
            (due <= now && now < consent.until).then(|| Task::about(TaskKind::NotAnswered, due, record))
        }
        ConsentStatus::PartlyGiven { .. } => {
            let due = record.given_by().values().map(|yes| yes.at).min()?.plus(PARTLY_GIVEN_MS);
            (due <= now).then(|| Task::about(TaskKind::PartlyGiven, due, record))
        }
        _ => None,
    }
}

/// Where several must say yes, one word that takes a consent or areas of it back leaves them
/// apart, until a newer version has every yes, or the others have taken back theirs. What a giver takes back about the own person only
/// is that giver's matter.
fn to_be_clarified(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> Option<Task> {
    let word = record.withdrawals().iter().rfind(|word| word.part != WithdrawnPart::AboutSelf)?;
    let asked = ledger.required_for(record.consent(), word.at);
    let stands = |giver: &PersonId| {
        let mut words = record.withdrawals().iter();
        record.has_yes_of(*giver)
            && !words.any(|word| word.giver == *giver && word.part != WithdrawnPart::AboutSelf)
    };
    let is_apart = asked.contains(&word.giver) && asked.iter().any(stands);
    (is_apart && !is_followed(ledger, record, word.at, now))
        .then(|| Task { person: Some(word.giver), ..Task::about(TaskKind::ClarifyWithAll, word.at, record) })
}

/// What the form of a consent that is not over still asks for.
fn of_form(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> Vec<Task> {
    let consent = record.consent();
    let is_asked = match ledger.status(record, now) {
        ConsentStatus::Valid
        | ConsentStatus::Expiring
        | ConsentStatus::WaitsForReview
        | ConsentStatus::MustBeRenewed { .. } => false,
        ConsentStatus::Draft | ConsentStatus::PartlyGiven { .. } | ConsentStatus::NotYet => true,
        _ => return Vec::new(),
    };
    let mut tasks = Vec::new();
    let review = consent.review_at.filter(|at| *at <= now && !is_asked);
    tasks.extend(review.map(|at| Task::about(TaskKind::ReviewDue, at, record)));
    let old_enough = ledger.birthdays().0.get(&HEARD_AGE).filter(|birthday| **birthday <= now);
    if let Some(birthday) = old_enough
        && consent.child_heard == ChildHeard::NotAsked
        && ledger.subject_kind() == SubjectKind::Child
        && !says_yes_itself(ledger, record, now)
    {
        tasks.push(Task::about(TaskKind::ChildNotHeard, consent.from.max(*birthday), record));
    }
    tasks
}

/// Whether the subject is among those who say yes: then it is heard by that.
fn says_yes_itself(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> bool {
    let asked = ledger.required_for(record.consent(), now);
    let mut subject = ledger.parties().iter().filter(|party| party.capacity == Capacity::Subject);
    subject.any(|party| asked.contains(&party.person))
}

/// Since when a consent that counted has run out, with none in its place.
pub(crate) fn ran_out(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> Option<UnixMillis> {
    let is_expired = ledger.status(record, now) == ConsentStatus::Expired;
    let completed = ledger.completed_at(record).filter(|at| is_expired && *at <= now)?;
    let since = record.expired_since(now)?;
    (!is_followed(ledger, record, completed, now)).then_some(since)
}

/// Whether another consent to the same service has every yes since.
fn is_followed(ledger: &LedgerView, record: &ConsentRecord, since: UnixMillis, now: UnixMillis) -> bool {
    let consent = record.consent();
    let follows = |other: &&ConsentRecord| {
        let (id, recipient) = (other.consent().id, &other.consent().recipient);
        id != consent.id && recipient == &consent.recipient && other.consent().kind == consent.kind
    };
    let others = ledger.consents().values().filter(follows);
    let mut completed = others.filter_map(|other| ledger.completed_at(other));
    ledger.is_superseded(consent.id, now) || completed.any(|at| since < at && at <= now)
}

#[cfg(test)]
mod tests;
