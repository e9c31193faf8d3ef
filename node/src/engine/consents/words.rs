//! A giver's word: yes, no, and what takes a yes back.
//!
//! It comes through the stafettholder, who heard or saw it, or from the giver's own account. An
//! own account says its own word alone, and is refused in the same words whatever another giver,
//! the municipality or a partner did.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::access::person::{CaseTask, task};
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::consent::{
    Channel, ConsentRecord, ConsentStatus, Evidence, WithdrawError, WithdrawnPart, Yes,
};
use stafett_protocol::decision::{Decision, DecisionError};
use stafett_protocol::entry::value::{check_line, normalized};
use stafett_protocol::id::{AccountId, CaseId, ConsentId, PersonId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::ledger::{LedgerError, LedgerView};
use stafett_protocol::limits::DOCUMENT_REFERENCE_BYTES_MAX;
use stafett_protocol::person::{Reader, Role};

use super::asking::is_sha256;
use super::invalid;
use crate::engine::answer::ConsentView;
use crate::engine::request::{
    ExceptEntry, GiveConsent, ReconfirmConsent, RefuseConsent, WithdrawConsent, WithdrawConsents,
    WithdrawnScope,
};
use crate::engine::{Engine, EngineError};

/// What a token of this node says about how somebody logged in.
const TOKEN_ASSURANCE: &str = "node-token";
/// Bytes of a level of assurance.
const ASSURANCE_BYTES_MAX: usize = 100;

/// Who says a giver's word to the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    /// The stafettholder, who heard or saw it.
    Stafettholder,
    /// The giver.
    Giver,
}

/// A giver's word, in its turn: nothing else is decided until it is.
struct Heard<'a> {
    turn: tokio::sync::MutexGuard<'a, ()>,
    ledger: Arc<LedgerView>,
    speaker: Speaker,
}

/// What a giver wants to take back of one consent.
enum Wish {
    Whole,
    Areas(BTreeSet<stafett_protocol::municipality::AreaCode>),
    AboutSelf,
}

