//! The protection of a family's address (law 15): who may say what of it.
//!
//! Whoever holds the baton may close at once, for safety comes first. What opens again, be it one
//! consent, one guardian or everything, is said by the leader who answers for the case. Nobody
//! else learns from here whether there is any protection.

use std::sync::Arc;

use stafett_config::People;
use stafett_protocol::access::leader::{Answering, Place, answers_for};
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::decision::Decision;
use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::limits::PROTECTION_RUNS_MS;
use stafett_protocol::person::Reader;
use stafett_protocol::protection::{AddressProtection, ProtectionSaid};

use super::answer::ProtectionView;
use super::consents::invalid;
use super::request::{ApproveSharing, ProtectAddress};
use super::{Engine, EngineError};

/// A case that somebody answers for, and how.
pub(super) struct Answered {
    pub(super) ledger: Arc<LedgerView>,
    /// Whether that is as the leader of the unit.
    pub(super) leads: bool,
}

impl Engine {
    /// Whether the person leads a unit that answers for the case: the one in which it was opened, as
    /// its first statement says, or the one in which the stafettholder works by now. An account
    /// that is not known any longer has no place, and makes nobody a leader.
    pub(super) fn answers_for(&self, reader: &Reader, ledger: &LedgerView) -> bool {
        let people = self.people();
        let Some(leader) = people.get(reader.account) else { return false };
        answers_for(reader, leader.unit.as_deref(), &answering(&people, ledger))
    }

    /// Returns a case of which the person holds the baton, or leads the unit that answers for it.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for whoever else has a task in the case,
    /// [`EngineError::NotFound`] for everybody else.
    pub(super) async fn answered_case(&self, reader: &Reader, case: CaseId) -> Result<Answered, EngineError> {
        let ledger = self.ledger(case).await?;
        if self.answers_for(reader, &ledger) {
            return Ok(Answered { ledger, leads: true });
        }
        let ledger = self.held_case(reader, case).await?;
        Ok(Answered { ledger, leads: false })
    }

