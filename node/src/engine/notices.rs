//! Drafts of what a family is told when a sharing has ended, and when there is a new stafettholder.
//!
//! Only whoever withdrew is told of a withdrawal, so that no guardian learns of another's choice;
//! the end of a partner is told of what no withdrawal had ended before. Each draft is made from
//! the entries that its addressee may read, asked of the same gate as every look. Under strict
//! address protection there are none: a draft would name a municipality on paper that finds its
//! way, and what is to be said is said by whoever knows the danger.

use std::collections::{BTreeMap, BTreeSet};

use stafett_config::Language;
use stafett_protocol::access::EntryFacts;
use stafett_protocol::access::person::{CaseTask, permit_reading, task};
use stafett_protocol::agreement::Standing;
use stafett_protocol::consent::rule::{Capacity, Party};
use stafett_protocol::consent::{self, ConsentKind, ConsentRecord, WithdrawnPart};
use stafett_protocol::disclosure::DisclosureRow;
use stafett_protocol::entry::{About, EntryKind};
use stafett_protocol::erasure::{Done, LockBasis, Receipt};
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GrantId, OrderId, PersonId};
use stafett_protocol::ledger::{HandCourse, IssuedGrant, LedgerView};
use stafett_protocol::limits::NEW_HOLDER_TOLD_MS;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::time::UnixMillis;

use super::answer::{NoticeCause, NoticeItem, NoticeKind};
use super::family::party_items;
use super::{Engine, EngineError};
use crate::notice::{
    Confirmed, Moving, PartnerEnded, Told, Withdrawal, new_holder, partner_ended, withdrawal,
};
use crate::store::DisclosureFilter;
use crate::words::{Namer, time};

/// What is known of a case's ended sharing.
struct Ended {
    ledger: std::sync::Arc<LedgerView>,
    entries: BTreeMap<EntryId, EntryFacts>,
    /// What was handed over.
    sent: Vec<DisclosureRow>,
    receipts: BTreeMap<OrderId, Receipt>,
}

impl Engine {
    /// Drafts notices for a family: all of them for the stafettholder; a person of the family gets
    /// those on the own withdrawals. The look is in the access log before anything is told.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in the case, whether it exists or not;
    /// [`EngineError::NotAllowed`] for others who work with it.
    pub async fn notices(&self, reader: &Reader, case: CaseId) -> Result<Vec<NoticeItem>, EngineError> {
        let ledger = self.ledger(case).await?;
        let task = self.task_in(reader, &ledger).await?;
        if task == CaseTask::Assigned {
            return Err(EngineError::NotAllowed);
        }
        self.note(reader, Some(case), "notices".to_owned()).await?;
        if ledger.address_protection() == AddressProtection::StrictlyConfidential {
            return Ok(Vec::new());
        }
        let names = match task {
            CaseTask::Stafettholder => party_items(ledger.parties(), self.private_case(case).await?.as_ref()),
            CaseTask::Assigned | CaseTask::Family => Vec::new(),
        };
        let ended = self.ended(ledger).await?;
        let mut items = self.withdrawal_notices(reader, &ended);
        if task == CaseTask::Stafettholder {
            items.extend(self.partner_notices(reader, &ended));
        }
        items.extend(self.new_holder_notices(reader, &ended));
        if task != CaseTask::Stafettholder {
            items.retain(|item| Some(item.person) == reader.person);
        }
        for item in &mut items {
            let known = names.iter().find(|party| party.person == item.person);
            item.name = known.and_then(|party| party.name.clone());
        }
        Ok(items)
    }

    async fn ended(&self, ledger: std::sync::Arc<LedgerView>) -> Result<Ended, EngineError> {
        let case = ledger.case();
        let store = &self.inner.store;
        let filter = DisclosureFilter { case: Some(case), ..DisclosureFilter::default() };
        let logged = store.disclosures(filter).await?;
        Ok(Ended {
            // What does not open is as what the person may not read.
            entries: store
                .whole_entries(case)
                .await?
                .whole
                .into_iter()
                .map(|record| (record.facts.entry, record.facts))
                .collect(),
            sent: logged.into_iter().filter(|logged| !logged.is_unsent).map(|logged| logged.row).collect(),
            receipts: store
                .receipts_filed(case)
                .await?
                .into_iter()
                .map(|filed| (filed.receipt.order, filed.receipt))
                .collect(),
            ledger,
        })
    }

