//! The gate for people: pages, API, search, print and export ask it for every entry.
//!
//! At the owner, staff read by task, own writing or consent; families read their own. At a
//! partner, staff read what a grant opens to their service and only when assigned. Leaders,
//! operators and coordinators read nothing of a case by their role.

use std::collections::BTreeSet;

use crate::access::{Denial, EntryFacts, permit_own_service};
use crate::consent::rule::{ADULT_AGE, Capacity, SubjectKind};
use crate::entry::About;
use crate::grant::ReceivedGrant;
use crate::id::{AccountId, GrantId};
use crate::ledger::LedgerView;
use crate::municipality::Service;
use crate::person::{Reader, Role};
use crate::time::UnixMillis;

/// Leave for one person to read one entry in this step. Neither cloned nor stored.
#[derive(Debug)]
pub struct ReadPermit<'step> {
    entry: &'step EntryFacts,
}

impl ReadPermit<'_> {
    /// The entry that may be read.
    pub fn entry(&self) -> &EntryFacts {
        self.entry
    }
}

/// What a person may do with a case that this node owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseTask {
    /// Holds the baton: reads and writes everything, asks for consents.
    Stafettholder,
    /// Works with the case in a service.
    Assigned,
    /// Belongs to the family.
    Family,
}

/// Asks what a person's task in an owned case is.
///
/// # Errors
/// [`Denial::NoTask`] for everybody without one.
pub fn task(
    reader: &Reader,
    ledger: &LedgerView,
    assigned: &BTreeSet<AccountId>,
    now: UnixMillis,
) -> Result<CaseTask, Denial> {
    let works = matches!(reader.role, Role::Employee | Role::UnitLeader);
    if works && ledger.baton().is_held_by(reader.account) {
        return Ok(CaseTask::Stafettholder);
    }
    let is_assigned = reader.role == Role::Employee && assigned.contains(&reader.account);
    if is_assigned && reader.service.is_some() {
        return Ok(CaseTask::Assigned);
    }
    if is_family(reader, ledger, now) { Ok(CaseTask::Family) } else { Err(Denial::NoTask) }
}

/// Under strict address protection a guardian who does not live at the address has no task in the
/// case, also not to know that it exists: the other parent may be the threat (law 15). From 18 no
/// guardian has one.
fn is_family(reader: &Reader, ledger: &LedgerView, now: UnixMillis) -> bool {
    let Some(person) = reader.person else { return false };
    let mut capacities =
        ledger.parties().iter().filter(|party| party.person == person).map(|party| party.capacity);
    match reader.role {
        Role::Guardian => {
            // A guardian who was taken out of the family since the backup would read again.
            !ledger.family_in_doubt()
                && ledger.protection().is_safe_for(person)
                && ledger.subject_kind() == SubjectKind::Child
                && ledger.birthdays().has_reached(ADULT_AGE, now) != Some(true)
                && capacities.any(|capacity| {
                    matches!(
                        capacity,
                        Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian
                    )
                })
        }
        Role::Subject => capacities.any(|capacity| capacity == Capacity::Subject),
        _ => false,
    }
}

/// Asks whether a person may read an entry of a case that this node owns.
///
/// # Errors
/// [`Denial`] with the first reason found.
pub fn permit_reading<'step>(
    reader: &Reader,
    ledger: &LedgerView,
    assigned: &BTreeSet<AccountId>,
    entry: &'step EntryFacts,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    match task(reader, ledger, assigned, now)? {
        CaseTask::Stafettholder => Ok(ReadPermit { entry }),
        CaseTask::Assigned => permit_assigned(reader, ledger, entry, now),
        CaseTask::Family => permit_family(reader, ledger, entry, now),
    }
}

/// Asks what somebody who works in the reader's service may read, whoever that is.
pub(super) fn permit_assigned<'step>(
    reader: &Reader,
    ledger: &LedgerView,
    entry: &'step EntryFacts,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    let code = reader.service.clone().ok_or(Denial::NoTask)?;
    let service = Service { host: reader.organisation, code };
    permit_own_service(ledger, &service, entry, now).map(|()| ReadPermit { entry })
}

