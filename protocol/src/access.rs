//! The one gate (law 3): may this go to this partner, may this person read it, now?
//!
//! A frame about an entry can be built only from a [`Permit`], and only this module makes one.
//! A permit is bound to the step it was asked in: it borrows the facts it was made from, is
//! neither cloned nor stored, and names the grounds that a disclosure row needs. The same facts
//! answer people, in [`person`].
//!
//! A [`Denial`] is an answer, not an error. It is for this node's own eyes: what a partner sees
//! of a denial is nothing at all.

pub mod emergency;
pub mod leader;
pub mod person;
pub mod succeeding;
pub mod there;
pub mod waiting;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, Standing};
use crate::consent::ConsentRecord;
use crate::entry::schema::PLACE_CARD_FIELDS;
use crate::entry::{About, EntryKind};
use crate::grant::{Grant, ReceivedGrant};
use crate::id::{CaseId, ConsentId, EntryId, GenerationId, GrantId};
use crate::ledger::{IssuedGrant, LedgerView};
use crate::municipality::{AreaCode, OrganisationNumber, Service};
use crate::planted::planted;
use crate::protection::AddressProtection;
use crate::time::UnixMillis;

/// What the gate must know of an entry. Nothing of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFacts {
    /// The entry.
    pub entry: EntryId,
    /// Its case.
    pub case: CaseId,
    /// Its kind.
    pub kind: EntryKind,
    /// Its areas; without one it is never in scope (law 4).
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<About>,
    /// The service that wrote it; none where the owner did not say (law 2).
    pub written_by: Option<Service>,
    /// The only recipient that it may go to: a case card is made for one consent.
    pub only_for: Option<OnlyFor>,
    /// Whether the child asked that guardians do not see it.
    pub hidden_from_guardians: bool,
    /// Its present generation.
    pub generation: GenerationId,
    /// How many changes that generation has.
    pub changes: u32,
}

/// The one recipient of a case card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlyFor {
    /// The service.
    pub service: Service,
    /// The consent that chose the card's fields; none at the partner, which need not know.
    pub consent: Option<ConsentId>,
}

/// What stands between one entry and one partner already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// The generation that was disclosed to the partner, or that the partner itself began.
    pub generation: Option<GenerationId>,
    /// Whether an order to erase it has no receipt yet.
    pub recall_waits: bool,
}

/// Why something does not go out, or is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    /// Address protection closes it: strictly for every partner, confidentially for private
    /// recipients, for partners without the leader's approval, and for cards that say where (law 15).
    AddressProtected,
    /// No agreement with the partner holds now, or its node is not trusted.
    NoAgreement,
    /// This node was restored, or its clock is in doubt.
    Sealed,
    /// The agreement does not cover one of the entry's areas.
    OutsideAgreement,
    /// The entry names no area.
    NoArea,
    /// No consent that counts covers all areas, the kind and the direction.
    NoConsent,
    /// The family pointed at this entry and said no to this service.
    Excepted,
    /// The entry is for another recipient.
    ForAnother,
    /// The entry is about somebody who has not consented to that.
    AboutAnother,
    /// An order to erase it waits for its receipt.
    RecallWaits,
    /// A receipt is overdue: nothing new goes to this partner.
    ReceiptOverdue,
    /// The entry's history would travel: it waits for a generation with one change (law 7).
    HistoryTravels,
    /// The person has no task in the case.
    NoTask,
    /// The case is not here.
    Unknown,
}

/// One question to the gate, about one entry for one partner at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Question<'step> {
    /// What holds in the case.
    pub ledger: &'step LedgerView,
    /// The agreement with the partner, if there is one.
    pub agreement: Option<&'step Agreement>,
    /// Whether the partner's node is trusted.
    pub standing: Standing,
    /// The entry.
    pub entry: &'step EntryFacts,
    /// What the partner has of it already.
    pub held: Held,
    /// The moment.
    pub now: UnixMillis,
}

/// What a disclosure rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ground {
    /// The grant that the partner holds.
    pub grant: GrantId,
    /// The consent that it comes from.
    pub consent: ConsentId,
    /// The service that may read.
    pub service: Service,
}