    fn withdrawal_notices(&self, asking: &Reader, ended: &Ended) -> Vec<NoticeItem> {
        let records = ended.ledger.consents().values();
        let mut words: Vec<_> =
            records.flat_map(|record| record.withdrawals().iter().map(move |word| (record, word))).collect();
        words.sort_by_key(|(_, word)| std::cmp::Reverse(word.at));
        let drafts = words.into_iter().filter_map(|(record, word)| {
            let mut concerned = ended.readable(asking, word.giver, self.now())?;
            concerned.retain(|entry| ended.concerns(word, *entry));
            let consent = record.consent().id;
            let grants = ended.grants(|issued| {
                issued.consent == consent && issued.ended_at.is_none_or(|ended| word.at <= ended)
            });
            let before = |issued: &IssuedGrant| issued.narrowings < record.narrowings();
            let grants = match word.part {
                WithdrawnPart::Whole => grants,
                _ => ended.among(&grants, before),
            };
            let told = match record.consent().kind {
                ConsentKind::Transfer => Told::Moving(ended.moving(consent)),
                _ => ended.told(&grants, &concerned),
            };
            Some(self.withdrawal_item(record, word, told))
        });
        drafts.collect()
    }

    fn withdrawal_item(&self, record: &ConsentRecord, word: &consent::Withdrawal, told: Told) -> NoticeItem {
        let consent = record.consent();
        let consent::Withdrawal { giver, at, .. } = *word;
        let areas = match &word.part {
            WithdrawnPart::Areas { areas } => areas,
            WithdrawnPart::Whole | WithdrawnPart::AboutSelf => &consent.areas,
        };
        let host = consent.recipient.host;
        let is_own = host == self.inner.own;
        let was_asked = !is_own && !matches!(told, Told::NeverShared | Told::Moving(_));
        let partner = self.name_of(host);
        let day = time::day_of(at, &self.inner.config.node.time_zone);
        let text = |language| {
            withdrawal(
                language,
                &Withdrawal {
                    day: &day,
                    service: &self.service(&consent.recipient, language),
                    kinds: &consent.kinds,
                    areas: &self.areas(areas, language),
                    about_self: word.part == WithdrawnPart::AboutSelf,
                    partner: (!is_own).then_some((partner.as_str(), told)),
                },
            )
        };
        NoticeItem {
            kind: NoticeKind::Withdrawal,
            person: giver,
            name: None,
            consent: Some(consent.id),
            partner: (!is_own).then_some(host),
            cause: None,
            confirmed: was_asked.then_some(matches!(told, Told::Confirmed(_))),
            nb: text(Language::Nb),
            nn: text(Language::Nn),
        }
    }

    fn partner_notices(&self, asking: &Reader, ended: &Ended) -> Vec<NoticeItem> {
        let partners: BTreeSet<_> = ended.ledger.grants().values().map(|issued| issued.partner).collect();
        let gone = partners.into_iter().filter_map(|partner| Some((partner, self.gone(partner)?)));
        let persons: BTreeSet<_> = ended.ledger.parties().iter().map(|party| party.person).collect();
        gone.flat_map(|(partner, cause)| {
            let grants = ended.still_there(partner, self.now());
            let drafts: Vec<_> = persons
                .iter()
                .filter_map(|person| self.partner_item(asking, ended, partner, &grants, *person))
                .map(|item| NoticeItem { cause: Some(cause), ..item })
                .collect();
            drafts
        })
        .collect()
    }

    /// Tells everybody of the family who has a task in the case that the baton has passed, and to
    /// whom; why it did is nobody's matter.
    fn new_holder_notices(&self, asking: &Reader, ended: &Ended) -> Vec<NoticeItem> {
        let baton = ended.ledger.baton();
        let has_passed = ended.ledger.opened_at() < baton.since;
        let is_new = self.now().since(baton.since) < NEW_HOLDER_TOLD_MS && !ended.ledger.is_over();
        let Some(holder) = self.holder_called(baton).filter(|_| has_passed && is_new) else {
            return Vec::new();
        };
        let day = time::day_of(baton.since, &self.inner.config.node.time_zone);
        let told = ended.ledger.parties().iter().map(|party| party.person);
        let told = told.filter(|person| ended.readable(asking, *person, self.now()).is_some());
        let item = |person| NoticeItem {
            kind: NoticeKind::NewStafettholder,
            person,
            name: None,
            consent: None,
            partner: None,
            cause: None,
            confirmed: None,
            nb: new_holder(Language::Nb, &holder, &day),
            nn: new_holder(Language::Nn, &holder, &day),
        };
        told.map(item).collect()
    }