    /// Returns a case whose unit the person leads.
    ///
    /// # Errors
    /// As [`answered_case`](Self::answered_case); the stafettholder is not allowed.
    pub(super) async fn led_case(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Arc<LedgerView>, EngineError> {
        let Answered { ledger, leads } = self.answered_case(reader, case).await?;
        if leads { Ok(ledger) } else { Err(EngineError::NotAllowed) }
    }

    /// Shows how the address is protected. The access log names no more than the case.
    ///
    /// # Errors
    /// As [`protect_address`](Self::protect_address).
    pub async fn address_protection(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<ProtectionView, EngineError> {
        let Answered { ledger, .. } = self.answered_case(reader, case).await?;
        self.note(reader, Some(case), "case".to_owned()).await?;
        let protection = ledger.protection();
        let is_protected = protection.grade() != AddressProtection::None;
        let decided_at = is_protected.then(|| protection.decided_at());
        Ok(ProtectionView {
            protection: protection.grade(),
            safe_for: protection.safe_for().clone(),
            approved: protection.approved().clone(),
            decided_at,
            runs_until: decided_at.map(|at| at.plus(PROTECTION_RUNS_MS)),
        })
    }

    /// Whether a decision would open what is closed now, so that its page asks for a fresh login.
    ///
    /// # Errors
    /// As [`address_protection`](Self::address_protection).
    pub(crate) async fn would_open(
        &self,
        reader: &Reader,
        case: CaseId,
        request: &ProtectAddress,
    ) -> Result<bool, EngineError> {
        let Answered { ledger, .. } = self.answered_case(reader, case).await?;
        Ok(!ledger.protection().only_closes(request.protection, &request.safe_for))
    }

    /// Sets how the subject's address is protected. What it closes is closed before this returns.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] if it opens something and the person is not the leader who
    /// answers for the case, or neither that nor the stafettholder; [`EngineError::NotFound`]
    /// without any task in the case; [`EngineError::Invalid`] if somebody named is no guardian.
    pub async fn protect_address(
        &self,
        reader: &Reader,
        case: CaseId,
        request: ProtectAddress,
    ) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let Answered { ledger, leads } = self.answered_case(reader, case).await?;
        check_safe_for(&ledger, &request)?;
        let ProtectAddress { protection, safe_for } = request;
        let only_closes = ledger.protection().only_closes(protection, &safe_for);
        if !leads && !only_closes {
            return Err(EngineError::NotAllowed);
        }
        // What closes is taken at any time (law 13); its orders go out when the node is open again.
        if !only_closes {
            self.must_not_be_sealed()?;
        }
        // To say the same again is a new decision of the leader's, and of nobody else's.
        let stands = ledger.protection();
        let is_as_it_stands = stands.grade() == protection && *stands.safe_for() == safe_for;
        let is_nothing = protection == AddressProtection::None && stands.grade() == protection;
        if is_nothing || (is_as_it_stands && !leads) {
            return Ok(());
        }
        self.say_of_protection(reader, &ledger, ProtectionSaid::Set { protection, safe_for }).await
    }

    /// Lets one consent count under a confidential address.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody but the leader who answers for the case,
    /// [`EngineError::NotFound`] if there is no such consent, [`EngineError::Conflict`] unless the
    /// address is confidential and the recipient public.
    pub async fn approve_sharing(
        &self,
        reader: &Reader,
        case: CaseId,
        request: ApproveSharing,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.led_case(reader, case).await?;
        let record = ledger.consents().get(&request.consent).ok_or(EngineError::NotFound)?;
        if !ledger.protection().approval_opens(record) {
            let reason = "an approval opens only to a public recipient, under a confidential address";
            return Err(EngineError::Conflict { reason });
        }
        self.say_of_protection(reader, &ledger, ProtectionSaid::Approved { consent: request.consent }).await
    }

    /// Notes that the decision was renewed.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody but the leader who answers for the case,
    /// [`EngineError::Conflict`] if nothing is protected.
    pub async fn renew_protection(&self, reader: &Reader, case: CaseId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.led_case(reader, case).await?;
        if ledger.address_protection() == AddressProtection::None {
            return Err(EngineError::Conflict { reason: "there is nothing to renew" });
        }
        self.say_of_protection(reader, &ledger, ProtectionSaid::Renewed).await
    }

    async fn say_of_protection(
        &self,
        reader: &Reader,
        ledger: &Arc<LedgerView>,
        said: ProtectionSaid,
    ) -> Result<(), EngineError> {
        let at = self.word_at().await?;
        let mut decision = Decision::about((**ledger).clone(), Some(reader.account), at);
        decision.say_of_protection(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }
}

fn check_safe_for(ledger: &LedgerView, request: &ProtectAddress) -> Result<(), EngineError> {
    if request.protection != AddressProtection::StrictlyConfidential && !request.safe_for.is_empty() {
        return Err(invalid("safe_for", "expected nobody unless the address is strictly confidential"));
    }
    let reads = |person| {
        ledger.parties().iter().any(|party| {
            let guardian = matches!(
                party.capacity,
                Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian
            );
            party.person == person && guardian
        })
    };
    if request.safe_for.iter().all(|person| reads(*person)) {
        Ok(())
    } else {
        Err(invalid("safe_for", "expected guardians of this case"))
    }
}

/// Which units answer for a case, as the table of people has it now.
pub(super) fn answering<'a>(people: &'a People, ledger: &'a LedgerView) -> Answering<'a> {
    let holder = people
        .get(ledger.baton().last_own_holder())
        .and_then(|person| Some(Place { service: person.service.as_ref()?, unit: person.unit.as_deref() }));
    Answering { opened: Place { service: ledger.opened_by(), unit: ledger.opened_in() }, holder }
}