/// Leave to send one entry to one partner in this step.
#[derive(Debug)]
pub struct Permit<'step> {
    entry: &'step EntryFacts,
    partner: OrganisationNumber,
    grounds: Vec<Ground>,
}

impl Permit<'_> {
    /// The entry that may go.
    pub fn entry(&self) -> &EntryFacts {
        self.entry
    }

    /// The partner that it may go to.
    pub fn partner(&self) -> OrganisationNumber {
        self.partner
    }

    /// What the disclosure rests on: at least one ground, by grant; the partner's node shows the
    /// entry to these grants' services and to no other of its own.
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }
}

/// Asks whether an entry may go to the agreement's partner.
///
/// # Errors
/// [`Denial`]: the first reason found, from blocks above consent down to the entry itself.
pub fn permit<'step>(question: &Question<'step>) -> Result<Permit<'step>, Denial> {
    let Question { ledger, standing, entry, held, now, .. } = *question;
    let agreement = open_agreement(question)?;
    within_agreement(agreement, &entry.areas)?;
    if held.recall_waits && !planted!("recall-does-not-wait") {
        return Err(Denial::RecallWaits);
    }
    let is_protected = ledger.address_protection() != AddressProtection::None;
    let mut denial = if is_protected { Denial::AddressProtected } else { Denial::NoConsent };
    let mut open = Vec::new();
    for ground in grounds(ledger, agreement, &entry.areas, now, |record| covers(record, entry)) {
        match closed_to(ledger, &ground, entry, now) {
            None => open.push(ground),
            Some(reason) => denial = reason,
        }
    }
    if open.is_empty() {
        return Err(denial);
    }
    is_new_only_if_allowed(standing, entry, held)?;
    Ok(Permit { entry, partner: agreement.partner, grounds: open })
}

/// What a planted fault does: leave to send under every living grant, unasked.
#[cfg(planted)]
pub(crate) fn permit_without_asking<'step>(
    ledger: &LedgerView,
    partner: OrganisationNumber,
    entry: &'step EntryFacts,
) -> Result<Permit<'step>, Denial> {
    let living = ledger.grants().iter();
    let living = living.filter(|(_, issued)| issued.partner == partner && issued.ended_at.is_none());
    let ground = |(grant, issued): (&GrantId, &IssuedGrant)| {
        let service = ledger.consents().get(&issued.consent)?.consent().recipient.clone();
        Some(Ground { grant: *grant, consent: issued.consent, service })
    };
    let grounds: Vec<_> = living.filter_map(ground).collect();
    if grounds.is_empty() { Err(Denial::NoConsent) } else { Ok(Permit { entry, partner, grounds }) }
}

/// Asks whether the agreement's partner may write a new entry of this kind and these areas.
///
/// # Errors
/// [`Denial`], as for [`permit`]; the partner is told the same whatever the reason.
pub fn permit_proposal(question: &ProposalQuestion<'_>) -> Result<Ground, Denial> {
    let ProposalQuestion { ledger, agreement, standing, kind, areas, grant, now } = *question;
    let agreement = open_link(ledger, agreement, standing, now)?;
    within_agreement(agreement, areas)?;
    if kind == EntryKind::CaseCard {
        return Err(Denial::NoConsent);
    }
    grounds(ledger, agreement, areas, now, |record| {
        let consent = record.consent();
        consent.direction.receives() && consent.kinds.contains(&kind) && areas.is_subset(record.areas())
    })
    .find(|ground| ground.grant == grant)
    .ok_or(Denial::NoConsent)
}

/// One question about a partner's proposal of a new entry.
#[derive(Debug, Clone, Copy)]
pub struct ProposalQuestion<'step> {
    /// What holds in the case.
    pub ledger: &'step LedgerView,
    /// The agreement with the partner, if there is one.
    pub agreement: Option<&'step Agreement>,
    /// Whether the partner's node is trusted.
    pub standing: Standing,
    /// The kind of entry.
    pub kind: EntryKind,
    /// Its areas.
    pub areas: &'step BTreeSet<AreaCode>,
    /// The grant that the partner names.
    pub grant: GrantId,
    /// The moment.
    pub now: UnixMillis,
}

