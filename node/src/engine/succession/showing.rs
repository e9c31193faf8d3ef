//! How a case may move and how far it is, for its stafettholder and for the leader who answers for it.

use std::collections::BTreeMap;

use stafett_protocol::access::succeeding::{permit_succession, standing_of_move};
use stafett_protocol::consent::{ConsentKind, ConsentRecord};
use stafett_protocol::id::{CaseId, EntryId, SuccessionId};
use stafett_protocol::ledger::{LedgerView, Move};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::Reader;
use stafett_protocol::signed::{PublicKey, Signed, Statement};
use stafett_protocol::succession::Leaving;
use stafett_protocol::succession::leaving::{ConsentStanding, Offering};
use stafett_protocol::succession::record::LeavingRecord;
use stafett_protocol::succession::statement::{Answer, Answered, Offer};
use stafett_protocol::transaction::PackageItem;

use crate::engine::answer::{
    ConsentPreview, EndedMove, MoveConsent, MovePart, MoveStep, MoveView, MovedItem, OpenMove,
};
use crate::engine::consents::status_word;
use crate::engine::protection::Answered as AnsweredCase;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Shows how a case may move, how far it is, and where it has gone.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton, or leads
    /// the unit that answers for the case.
    pub async fn move_of_case(&self, reader: &Reader, case: CaseId) -> Result<MoveView, EngineError> {
        let AnsweredCase { ledger, leads } = self.answered_case(reader, case).await?;
        self.note(reader, Some(case), "move".to_owned()).await?;
        let holds = ledger.baton().is_held_by(reader.account) || self.keeps(reader, &ledger);
        let part = if leads && !holds { MovePart::Leader } else { MovePart::Holder };
        let records = self.inner.store.moves_of(case).await?;
        let open = match ledger.open_move() {
            Some((succession, one)) => {
                let record = records.iter().find(|record| record.course.succession == succession);
                Some(self.open_item(reader, &ledger, (succession, one), record, part).await?)
            }
            None => None,
        };
        let mut ended: Vec<_> = ledger
            .moves()
            .iter()
            .filter(|(_, one)| !one.leaving.is_open() && one.leaving.is_owner())
            .map(|(succession, one)| self.ended_item(*succession, one, &records))
            .collect();
        ended.sort_by_key(|one| std::cmp::Reverse((one.offered_at, one.succession)));
        Ok(MoveView {
            case,
            part,
            consents: if part == MovePart::Holder { self.move_consents(&ledger) } else { Vec::new() },
            open,
            moved: ledger.transfer().and_then(|(_, one)| self.moved_item(one)),
            by_hand: self.hand_item(&ledger).await?,
            ended,
        })
    }

    fn move_consents(&self, ledger: &LedgerView) -> Vec<MoveConsent> {
        let now = self.now();
        let is_move = |record: &&ConsentRecord| record.consent().kind == ConsentKind::Transfer;
        let stands = ledger.consents().values().filter(is_move);
        let mut stands: Vec<_> = stands.filter(|record| !ledger.status(record, now).is_over()).collect();
        stands.sort_by_key(|record| {
            std::cmp::Reverse((ledger.asked_since(record.consent().id), record.consent().id))
        });
        let item = |record: &&ConsentRecord| {
            let consent = record.consent();
            MoveConsent {
                consent: consent.id,
                to: consent.recipient.host,
                to_name: self.name_of(consent.recipient.host),
                services: consent.services().cloned().collect(),
                status: status_word(&ledger.status(record, now)).to_owned(),
                until: consent.until,
                by_hand: self.link(consent.recipient.host).is_some_and(|link| link.is_by_hand()),
                may_offer: self.may_offer(ledger, record),
            }
        };
        stands.iter().map(item).collect()
    }

    /// Whether the gate lets a case be offered under a consent now, and nothing else is under way.
    fn may_offer(&self, ledger: &LedgerView, record: &ConsentRecord) -> bool {
        let consent = record.consent();
        let Some(link) = self.link(consent.recipient.host) else { return false };
        let question = self.question_under(ledger, consent.id, link.view());
        !ledger.is_over()
            && ledger.open_move().is_none()
            && ledger.open_package().is_none()
            && ledger.transition().is_none()
            && !ledger.is_move_refused(consent.id)
            && permit_succession(&question).is_ok()
    }

    async fn open_item(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        (succession, one): (SuccessionId, &Move),
        record: Option<&LeavingRecord>,
        part: MovePart,
    ) -> Result<OpenMove, EngineError> {
        let out = || EngineError::Conflict { reason: "the move is over" };
        let offering = one.leaving.offering().ok_or_else(out)?;
        let offer =
            record.and_then(|record| self.read_token::<Offer>(record.offer.as_deref(), self.inner.own));
        let is_holder = part == MovePart::Holder;
        let preview = if is_holder {
            Some(self.preview_asked_consent(reader, ledger.case(), offering.consent).await?)
        } else {
            None
        };
        let items = match one.leaving.package() {
            Some(packed) => Some(self.inner.store.package_items(succession, packed.revision).await?),
            None => None,
        };
        let changed = match (&items, &preview) {
            (Some(items), Some(preview)) => self.changed_since(ledger.case(), items, preview).await?,
            _ => 0,
        };
        let is_outdated = match (record, is_holder && items.is_some()) {
            (Some(record), true) => changed > 0 || !self.is_still_so(ledger, record).await?,
            _ => changed > 0,
        };
        let lists = preview.map(|preview| (preview.becomes_visible, preview.stays_hidden));
        let (goes_along, stays) = lists.unwrap_or_default();
        let note = if is_holder { self.inner.store.move_note(succession).await? } else { None };
        Ok(OpenMove {
            succession,
            to: one.to,
            to_name: self.name_of(one.to),
            consent: offering.consent,
            stage: offer.as_ref().map(|offer| offer.stage),
            wished: offer.map(|offer| offer.wished.to_string()),
            services: offering.services.clone(),
            step: step_of(&one.leaving),
            lapses_at: one.leaving.ends_by_itself_at().unwrap_or(offering.lapses_at),
            accepted_by: record.and_then(|record| self.acceptor_of(record)),
            service: one.leaving.acceptance().map(|acceptance| acceptance.service.clone()),
            note: note.unwrap_or_default(),
            packed: items.map(|items| u32::try_from(items.len()).unwrap_or(u32::MAX)),
            changed,
            is_outdated,
            may_transfer: is_holder && !is_outdated && self.may_transfer(ledger, one, offering),
            goes_along,
            stays,
        })
    }

    /// Whether the package is what would be made now. If it cannot be told, it is made anew.
    async fn is_still_so(&self, ledger: &LedgerView, record: &LeavingRecord) -> Result<bool, EngineError> {
        let Some(link) = self.link(record.course.to) else { return Ok(false) };
        let facts = self.facts_of(ledger.case()).await?;
        let permits = self.permits_of_move(ledger, record.course.succession, link.view(), &facts);
        match permits {
            Ok(permits) => match self.is_as_packed(ledger, record, link.view(), &permits).await {
                Err(EngineError::Conflict { .. }) => Ok(false),
                told => told,
            },
            Err(EngineError::Conflict { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn may_transfer(&self, ledger: &LedgerView, one: &Move, offering: &Offering) -> bool {
        let Some(link) = self.link(one.to) else { return false };
        let question = self.question_under(ledger, offering.consent, link.view());
        let standing = standing_of_move(&question, offering);
        standing.consent == ConsentStanding::Counts && one.leaving.may_transfer(&standing)
    }

    /// How many entries of a package are no longer what would go, and how many more would go.
    async fn changed_since(
        &self,
        case: CaseId,
        items: &[PackageItem],
        preview: &ConsentPreview,
    ) -> Result<u32, EngineError> {
        let goes: Vec<EntryId> = preview.becomes_visible.iter().map(|item| item.entry).collect();
        let records = self.inner.store.entries(case).await?;
        let now: BTreeMap<EntryId, _> = records
            .iter()
            .filter(|record| goes.contains(&record.facts.entry))
            .map(|record| (record.facts.entry, (record.facts.generation, &record.heads)))
            .collect();
        let then: BTreeMap<EntryId, _> =
            items.iter().map(|item| (item.entry, (item.generation, &item.heads))).collect();
        let all = now.keys().chain(then.keys()).collect::<std::collections::BTreeSet<_>>();
        let changed = all.into_iter().filter(|entry| now.get(entry) != then.get(entry)).count();
        Ok(u32::try_from(changed).unwrap_or(u32::MAX))
    }

    fn ended_item(&self, succession: SuccessionId, one: &Move, records: &[LeavingRecord]) -> EndedMove {
        let record = records.iter().find(|record| record.course.succession == succession);
        let answer = record.and_then(|record| self.read_token::<Answer>(record.answer.as_deref(), one.to));
        let reason = match answer.map(|answer| answer.answered) {
            Some(Answered::Declined { reason }) => reason.map(String::from),
            _ => None,
        };
        EndedMove {
            succession,
            to: one.to,
            to_name: self.name_of(one.to),
            offered_at: one.since,
            cause: one.leaving.end_cause(),
            reason,
            is_kept: one.leaving.is_over(),
        }
    }

    fn moved_item(&self, one: &Move) -> Option<MovedItem> {
        let Leaving::Transferred { since, is_confirmed, late, .. } = &one.leaving else { return None };
        Some(MovedItem {
            to: one.to,
            to_name: self.name_of(one.to),
            at: *since,
            is_confirmed: *is_confirmed,
            late: late.clone(),
        })
    }

    /// The name of who has said yes, as that municipality signed it.
    fn acceptor_of(&self, record: &LeavingRecord) -> Option<String> {
        match self.read_token::<Answer>(record.answer.as_deref(), record.course.to)?.answered {
            Answered::Accepted { holder, .. } => Some(holder.into()),
            Answered::Declined { .. } => None,
        }
    }

    /// What a token says that was verified when it came. A partner may have changed its key since: then it
    /// is not shown.
    fn read_token<S: Statement + Clone>(&self, token: Option<&str>, by: OrganisationNumber) -> Option<S> {
        let keys: Vec<PublicKey> = if by == self.inner.own {
            let own = self.inner.signing.public();
            std::iter::once(own).chain(self.inner.store.earlier_keys(own)).collect()
        } else {
            self.link(by)?.terms.partner_keys
        };
        let signed = Signed::<S>::from_token(token?.to_owned()).verify(&keys).ok()?;
        Some(signed.statement().clone())
    }
}

const fn step_of(leaving: &Leaving) -> MoveStep {
    match leaving {
        Leaving::Accepted { .. } => MoveStep::Accepted,
        Leaving::Packed { .. } => MoveStep::Packed,
        Leaving::Stored { .. } => MoveStep::Stored,
        _ => MoveStep::Offered,
    }
}