    /// Why nothing is shared with a partner any more, if nothing is.
    fn gone(&self, partner: OrganisationNumber) -> Option<NoticeCause> {
        let link = self.link(partner)?;
        if link.standing == Standing::Revoked {
            return Some(NoticeCause::Revoked);
        }
        (link.agreement.until <= self.now()).then_some(NoticeCause::AgreementEnded)
    }

    fn partner_item(
        &self,
        asking: &Reader,
        ended: &Ended,
        host: OrganisationNumber,
        grants: &BTreeSet<GrantId>,
        person: PersonId,
    ) -> Option<NoticeItem> {
        let readable = ended.readable(asking, person, self.now())?;
        let of_grants =
            |row: &&DisclosureRow| row.grounds.iter().any(|ground| grants.contains(&ground.grant));
        let rows: Vec<_> =
            ended.sent.iter().filter(of_grants).filter(|row| readable.contains(&row.entry)).collect();
        let since = rows.iter().map(|row| row.at).min()?;
        let facts: Vec<_> = rows.iter().filter_map(|row| ended.entries.get(&row.entry)).collect();
        let services: BTreeSet<_> = rows
            .iter()
            .flat_map(|row| &row.grounds)
            .filter(|ground| grants.contains(&ground.grant))
            .map(|ground| ground.service.clone())
            .collect();
        let kinds = facts.iter().map(|facts| facts.kind).collect();
        // A card carries its consent's areas, which are about its sharing and not about its content.
        let of_areas = facts.iter().filter(|facts| facts.kind != EntryKind::CaseCard);
        let areas: BTreeSet<_> = of_areas.flat_map(|facts| facts.areas.clone()).collect();
        let told = ended.told(grants, &readable);
        let since = time::day_of(since, &self.inner.config.node.time_zone);
        let text = |language| {
            let named: Vec<_> = services.iter().map(|service| self.service(service, language)).collect();
            partner_ended(
                language,
                &PartnerEnded {
                    partner: &self.name_of(host),
                    services: &named,
                    kinds: &kinds,
                    areas: &self.areas(&areas, language),
                    since: &since,
                    told,
                },
            )
        };
        Some(NoticeItem {
            kind: NoticeKind::PartnerEnded,
            person,
            name: None,
            consent: None,
            partner: Some(host),
            cause: None,
            confirmed: Some(matches!(told, Told::Confirmed(_))),
            nb: text(Language::Nb),
            nn: text(Language::Nn),
        })
    }

    fn areas(
        &self,
        areas: &BTreeSet<stafett_protocol::municipality::AreaCode>,
        language: Language,
    ) -> Vec<String> {
        areas.iter().map(|area| self.area(area, language)).collect()
    }
}

impl Ended {
    /// The entries that a person of the family may read; none if the person has no task in the case.
    /// The case card counts as read: the family said yes to each of its fields.
    fn readable(&self, asking: &Reader, person: PersonId, now: UnixMillis) -> Option<BTreeSet<EntryId>> {
        let reader = self.reader(asking, person)?;
        let nobody = BTreeSet::new();
        task(&reader, &self.ledger, &nobody, now).ok()?;
        let may_know = |facts: &EntryFacts| {
            facts.kind == EntryKind::CaseCard
                || permit_reading(&reader, &self.ledger, &nobody, facts, now).is_ok()
        };
        let readable = self.entries.values().filter(|facts| may_know(facts)).map(|facts| facts.entry);
        Some(readable.collect())
    }

    /// A person of the family as the gate would meet them.
    fn reader(&self, asking: &Reader, person: PersonId) -> Option<Reader> {
        let is_person = |party: &&Party| party.person == person;
        let party = self.ledger.parties().iter().find(is_person)?;
        let role = if party.capacity == Capacity::Subject { Role::Subject } else { Role::Guardian };
        Some(Reader { role, service: None, person: Some(person), ..asking.clone() })
    }

    fn grants(&self, which: impl Fn(&IssuedGrant) -> bool) -> BTreeSet<GrantId> {
        let grants = self.ledger.grants().iter();
        grants.filter(|(_, issued)| which(issued)).map(|(grant, _)| *grant).collect()
    }

    fn among(&self, grants: &BTreeSet<GrantId>, which: impl Fn(&IssuedGrant) -> bool) -> BTreeSet<GrantId> {
        let is_such = |grant: &&GrantId| self.ledger.grants().get(*grant).is_some_and(&which);
        grants.iter().filter(is_such).copied().collect()
    }