/// A guardian reads what is about the subject or about the guardian; never what is about the
/// other guardian. From the age at which the youth consents a guardian reads the areas that the
/// municipality's rule leaves, and never one that the youth has closed to the guardian.
fn permit_family<'step>(
    reader: &Reader,
    ledger: &LedgerView,
    entry: &'step EntryFacts,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    if reader.role == Role::Guardian {
        if entry.hidden_from_guardians {
            return Err(Denial::Excepted);
        }
        guardian_still_reads(reader, ledger, entry, now)?;
    }
    let about_own = entry.about.iter().all(|about| match about {
        About::Subject => true,
        About::Guardian(person) => reader.person == Some(*person),
        About::Sibling | About::Other => false,
    });
    let says_whom = !entry.about.is_empty();
    if entry.only_for.is_none() && says_whom && about_own {
        Ok(ReadPermit { entry })
    } else {
        Err(Denial::AboutAnother)
    }
}

fn guardian_still_reads(
    reader: &Reader,
    ledger: &LedgerView,
    entry: &EntryFacts,
    now: UnixMillis,
) -> Result<(), Denial> {
    let closed = reader.person.and_then(|person| ledger.closed_to_guardian(person));
    if closed.is_some_and(|closed| !closed.is_disjoint(&entry.areas)) {
        return Err(Denial::Excepted);
    }
    let rule = ledger.rules().at(None, now);
    if ledger.family(now).is_youth(rule, now) {
        let left = !entry.areas.is_empty() && entry.areas.is_subset(&rule.guardian_areas);
        return if left { Ok(()) } else { Err(Denial::NoConsent) };
    }
    Ok(())
}

/// An entry that came from another municipality, and what it came under.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedFacts<'step> {
    /// The grants received for the case.
    pub grants: &'step [ReceivedGrant],
    /// The entry.
    pub entry: &'step EntryFacts,
    /// The grants that the owner named for it: other services here do not see it.
    pub under: &'step BTreeSet<GrantId>,
}

/// Asks whether a person may read an entry that came from another municipality.
///
/// # Errors
/// [`Denial::NoTask`] unless the person works in a granted service and is assigned;
/// [`Denial::NoConsent`] if no grant that counts opens the entry to that service.
pub fn permit_reading_received<'step>(
    reader: &Reader,
    received: &ReceivedFacts<'step>,
    assigned: &BTreeSet<AccountId>,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    permit_received(&works_with(reader, assigned)?, received, now)
}

/// Asks what somebody who works in a service may read of a received case, whoever that is.
pub(super) fn permit_received<'step>(
    service: &Service,
    received: &ReceivedFacts<'step>,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    let ReceivedFacts { grants, entry, under } = *received;
    let opens = |received: &ReceivedGrant| {
        received.counts(now)
            && under.contains(&received.grant.grant)
            && received.grant.case == entry.case
            && received.grant.service == service.code
            && received.grant.covers(entry.kind, &entry.areas)
            && entry.only_for.as_ref().is_none_or(|only| only.service == *service)
    };
    if grants.iter().any(opens) { Ok(ReadPermit { entry }) } else { Err(Denial::NoConsent) }
}

/// Asks whether a person may write a new entry in a case from another municipality.
///
/// # Errors
/// As [`permit_reading_received`].
pub fn permit_writing_received<'a>(
    reader: &Reader,
    grants: &'a [ReceivedGrant],
    assigned: &BTreeSet<AccountId>,
    kind: crate::entry::EntryKind,
    areas: &BTreeSet<crate::municipality::AreaCode>,
    now: UnixMillis,
) -> Result<&'a ReceivedGrant, Denial> {
    let service = works_with(reader, assigned)?;
    grants
        .iter()
        .find(|received| {
            received.counts(now)
                && received.grant.service == service.code
                && received.grant.direction.receives()
                && kind != crate::entry::EntryKind::CaseCard
                && received.grant.covers(kind, areas)
        })
        .ok_or(Denial::NoConsent)
}

/// Whether a person leads the service that a received case was shared with, and so may assign it.
pub fn may_assign(reader: &Reader, grants: &[ReceivedGrant], now: UnixMillis) -> bool {
    reader.role == Role::ServiceLeader
        && grants
            .iter()
            .any(|received| received.counts(now) && Some(&received.grant.service) == reader.service.as_ref())
}

fn works_with(reader: &Reader, assigned: &BTreeSet<AccountId>) -> Result<Service, Denial> {
    let code = reader.service.clone().ok_or(Denial::NoTask)?;
    let works = reader.role == Role::Employee && assigned.contains(&reader.account);
    if works { Ok(Service { host: reader.organisation, code }) } else { Err(Denial::NoTask) }
}

#[cfg(test)]
mod tests;