impl Engine {
    /// Registers one giver's yes. The last required one opens the scope.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the giver is nobody who must be asked, or something about the
    /// yes does not fit, [`EngineError::Conflict`] if the yes does not count.
    pub async fn give_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: GiveConsent,
    ) -> Result<ConsentView, EngineError> {
        self.must_not_be_sealed()?;
        let giver = request.giver;
        let Heard { turn, ledger, speaker } = self.hear(reader, case, giver).await?;
        let record = self.spoken_of(&ledger, speaker, consent, giver)?;
        let is_needed = self.is_needed(&ledger, record, giver);
        if !is_needed {
            may_open_about_self(&ledger, giver, request.about_self)?;
        }
        // Somebody who came later answers a new version; a no in between does not reopen this one.
        let was_complete = ledger.completed_at(record).is_some_and(|at| at <= self.now());
        if is_needed && was_complete && !record.has_yes_of(giver) {
            return Err(EngineError::Conflict {
                reason: match speaker {
                    Speaker::Stafettholder => "somebody else must say yes by now: ask for a new version",
                    Speaker::Giver => YES_DOES_NOT_COUNT,
                },
            });
        }
        let yes = Yes {
            at: self.now(),
            evidence: evidence_of(speaker, request.evidence)?,
            for_subject: is_needed,
            about_self: request.about_self,
            language: request.language,
            interpreter: request.interpreter,
            witness: self.witness_of(speaker, reader, request.witness)?,
        };
        self.conclude_words(reader, &ledger, [Said::ConsentGiven { consent, giver, yes }]).await?;
        drop(turn);
        self.consent_view(reader, case, consent).await
    }

    /// Registers one giver's no.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the giver is nobody who must be asked,
    /// [`EngineError::Conflict`] if the giver has said yes.
    pub async fn refuse_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: RefuseConsent,
    ) -> Result<ConsentView, EngineError> {
        let giver = request.giver;
        let Heard { turn, ledger, speaker } = self.hear(reader, case, giver).await?;
        let record = self.spoken_of(&ledger, speaker, consent, giver)?;
        if record.has_yes_of(giver) {
            return Err(EngineError::Conflict {
                reason: "the giver has said yes: that is taken back instead",
            });
        }
        if !self.is_needed(&ledger, record, giver) {
            return Err(nobody_to_ask());
        }
        self.conclude_words(reader, &ledger, [Said::ConsentRefused { consent, giver }]).await?;
        drop(turn);
        self.consent_view(reader, case, consent).await
    }

    /// Takes a yes back; one giver's word is enough. When this returns, nothing more of the scope
    /// goes out, and the orders to erase are queued (law 12).
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the giver has nothing to take back here,
    /// [`EngineError::Conflict`] if this giver took it back before.
    pub async fn withdraw_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: WithdrawConsent,
    ) -> Result<ConsentView, EngineError> {
        let giver = request.giver;
        let Heard { turn, ledger, speaker } = self.hear(reader, case, giver).await?;
        let channel = channel_of(speaker, request.channel)?;
        let record = self.spoken_of(&ledger, speaker, consent, giver)?;
        let wish = match (request.areas, request.about_self) {
            (None, false) => Wish::Whole,
            (None, true) => Wish::AboutSelf,
            (Some(areas), false) if !areas.is_empty() && areas.is_subset(&record.consent().areas) => {
                Wish::Areas(areas)
            }
            (Some(_), false) => return Err(invalid("areas", "expected areas of this consent")),
            (Some(_), true) => return Err(invalid("about_self", "expected areas or this, not both")),
        };
        let part = self.part_of(&ledger, record, giver, wish).ok_or_else(nobody_to_ask)?;
        let said = Said::ConsentWithdrawn { consent, giver, channel, part };
        self.conclude_words(reader, &ledger, [said]).await?;
        drop(turn);
        self.consent_view(reader, case, consent).await
    }

    /// Takes back several consents of a case in one step.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the request does not make sense, [`EngineError::Conflict`] if
    /// nothing is left that this giver could take back.
    pub async fn withdraw_consents(
        &self,
        reader: &Reader,
        case: CaseId,
        request: WithdrawConsents,
    ) -> Result<Vec<ConsentView>, EngineError> {
        let WithdrawConsents { giver, channel, of } = request;
        let Heard { turn, ledger, speaker } = self.hear(reader, case, giver).await?;
        let channel = channel_of(speaker, channel)?;
        if matches!(&of, WithdrawnScope::Areas(areas) if areas.is_empty()) {
            return Err(invalid("of", "expected at least one area"));
        }
        let at = self.word_at().await?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), at);
        for record in ledger.consents().values() {
            let part = self.wish_for(&ledger, record, &of);
            let part = part.and_then(|wish| self.part_of(&ledger, record, giver, wish));
            let Some(part) = part else { continue };
            let consent = record.consent().id;
            let said = Said::ConsentWithdrawn { consent, giver, channel, part };
            match decision.say(said, &self.inner.signing) {
                Ok(()) | Err(DecisionError::Ledger(LedgerError::Withdraw(_))) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if decision.is_empty() {
            return Err(EngineError::Conflict { reason: "there is nothing left to take back" });
        }
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        drop(turn);
        self.consents(reader, case).await
    }

    /// Closes one entry that a consent had opened.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the giver or the entry is none of this consent's,
    /// [`EngineError::Conflict`] if this giver closed it before.
    pub async fn except_entry(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: ExceptEntry,
    ) -> Result<ConsentView, EngineError> {
        let ExceptEntry { giver, entry } = request;
        let Heard { turn, ledger, speaker } = self.hear(reader, case, giver).await?;
        let record = self.spoken_of(&ledger, speaker, consent, giver)?;
        if !self.is_needed(&ledger, record, giver) {
            return Err(nobody_to_ask());
        }
        // By the scope as it was asked: what another giver narrowed since is not told.
        let here = self.here(reader, case).await?;
        let asked = record.consent();
        let readable = self.readable(reader, &here, case, entry).await.ok();
        let is_in_scope = readable.is_some_and(|record| {
            asked.kinds.contains(&record.facts.kind) && record.facts.areas.is_subset(&asked.areas)
        });
        if !is_in_scope {
            return Err(invalid("entry", "expected an entry that this consent is about"));
        }
        self.conclude_words(reader, &ledger, [Said::EntryExcepted { consent, giver, entry }]).await?;
        drop(turn);
        self.consent_view(reader, case, consent).await
    }

    /// Notes that the stafettholder has looked through what was held since an earlier consent ran
    /// out; from here on it goes out.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if nothing waits for that.
    pub async fn review_held(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
    ) -> Result<ConsentView, EngineError> {
        self.must_not_be_sealed()?;
        let turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        let record = ledger.consents().get(&consent).ok_or(EngineError::NotFound)?;
        if ledger.status(record, self.now()) != ConsentStatus::WaitsForReview {
            return Err(EngineError::Conflict { reason: "nothing waits to be looked through" });
        }
        self.conclude_words(reader, &ledger, [Said::HeldReviewed { consent }]).await?;
        drop(turn);
        self.consent_view(reader, case, consent).await
    }

    /// Registers that every giver stands by a consent that is in doubt since a restore (law 16).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person holds the baton,
    /// [`EngineError::Conflict`] if it is in no doubt, [`EngineError::Invalid`] if somebody whose
    /// yes the consent needs was not asked.
    pub async fn reconfirm_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: ReconfirmConsent,
    ) -> Result<ConsentView, EngineError> {
        self.must_not_be_sealed()?;
        let turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let record = ledger.consents().get(&consent).ok_or(EngineError::NotFound)?;
        if !ledger.doubtful().contains(&consent) {
            return Err(EngineError::Conflict { reason: "the consent is in no doubt" });
        }
        if request.givers != ledger.required_for(record.consent(), self.now()) {
            return Err(invalid("givers", "expected everybody whose yes this consent needs"));
        }
        let said = Said::ConsentReconfirmed { consent, givers: request.givers };
        self.conclude_words(reader, &ledger, [said]).await?;
        drop(turn);
        self.consent_view(reader, case, consent).await
    }

    async fn conclude_words<const N: usize>(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        said: [Said; N],
    ) -> Result<(), EngineError> {
        let at = self.word_at().await?;
        let mut decision = Decision::about(ledger.clone(), Some(reader.account), at);
        for said in said {
            decision.say(said, &self.inner.signing).map_err(of_word)?;
        }
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Takes up a giver's word, from whoever may say it; what closes also on a sealed node (law 13),
    /// whose orders go out when it is open again.
    async fn hear(&self, reader: &Reader, case: CaseId, giver: PersonId) -> Result<Heard<'_>, EngineError> {
        let turn = self.inner.commands.lock().await;
        let ledger = self.ledger(case).await?;
        let speaker = self.speaker(reader, &ledger, giver).await?;
        Ok(Heard { turn, ledger, speaker })
    }

    /// Whether the person who asks speaks for a giver or is the giver.
    async fn speaker(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        giver: PersonId,
    ) -> Result<Speaker, EngineError> {
        if let Some(person) = self.person_of_family(reader, ledger) {
            return if person == giver { Ok(Speaker::Giver) } else { Err(EngineError::NotAllowed) };
        }
        self.kept_case(reader, ledger.case()).await?;
        Ok(Speaker::Stafettholder)
    }

    /// The person of the case that an own account of the family is: somebody with a task in it, or
    /// with a word of the own to look after. Under strict address protection a guardian who does
    /// not live there is nobody, as if there were no case (law 15).
    pub(in crate::engine) fn person_of_family(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
    ) -> Option<PersonId> {
        let person = reader.person.filter(|_| matches!(reader.role, Role::Guardian | Role::Subject))?;
        if reader.role == Role::Guardian && !ledger.protection().is_safe_for(person) {
            return None;
        }
        let has_task = task(reader, ledger, &BTreeSet::new(), self.now()) == Ok(CaseTask::Family);
        let has_word = || ledger.consents().values().any(|record| self.is_own(ledger, record, person));
        (has_task || has_word()).then_some(person)
    }

    /// Whether a consent is a person's own question, or has the person's own word.
    pub(super) fn is_own(&self, ledger: &LedgerView, record: &ConsentRecord, person: PersonId) -> bool {
        self.is_needed(ledger, record, person)
            || record.given_by().contains_key(&person)
            || record.refused_by().contains(&person)
            || record.withdrawals().iter().any(|word| word.giver == person)
    }

    fn is_needed(&self, ledger: &LedgerView, record: &ConsentRecord, giver: PersonId) -> bool {
        ledger.required_for(record.consent(), self.now()).contains(&giver)
    }

    /// The consent that a word is about; for an own account one that is its own.
    fn spoken_of<'a>(
        &self,
        ledger: &'a LedgerView,
        speaker: Speaker,
        consent: ConsentId,
        giver: PersonId,
    ) -> Result<&'a ConsentRecord, EngineError> {
        let record = ledger.consents().get(&consent).ok_or(EngineError::NotFound)?;
        let may_speak = speaker == Speaker::Stafettholder || self.is_own(ledger, record, giver);
        if may_speak { Ok(record) } else { Err(EngineError::NotFound) }
    }

    /// What a giver can take back: everything if the giver's yes is needed now, or nobody's is;
    /// else what is about the giver. Nothing for somebody who never said yes.
    fn part_of(
        &self,
        ledger: &LedgerView,
        record: &ConsentRecord,
        giver: PersonId,
        wish: Wish,
    ) -> Option<WithdrawnPart> {
        let required = ledger.required_for(record.consent(), self.now());
        let has_said_yes = record.given_by().contains_key(&giver);
        let decides = required.contains(&giver) || (required.is_empty() && record.has_yes_of(giver));
        match wish {
            Wish::Whole if decides => Some(WithdrawnPart::Whole),
            Wish::Areas(areas) if decides => Some(WithdrawnPart::Areas { areas }),
            Wish::AboutSelf if decides => Some(WithdrawnPart::AboutSelf),
            _ if has_said_yes => Some(WithdrawnPart::AboutSelf),
            _ => None,
        }
    }

    /// What a withdrawal across the case means for one consent; nothing for one that is over.
    fn wish_for(&self, ledger: &LedgerView, record: &ConsentRecord, of: &WithdrawnScope) -> Option<Wish> {
        let is_over =
            matches!(ledger.status(record, self.now()), ConsentStatus::Expired | ConsentStatus::Superseded);
        if is_over {
            return None;
        }
        let consent = record.consent();
        match of {
            WithdrawnScope::All => Some(Wish::Whole),
            WithdrawnScope::AboutSelf => Some(Wish::AboutSelf),
            WithdrawnScope::Service(service) => (consent.recipient == *service).then_some(Wish::Whole),
            WithdrawnScope::Areas(areas) => {
                let named: BTreeSet<_> = areas.intersection(&consent.areas).cloned().collect();
                (!named.is_empty()).then_some(Wish::Areas(named))
            }
        }
    }

    fn witness_of(
        &self,
        speaker: Speaker,
        reader: &Reader,
        witness: Option<AccountId>,
    ) -> Result<Option<AccountId>, EngineError> {
        let Some(account) = witness else { return Ok(None) };
        let is_another = speaker == Speaker::Stafettholder && account != reader.account;
        if is_another && self.works_here(account) {
            return Ok(witness);
        }
        Err(invalid("witness", "expected a colleague on this node, other than whoever registers it"))
    }
}

