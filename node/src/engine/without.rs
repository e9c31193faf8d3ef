//! A family that moves and does not let its case go along. One statement says so; nothing goes anywhere, no
//! other service gets a task, and where to is not asked. What services do in their own systems is shown as
//! text of the settings, and what of it is done is not written down.

use stafett_protocol::decision::Decision;
use stafett_protocol::id::{CaseId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::person::Reader;

use super::answer::{MoveRefusedItem, MoveWithout, ReminderItem};
use super::family::party_items;
use super::request::RefuseMove;
use super::{Engine, EngineError};

/// How long ago the family may have said it.
const BACK_DAYS: i32 = 366;

impl Engine {
    /// Shows what holds of a move without consent, and what is done in other systems.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton.
    pub async fn move_without(&self, reader: &Reader, case: CaseId) -> Result<MoveWithout, EngineError> {
        let ledger = self.held_case(reader, case).await?;
        self.note(reader, Some(case), "move".to_owned()).await?;
        let private = self.private_case(case).await?;
        let refused = ledger.move_refused().map(|refused| MoveRefusedItem {
            said_by: refused.said_by.clone(),
            channel: refused.channel,
            on: refused.on.to_string(),
            at: refused.at,
        });
        let reminders = self.inner.config.moving_reminders.iter().map(|reminder| ReminderItem {
            who: reminder.who.nb.clone(),
            who_nn: reminder.who.nn.clone(),
            what: reminder.what.nb.clone(),
            what_nn: reminder.what.nn.clone(),
            basis: reminder.basis.clone(),
            as_of: reminder.as_of.to_string(),
        });
        Ok(MoveWithout {
            case,
            is_closed: ledger.is_closed(),
            refused,
            parties: party_items(ledger.parties(), private.as_ref()),
            reminders: reminders.collect(),
        })
    }

    /// Writes down that the family does not let the case go along. The same words once more change nothing.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Invalid`] if nobody of the family could have said so, or not on that day,
    /// [`EngineError::Conflict`] while a move is under way, or once the case is closed.
    pub async fn refuse_move(
        &self,
        reader: &Reader,
        case: CaseId,
        request: RefuseMove,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let on = self.said_on(&request.on)?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        check_refusers(&ledger, &request)?;
        let said = Said::MoveRefused { said_by: request.said_by, channel: request.channel, on };
        if is_said(&ledger, &said) {
            return Ok(());
        }
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    fn said_on(&self, text: &str) -> Result<stafett_protocol::succession::CivilDay, EngineError> {
        let invalid = |reason: &str| EngineError::Invalid { field: "on", reason: reason.to_owned() };
        let day: jiff::civil::Date =
            text.parse().map_err(|_| invalid("expected a day of the form YYYY-MM-DD"))?;
        let ago = day.until(self.today()).map_or(i32::MAX, |span| span.get_days());
        if !(0..=BACK_DAYS).contains(&ago) {
            return Err(invalid("expected a day of the last year, today at the latest"));
        }
        day.to_string().parse().map_err(|_| invalid("expected a day of the form YYYY-MM-DD"))
    }
}

fn check_refusers(ledger: &LedgerView, request: &RefuseMove) -> Result<(), EngineError> {
    let invalid = |field, reason: &str| EngineError::Invalid { field, reason: reason.to_owned() };
    let is_party = |person: &PersonId| ledger.parties().iter().any(|party| party.person == *person);
    if !request.said_by.iter().all(is_party) {
        return Err(invalid("said_by", "expected persons of the case"));
    }
    if request.said_by.is_empty() != request.channel.is_none() {
        return Err(invalid("channel", "expected how somebody said it, and none if nobody was asked"));
    }
    Ok(())
}

fn is_said(ledger: &LedgerView, said: &Said) -> bool {
    let Said::MoveRefused { said_by, channel, on } = said else { return false };
    let known = ledger.move_refused();
    known.is_some_and(|known| (&known.said_by, &known.channel, &known.on) == (said_by, channel, on))
}