/// Asks whether the partner may change an entry that it holds.
///
/// # Errors
/// [`Denial`], as for [`permit`].
pub fn permit_change(question: &Question<'_>) -> Result<Ground, Denial> {
    let permit = permit(question)?;
    if question.entry.kind == EntryKind::CaseCard {
        return Err(Denial::NoConsent);
    }
    let may_write = |ground: &Ground| {
        let record = question.ledger.consents().get(&ground.consent);
        record.is_some_and(|record| record.consent().direction.receives()) || planted!("reader-may-write")
    };
    permit.grounds.into_iter().find(may_write).ok_or(Denial::NoConsent)
}

/// A consent that may be told to a partner, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grantable<'a> {
    /// The consent.
    pub record: &'a ConsentRecord,
    /// The areas that are open under it and that the agreement covers; at least one.
    pub areas: BTreeSet<AreaCode>,
}

/// Asks whether a consent may be told to the partner as a grant: everything but the entries.
///
/// # Errors
/// [`Denial`] if a block, the agreement or the consent speaks against it.
pub fn permit_grant<'a>(
    ledger: &'a LedgerView,
    agreement: Option<&Agreement>,
    standing: Standing,
    consent: ConsentId,
    now: UnixMillis,
) -> Result<Grantable<'a>, Denial> {
    let agreement = open_link(ledger, agreement, standing, now)?;
    let record = ledger.consents().get(&consent).ok_or(Denial::NoConsent)?;
    is_theirs(ledger, agreement, record)?;
    let mut counts = ledger.valid_consents(&record.consent().recipient, now);
    if !counts.any(|valid| valid.consent().id == consent) {
        return Err(Denial::NoConsent);
    }
    let areas: BTreeSet<AreaCode> = record.areas().intersection(&agreement.areas).cloned().collect();
    if areas.is_empty() { Err(Denial::OutsideAgreement) } else { Ok(Grantable { record, areas }) }
}

/// Asks whether what went out under a grant may stay with the partner. It may while the consent
/// pauses, though nothing more goes out then; not when the agreement no longer covers all of it.
///
/// # Errors
/// [`Denial`] if a block, the agreement or the consent speaks against it.
pub fn permit_keeping(
    ledger: &LedgerView,
    agreement: Option<&Agreement>,
    standing: Standing,
    issued: &IssuedGrant,
    now: UnixMillis,
) -> Result<(), Denial> {
    let agreement = open_link(ledger, agreement, standing, now)?;
    let record = ledger.consents().get(&issued.consent).ok_or(Denial::NoConsent)?;
    is_theirs(ledger, agreement, record)?;
    if !issued.areas.is_subset(&agreement.areas) {
        return Err(Denial::OutsideAgreement);
    }
    if ledger.keeps_grant(issued, now) { Ok(()) } else { Err(Denial::NoConsent) }
}

fn is_theirs(ledger: &LedgerView, agreement: &Agreement, record: &ConsentRecord) -> Result<(), Denial> {
    let recipient = &record.consent().recipient;
    if recipient.host != agreement.partner || !agreement.services.contains(&recipient.code) {
        return Err(Denial::NoConsent);
    }
    if ledger.protection().closes(record, true) { Err(Denial::AddressProtected) } else { Ok(()) }
}

/// What goes back to a case's owner: own writing about what was received.
///
/// # Errors
/// [`Denial::NoConsent`] if no grant that counts lets this node write there,
/// [`Denial::NoAgreement`] or [`Denial::Sealed`] if the link is closed for it.
pub fn permit_return<'step>(question: &ReturnQuestion<'step>) -> Result<Permit<'step>, Denial> {
    let ReturnQuestion { grants, agreement, standing, entry, under, now } = *question;
    let agreement = agreement.filter(|agreement| agreement.holds(now)).ok_or(Denial::NoAgreement)?;
    match standing {
        Standing::Sealed => return Err(Denial::Sealed),
        Standing::Revoked => return Err(Denial::NoAgreement),
        Standing::Trusted | Standing::ReceiptOverdue => {}
    }
    let may_write = |received: &&ReceivedGrant| {
        received.counts(now)
            && under.contains(&received.grant.grant)
            && received.grant.case == entry.case
            && received.grant.direction.receives()
            && received.grant.covers(entry.kind, &entry.areas)
    };
    let grounds: Vec<_> =
        grants.iter().filter(may_write).map(|received| ground_of(&received.grant)).collect();
    if grounds.is_empty() {
        return Err(Denial::NoConsent);
    }
    Ok(Permit { entry, partner: agreement.partner, grounds })
}