    /// Whether an entry is closed by a withdrawal: all of them by one of the whole.
    fn concerns(&self, word: &consent::Withdrawal, entry: EntryId) -> bool {
        let Some(facts) = self.entries.get(&entry) else { return false };
        match &word.part {
            WithdrawnPart::Whole => true,
            WithdrawnPart::Areas { areas } => !areas.is_disjoint(&facts.areas),
            WithdrawnPart::AboutSelf => facts.about.contains(&About::Guardian(word.giver)),
        }
    }

    fn orders(&self, grants: &BTreeSet<GrantId>) -> Vec<OrderId> {
        let orders = self.ledger.orders().iter();
        orders.filter(|(_, ordered)| grants.contains(&ordered.grant)).map(|(order, _)| *order).collect()
    }

    /// The grants to a partner under which something was there when everything with it ended: not
    /// what somebody withdrew, and not what had run out or been replaced and was receipted.
    fn still_there(&self, partner: OrganisationNumber, now: UnixMillis) -> BTreeSet<GrantId> {
        let mut grants = self.grants(|issued| issued.partner == partner);
        grants.retain(|grant| {
            let issued = self.ledger.grants().get(grant);
            let record = issued.and_then(|issued| self.ledger.consents().get(&issued.consent));
            let (Some(issued), Some(record)) = (issued, record) else { return false };
            let consent = record.consent();
            let ran_out = consent.until <= issued.ended_at.unwrap_or(now);
            let over = ran_out || self.ledger.is_superseded(consent.id, now);
            let orders = self.orders(&BTreeSet::from([*grant]));
            let is_receipted =
                !orders.is_empty() && orders.iter().all(|order| self.receipts.contains_key(order));
            record.withdrawn_at().is_none() && !(over && is_receipted)
        });
        grants
    }

    /// How far the move under a consent came.
    fn moving(&self, consent: ConsentId) -> Moving {
        let packages = self.ledger.packages_by_hand().values();
        let mut courses = packages.filter(|one| one.consent == Some(consent)).map(|one| &one.course);
        let is_transferred = self.ledger.transfer().is_some_and(|(_, one)| one.consent == Some(consent));
        if courses.clone().any(|course| matches!(course, HandCourse::Accepted { .. })) {
            Moving::GoneByHand
        } else if is_transferred {
            Moving::Gone
        } else if courses.next().is_some() {
            Moving::FileMade
        } else {
            Moving::Stopped
        }
    }

    /// What the partner was asked for under these grants, and what it has said of readable entries.
    fn told(&self, grants: &BTreeSet<GrantId>, readable: &BTreeSet<EntryId>) -> Told {
        // One that ended without an order never left.
        let left = |grant: &&GrantId| {
            let has_ended = self.ledger.grants().get(*grant).is_some_and(|issued| issued.ended_at.is_some());
            !has_ended || !self.orders(&BTreeSet::from([**grant])).is_empty()
        };
        if !grants.iter().any(|grant| left(&grant)) {
            return Told::NeverShared;
        }
        let orders = self.orders(grants);
        if orders.is_empty() {
            return Told::NotAsked;
        }
        let mut confirmed = Confirmed::default();
        let mut done: BTreeMap<EntryId, Done> = BTreeMap::new();
        for order in &orders {
            let Some(receipt) = self.receipts.get(order) else { return Told::NotConfirmed };
            confirmed.backup_days = confirmed.backup_days.max(receipt.backup_days);
            for (entry, item) in receipt.items.iter().filter(|(entry, _)| readable.contains(entry)) {
                let known = done.entry(*entry).or_insert_with(|| item.clone());
                if weight(item) > weight(known) {
                    known.clone_from(item);
                }
            }
        }
        for item in done.values() {
            let count = match item {
                Done::Erased => &mut confirmed.erased,
                Done::Locked { basis: LockBasis::OwnWriting } => &mut confirmed.own_writing,
                Done::Locked { basis: LockBasis::DutyToKeep } => &mut confirmed.duty_to_keep,
                Done::KeptForAnotherService => &mut confirmed.kept,
            };
            *count = count.saturating_add(1);
        }
        Told::Confirmed(confirmed)
    }
}

/// Of an entry that several orders name: it is erased once the last service is done with it.
fn weight(done: &Done) -> u8 {
    match done {
        Done::KeptForAnotherService => 0,
        Done::Erased => 1,
        Done::Locked { .. } => 2,
    }
}
