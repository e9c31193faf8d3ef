//! What the stafettholder does with a move: offers, writes a note, makes the package anew, takes it all back,
//! and carries it out.

use std::collections::BTreeMap;

use stafett_protocol::decision::{Decision, MoveError, MoveTerms};
use stafett_protocol::entry::value::{check_text, normalized};
use stafett_protocol::id::{CaseId, ConsentId, SuccessionId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::limits::HANDOVER_NOTE_BYTES_MAX;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::Reader;
use stafett_protocol::succession::CivilDay;
use stafett_protocol::succession::leaving::EndCause;
use stafett_protocol::succession::record::LeavingRecord;
use stafett_protocol::succession::statement::Stage;
use stafett_protocol::transaction::Write;

use crate::clock::random;
use crate::engine::answer::OfferedMove;
use crate::engine::consents::invalid;
use crate::engine::entries::Press;
use crate::engine::request::OfferCase;
use crate::engine::{Engine, EngineError};
use crate::store::LocalWrite;

/// How far ahead somebody may be wished for.
const WISHED_DAYS_MAX: i32 = 731;

/// What the stafettholder says of a case that she offers.
#[derive(Debug, Clone)]
pub struct OfferMove {
    /// Under which consent: it names the municipality.
    pub consent: ConsentId,
    /// Whom it is about.
    pub stage: Stage,
    /// From which day somebody there should be responsible.
    pub wished: CivilDay,
    /// What she writes to the one who takes the case over.
    pub note: String,
}

impl Engine {
    /// Offers a case to the municipality that a consent names. By a form's button it is offered once, and
    /// who presses twice is answered as the first time.
    ///
    /// # Errors
    /// As [`offer_move`](Self::offer_move); [`EngineError::Invalid`] if the day is none within two years.
    pub(crate) async fn offer_case(
        &self,
        reader: &Reader,
        case: CaseId,
        request: OfferCase,
        press: Option<Press>,
    ) -> Result<OfferedMove, EngineError> {
        let id = press.map_or_else(random, |press| press.id_bytes(reader, Some(case), 0));
        let succession = SuccessionId::from_random(id);
        let OfferCase { consent, stage, wished, note } = request;
        let wished = self.wished(&wished)?;
        self.offer_move(reader, case, succession, OfferMove { consent, stage, wished, note }).await?;
        Ok(OfferedMove { succession })
    }

    fn wished(&self, text: &str) -> Result<CivilDay, EngineError> {
        let wrong = || invalid("wished", "expected a day of the form YYYY-MM-DD, within two years");
        let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
        let ahead = self.today().until(day).map_or(i32::MAX, |span| span.get_days());
        if !(0..=WISHED_DAYS_MAX).contains(&ahead) {
            return Err(wrong());
        }
        day.to_string().parse().map_err(|_| wrong())
    }

    /// Offers a case to the municipality that a consent names, as this move: whoever offers it twice is
    /// answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Invalid`] if the note is too long, [`EngineError::Conflict`] if the gate says no or
    /// another move or a transition is under way.
    pub async fn offer_move(
        &self,
        reader: &Reader,
        case: CaseId,
        succession: SuccessionId,
        request: OfferMove,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        if ledger.moves().contains_key(&succession) {
            return Ok(());
        }
        let text = note_of(&request.note)?;
        let asked = ledger.consents().get(&request.consent).ok_or(EngineError::NotFound)?;
        let partner = asked.consent().recipient.host;
        let link = self.link(partner).ok_or_else(unknown)?;
        if link.is_by_hand() {
            return Err(EngineError::Conflict { reason: "the municipality has no node" });
        }
        let OfferMove { consent, stage, wished, .. } = request;
        let terms = MoveTerms { succession, consent, stage, wished };
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        let offer = decision.offer_move(self.inner.own, &terms, link.view(), &self.inner.signing)?;
        let leaving = decision.ledger().moves()[&succession].leaving.clone();
        let record = LeavingRecord::offered(case, &offer, leaving);
        let note = LocalWrite::MoveNote { case, succession, text };
        self.conclude(decision, vec![Write::Leaving(Box::new(record))], vec![note]).await?;
        Ok(())
    }

    /// Writes the note that goes along, and makes the package anew if one was made.
    ///
    /// # Errors
    /// As [`offer_move`](Self::offer_move); [`EngineError::Conflict`] if no move is open.
    pub async fn write_move_note(
        &self,
        reader: &Reader,
        case: CaseId,
        note: &str,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let (succession, _) = open_move(&ledger)?;
        let text = note_of(note)?;
        let note = LocalWrite::MoveNote { case, succession, text };
        self.inner.store.commit_with(Default::default(), vec![note]).await?;
        let has_package = ledger.moves()[&succession].leaving.package().is_some();
        if has_package { self.pack(case, succession, Some(reader.account)).await } else { Ok(()) }
    }

    /// Makes the package anew of what the case holds now.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Conflict`] if no move is open, nobody has accepted, or it cannot be made.
    pub async fn pack_move_anew(&self, reader: &Reader, case: CaseId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let (succession, _) = open_move(&ledger)?;
        self.pack(case, succession, Some(reader.account)).await
    }

    /// Takes a move back: it comes to nothing, and what came there is deleted.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton or leads the
    /// unit that answers for the case, [`EngineError::Conflict`] if no move is open.
    pub async fn recall_move(&self, reader: &Reader, case: CaseId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.answered_case(reader, case).await?.ledger;
        let (succession, _) = open_move(&ledger)?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.end_move(succession, EndCause::Recalled, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Carries a move out: from here on the case is the other municipality's.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Conflict`] if the package is not there, is no longer what may go, or the gate says no.
    pub async fn transfer_move(&self, reader: &Reader, case: CaseId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let (succession, to) = open_move(&ledger)?;
        let packed = ledger.moves()[&succession].leaving.package();
        let packed = packed.ok_or(EngineError::Conflict { reason: "no package has been made" })?;
        let link = self.link(to).ok_or_else(unknown)?;
        let facts = self.facts_of(case).await?;
        let permits = self.permits_of_move(&ledger, succession, link.view(), &facts)?;
        let record = self.inner.store.move_out(succession).await?.ok_or(EngineError::NotFound)?;
        if !self.is_as_packed(&ledger, &record, link.view(), &permits).await? {
            return Err(MoveError::Changed.into());
        }
        let items = self.inner.store.package_items(succession, packed.revision).await?.into_iter();
        let items: BTreeMap<_, _> = items.map(|item| (item.entry, item.generation)).collect();
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.transfer_move(succession, link.view(), &items, &permits, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }
}

fn open_move(ledger: &LedgerView) -> Result<(SuccessionId, OrganisationNumber), EngineError> {
    let open = ledger.open_move().map(|(succession, one)| (succession, one.to));
    open.ok_or(EngineError::Conflict { reason: "no move is under way" })
}

pub(super) fn note_of(text: &str) -> Result<String, EngineError> {
    let text = normalized(text.trim());
    if text.len() > HANDOVER_NOTE_BYTES_MAX || check_text(&text).is_err() {
        return Err(invalid("note", "expected text of at most 16,384 bytes"));
    }
    Ok(text)
}

pub(super) fn unknown() -> EngineError {
    EngineError::Conflict { reason: "the partner is not known" }
}