const YES_DOES_NOT_COUNT: &str = "the yes does not count: given before, withdrawn or expired";

fn nobody_to_ask() -> EngineError {
    invalid("giver", "expected somebody whose yes this case needs")
}

/// An adult of the family opens what is about that adult, also when the adult's yes for the child
/// is not needed. The subject needs no such word, and under the rule's age has none.
fn may_open_about_self(ledger: &LedgerView, giver: PersonId, about_self: bool) -> Result<(), EngineError> {
    let mut capacities = ledger.parties().iter().filter(|party| party.person == giver);
    let is_adult_of_family =
        capacities.any(|party| !matches!(party.capacity, Capacity::Subject | Capacity::ChildWelfareService));
    if about_self && is_adult_of_family { Ok(()) } else { Err(nobody_to_ask()) }
}

fn evidence_of(speaker: Speaker, evidence: Option<Evidence>) -> Result<Evidence, EngineError> {
    let evidence = match (speaker, evidence) {
        (Speaker::Stafettholder, None) => {
            return Err(invalid("evidence", "expected how the yes was said"));
        }
        (Speaker::Stafettholder, Some(evidence)) => evidence,
        (Speaker::Giver, None) => Evidence::ElectronicId { assurance: TOKEN_ASSURANCE.to_owned() },
        (Speaker::Giver, Some(evidence @ Evidence::ElectronicId { .. })) => evidence,
        (Speaker::Giver, Some(_)) => {
            return Err(invalid("evidence", "expected an electronic identity, or nothing"));
        }
    };
    match evidence {
        Evidence::Oral => Ok(Evidence::Oral),
        Evidence::Paper { scan_sha256 } if is_sha256(&scan_sha256) => {
            Ok(Evidence::Paper { scan_sha256: scan_sha256.to_ascii_lowercase() })
        }
        Evidence::Paper { .. } => Err(invalid("evidence.scan_sha256", "expected 64 hexadecimal digits")),
        Evidence::Filed { reference } => {
            let is_line = !reference.trim().is_empty() && check_line(&normalized(&reference)).is_ok();
            if is_line && reference.len() <= DOCUMENT_REFERENCE_BYTES_MAX {
                Ok(Evidence::Filed { reference: normalized(&reference) })
            } else {
                Err(invalid("evidence.reference", "expected one line of 1 to 200 bytes"))
            }
        }
        Evidence::ElectronicId { assurance } => {
            let is_line = (1..=ASSURANCE_BYTES_MAX).contains(&assurance.len())
                && assurance.trim() == assurance
                && !assurance.chars().any(char::is_control);
            if is_line {
                Ok(Evidence::ElectronicId { assurance })
            } else {
                Err(invalid("evidence.assurance", "expected a line of 1 to 100 bytes"))
            }
        }
    }
}

/// `Digital` means that the giver said it here; what came by letter or message is written.
fn channel_of(speaker: Speaker, channel: Option<Channel>) -> Result<Channel, EngineError> {
    match (speaker, channel) {
        (Speaker::Giver, None | Some(Channel::Digital)) => Ok(Channel::Digital),
        (Speaker::Giver, Some(_)) => Err(invalid("channel", "expected digital, or nothing")),
        (Speaker::Stafettholder, None) => Ok(Channel::Oral),
        (Speaker::Stafettholder, Some(Channel::Digital)) => {
            Err(invalid("channel", "expected oral or written: digital is the giver's own account"))
        }
        (Speaker::Stafettholder, Some(channel)) => Ok(channel),
    }
}

/// A word that does not count, in the same words for every cause that lies with others.
fn of_word(error: DecisionError) -> EngineError {
    match error {
        DecisionError::Ledger(LedgerError::Give(_)) => EngineError::Conflict { reason: YES_DOES_NOT_COUNT },
        DecisionError::Ledger(LedgerError::Withdraw(WithdrawError::NotOpen)) => {
            EngineError::Conflict { reason: "that part was taken back before, or was never open" }
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests;