/// One question about own writing in a received case.
#[derive(Debug, Clone, Copy)]
pub struct ReturnQuestion<'step> {
    /// The grants received for the case.
    pub grants: &'step [ReceivedGrant],
    /// The agreement with the owner, if there is one.
    pub agreement: Option<&'step Agreement>,
    /// Whether the owner's node is trusted, and this one not sealed.
    pub standing: Standing,
    /// The entry.
    pub entry: &'step EntryFacts,
    /// The grants that the owner named when it announced the entry, or that it was proposed under.
    pub under: &'step BTreeSet<GrantId>,
    /// The moment.
    pub now: UnixMillis,
}

fn ground_of(grant: &Grant) -> Ground {
    Ground {
        grant: grant.grant,
        consent: grant.consent,
        service: Service { host: grant.partner, code: grant.service.clone() },
    }
}

fn open_agreement<'step>(question: &Question<'step>) -> Result<&'step Agreement, Denial> {
    open_link(question.ledger, question.agreement, question.standing, question.now)
}

fn open_link<'step>(
    ledger: &LedgerView,
    agreement: Option<&'step Agreement>,
    standing: Standing,
    now: UnixMillis,
) -> Result<&'step Agreement, Denial> {
    let is_strict = ledger.address_protection() == AddressProtection::StrictlyConfidential;
    if is_strict && !planted!("protection-ignored") {
        return Err(Denial::AddressProtected);
    }
    match standing {
        Standing::Sealed => return Err(Denial::Sealed),
        Standing::Revoked => return Err(Denial::NoAgreement),
        Standing::Trusted | Standing::ReceiptOverdue => {}
    }
    let is_over = ledger.is_closed() && !planted!("closing-ignored") || ledger.has_moved();
    if is_over {
        return Err(Denial::NoConsent);
    }
    agreement.filter(|agreement| agreement.holds(now)).ok_or(Denial::NoAgreement)
}

fn within_agreement(agreement: &Agreement, areas: &BTreeSet<AreaCode>) -> Result<(), Denial> {
    if areas.is_empty() {
        return Err(Denial::NoArea);
    }
    if areas.is_subset(&agreement.areas) { Ok(()) } else { Err(Denial::OutsideAgreement) }
}

/// The grants that count and fit, by id, so that their order depends on nothing but what this
/// partner holds.
fn grounds<'a>(
    ledger: &'a LedgerView,
    agreement: &'a Agreement,
    areas: &'a BTreeSet<AreaCode>,
    now: UnixMillis,
    fits: impl Fn(&ConsentRecord) -> bool + 'a,
) -> impl Iterator<Item = Ground> + 'a {
    let living = ledger
        .grants()
        .iter()
        .filter(|(_, issued)| issued.partner == agreement.partner && issued.ended_at.is_none())
        .filter(|(_, issued)| lies_within(areas, &issued.areas) && issued.areas.is_subset(&agreement.areas));
    living.filter_map(move |(grant, issued)| {
        let record = ledger.consents().get(&issued.consent)?;
        let (consent, recipient) = (record.consent().id, &record.consent().recipient);
        let counts = is_theirs(ledger, agreement, record).is_ok()
            && ledger.is_as_issued(issued, record, now)
            && ledger.valid_consents(recipient, now).any(|valid| valid.consent().id == consent);
        let service = recipient.clone();
        (counts && fits(record)).then_some(Ground { grant: *grant, consent, service })
    })
}

/// Whether a consent alone opens an entry: area, kind, direction, recipient and persons.
fn covers(record: &ConsentRecord, entry: &EntryFacts) -> bool {
    let consent = record.consent();
    let own_writing = entry.written_by.as_ref() == Some(&consent.recipient);
    let recipient_fits = entry
        .only_for
        .as_ref()
        .is_none_or(|only| only.service == consent.recipient && only.consent == Some(consent.id))
        || planted!("card-for-anybody");
    let kind_is_open = match entry.kind {
        EntryKind::CaseCard => entry.only_for.is_some(),
        kind => consent.kinds.contains(&kind),
    };
    kind_is_open
        && recipient_fits
        && (consent.direction.gives() || own_writing || planted!("direction-ignored"))
        && !entry.areas.is_empty()
        && lies_within(&entry.areas, record.areas())
}

