//! Opening a case in an emergency (nødåpning): who has no task in it names it, says why, and reads for
//! thirty minutes what somebody assigned in the same service could.
//!
//! The attempt is in the access log before anything is looked for. What is not there, not to be read,
//! strictly protected or not the only one is answered alike, after the same work.

mod find;
mod reviews;
mod showing;

use stafett_protocol::access::emergency::{EmergencyReason, may_open};
use stafett_protocol::entry::value::normalized;
use stafett_protocol::id::EmergencyOpeningId;
use stafett_protocol::person::Reader;

use super::answer::OpenedEmergency;
use super::entries::Press;
use super::request::OpenEmergency;
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{EmergencyContent, LocalWrite, NewEmergency};

pub(crate) use reviews::EmergencyNews;

/// How the access log calls that somebody tries to open a case in an emergency.
const ATTEMPT: &str = "emergency attempt";
/// The reason that stands in the access log for whoever reads by an emergency opening.
pub(super) const EMERGENCY: &str = "emergency";

impl Engine {
    /// Opens the one case that fits a name and a date of birth, for thirty minutes. What the person had
    /// open in an emergency before is over by that. With a form's press: once, and who presses twice is
    /// answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever may not, and if no case is opened, whatever the reason;
    /// [`EngineError::Invalid`] for a reason, name or date that does not fit, [`EngineError::Sealed`]
    /// while the node is.
    pub(crate) async fn open_emergency(
        &self,
        reader: &Reader,
        request: OpenEmergency,
        press: Option<Press>,
    ) -> Result<OpenedEmergency, EngineError> {
        let service = reader.service.clone().filter(|_| may_open(reader)).ok_or(EngineError::NotFound)?;
        self.must_not_be_sealed()?;
        let invalid = |field, reason: String| EngineError::Invalid { field, reason };
        let reason = EmergencyReason::try_from(normalized(request.reason.trim()));
        let reason = reason.map_err(|error| invalid("reason", error.to_string()))?;
        let sought = self.sought(&request)?;
        self.note_why(reader, None, ATTEMPT.to_owned(), EMERGENCY).await?;
        let case = self.case_sought(reader, &sought).await?.ok_or(EngineError::NotFound)?;

        let _turn = self.inner.commands.lock().await;
        let id = press.map_or_else(random, |press| press.id_bytes(reader, Some(case), 0));
        let id = EmergencyOpeningId::from_random(id);
        if let Some(opened) = self.inner.store.emergency_opening(id).await?.and_then(|row| row.opening()) {
            return Ok(OpenedEmergency { opening: id, until: opened.until() });
        }
        let unit = self.people().get(reader.account).and_then(|person| person.unit.clone());
        let content = EmergencyContent { role: reader.role, service, unit, reason };
        let new = NewEmergency { id, case, account: reader.account, at: self.now(), content };
        let look = self.access_row(reader, Some(case), "case".to_owned(), EMERGENCY);
        let writes = vec![LocalWrite::Access(look), LocalWrite::EmergencyOpened(new)];
        self.inner.store.write_local(writes).await?;
        let opened = self.last_opening(reader).await?.ok_or(EngineError::NotFound)?;
        Ok(OpenedEmergency { opening: id, until: opened.until() })
    }
}