/// Whether all areas are open (law 4).
fn lies_within(areas: &BTreeSet<AreaCode>, open: &BTreeSet<AreaCode>) -> bool {
    areas.is_subset(open) || (planted!("one-area-is-enough") && !areas.is_disjoint(open))
}

/// Asks whether a service of this municipality may read an entry: its own writing, or by consent.
///
/// # Errors
/// [`Denial`] with the first reason found.
pub fn permit_own_service(
    ledger: &LedgerView,
    service: &Service,
    entry: &EntryFacts,
    now: UnixMillis,
) -> Result<(), Denial> {
    if entry.written_by.as_ref() == Some(service) && entry.only_for.is_none() {
        return Ok(());
    }
    if ledger.is_excepted(service, entry.entry, now) {
        return Err(Denial::Excepted);
    }
    let valid = ledger.valid_consents(service, now);
    let covering: Vec<_> = valid.filter(|record| covers(record, entry)).collect();
    let opening: Vec<_> =
        covering.iter().filter(|record| !ledger.protection().closes(record, false)).collect();
    match opening.iter().any(|record| all_consented(record, entry)) {
        true => Ok(()),
        false if covering.is_empty() => Err(Denial::NoConsent),
        false if opening.is_empty() => Err(Denial::AddressProtected),
        false => Err(Denial::AboutAnother),
    }
}

/// Why an entry stays closed to a service whose consent covers it, if it does.
fn closed_to(ledger: &LedgerView, ground: &Ground, entry: &EntryFacts, now: UnixMillis) -> Option<Denial> {
    if ledger.is_excepted(&ground.service, entry.entry, now) && !planted!("exception-ignored") {
        return Some(Denial::Excepted);
    }
    if says_where(ledger, ground, entry) {
        return Some(Denial::AddressProtected);
    }
    let written_there = entry.written_by.as_ref() == Some(&ground.service);
    let consented = ledger.consents().get(&ground.consent).is_some_and(|record| all_consented(record, entry));
    let says_whom = !entry.about.is_empty();
    if says_whom && (written_there || consented) { None } else { Some(Denial::AboutAnother) }
}

/// Whether an entry is a card that says where the family lives or goes, and the address is
/// confidential. What a card holds is known by the consent that chose its fields.
fn says_where(ledger: &LedgerView, ground: &Ground, entry: &EntryFacts) -> bool {
    ledger.address_protection() == AddressProtection::Confidential
        && entry.kind == EntryKind::CaseCard
        && ledger.consents().get(&ground.consent).is_none_or(says_place)
}

/// Whether the card that a consent opens says where the family lives or goes.
fn says_place(record: &ConsentRecord) -> bool {
    record.consent().card_fields.iter().any(|field| PLACE_CARD_FIELDS.contains(&field.key()))
}

/// Whether everybody whom the entry is about has opened that: a guardian by that guardian's own
/// yes; for a sibling or another person there is no such yes in this case. An entry that does not
/// say whom it is about may be about anybody.
fn all_consented(record: &ConsentRecord, entry: &EntryFacts) -> bool {
    let is_said = !entry.about.is_empty();
    planted!("about-anybody")
        || is_said
            && entry.about.iter().all(|about| match about {
                About::Subject => true,
                About::Guardian(person) => record.opens_about(*person),
                About::Sibling | About::Other => false,
            })
}

fn is_new_only_if_allowed(standing: Standing, entry: &EntryFacts, held: Held) -> Result<(), Denial> {
    if held.generation == Some(entry.generation) || planted!("history-travels") {
        return Ok(());
    }
    if standing == Standing::ReceiptOverdue {
        return Err(Denial::ReceiptOverdue);
    }
    if entry.changes == 1 { Ok(()) } else { Err(Denial::HistoryTravels) }
}

#[cfg(test)]
pub(crate) mod tests;
