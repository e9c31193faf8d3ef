//! Looking into emergency openings: for the leaders of who opened and of the case, and for the data
//! protection officer. An opening waits until somebody else than who opened has written what was found.

use stafett_protocol::access::emergency::{EmergencyFinding, EmergencyOpening, Part, may_review, part};
use stafett_protocol::entry::value::normalized;
use stafett_protocol::id::{CaseId, EmergencyOpeningId};
use stafett_protocol::limits::EMERGENCY_REVIEW_MS;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;

use crate::engine::answer::{EmergencyItem, EmergencyReviewItem};
use crate::engine::protection::answering;
use crate::engine::request::ReviewEmergency;
use crate::engine::{Engine, EngineError};
use crate::store::{EmergencyReviewContent, EmergencyRow, LocalWrite, NewEmergencyReview};

/// What somebody is told of emergency openings on the first page.
pub(crate) enum EmergencyNews {
    /// One waits for this person to look into it.
    ToReview {
        /// Who opened; none if nobody works here any longer under that account.
        by: Option<String>,
        /// When.
        at: UnixMillis,
        /// Whether it has waited for too long.
        is_late: bool,
    },
    /// One was made in a case whose baton the person holds.
    Made {
        /// In which.
        case: CaseId,
        /// When.
        at: UnixMillis,
    },
}

/// Whether there is anything for a role to look into.
fn may_be_told(role: Role) -> bool {
    matches!(role, Role::UnitLeader | Role::ServiceLeader | Role::DataProtectionOfficer)
}

impl Engine {
    /// Lists the emergency openings that the person is told of, the newest first.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever neither leads nor oversees.
    pub(crate) async fn emergencies(&self, reader: &Reader) -> Result<Vec<EmergencyItem>, EngineError> {
        if !may_be_told(reader.role) {
            return Err(EngineError::NotFound);
        }
        let mut items = Vec::new();
        for row in self.inner.store.emergency_openings().await? {
            let part = self.part_in(reader, &row).await;
            if part != Part::None {
                items.push(self.emergency_item(reader, row, part));
            }
        }
        self.note(reader, None, "emergency openings".to_owned()).await?;
        Ok(items)
    }

    /// Writes what looking into an opening found.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever is not told of it, whether it is there or not;
    /// [`EngineError::NotAllowed`] for who opened, and for the officer where a leader looks into it;
    /// [`EngineError::Conflict`] if somebody has before.
    pub(crate) async fn review_emergency(
        &self,
        reader: &Reader,
        opening: EmergencyOpeningId,
        request: ReviewEmergency,
    ) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let row = self.inner.store.emergency_opening(opening).await?.ok_or(EngineError::NotFound)?;
        let part = self.part_in(reader, &row).await;
        if part == Part::None {
            return Err(EngineError::NotFound);
        }
        if !self.may_look_into(reader, &row, part) {
            return Err(EngineError::NotAllowed);
        }
        if row.review.is_some() {
            return Err(EngineError::Conflict { reason: "somebody has looked into it before" });
        }
        let finding = EmergencyFinding::try_from(normalized(request.finding.trim()));
        let finding =
            finding.map_err(|error| EngineError::Invalid { field: "finding", reason: error.to_string() })?;
        let content = EmergencyReviewContent { was_needed: request.was_needed, finding };
        let review =
            NewEmergencyReview { id: opening, case: row.case, by: reader.account, at: self.now(), content };
        self.note(reader, None, "emergency review".to_owned()).await?;
        self.inner.store.write_local(vec![LocalWrite::EmergencyReviewed(review)]).await?;
        Ok(())
    }

    /// What the person is told of emergency openings on the first page, the oldest first: those to look
    /// into, and those in cases whose baton the person holds, for seven days and until somebody has.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn emergency_news(&self, reader: &Reader) -> Result<Vec<EmergencyNews>, EngineError> {
        let holds = matches!(reader.role, Role::Employee | Role::UnitLeader);
        if !holds && !may_be_told(reader.role) {
            return Ok(Vec::new());
        }
        let now = self.now();
        let since = UnixMillis(now.0.saturating_sub(EMERGENCY_REVIEW_MS));
        let mut news = Vec::new();
        for row in self.inner.store.emergency_openings_since(since).await?.into_iter().rev() {
            let part = self.part_in(reader, &row).await;
            if row.review.is_none() && self.may_look_into(reader, &row, part) {
                let by = self.person_name(row.account);
                news.push(EmergencyNews::ToReview { by, at: row.opened_at, is_late: is_late(&row, now) });
            }
            if holds && row.account != reader.account && self.holds_case(reader, row.case).await {
                news.push(EmergencyNews::Made { case: row.case, at: row.opened_at });
            }
        }
        Ok(news)
    }

    async fn holds_case(&self, reader: &Reader, case: CaseId) -> bool {
        let ledger = self.ledger(case).await;
        ledger.is_ok_and(|ledger| ledger.baton().is_held_by(reader.account))
    }

    /// What the person has to do with an opening. What cannot be read of it is taken from the table of
    /// people, so that somebody is told all the same.
    async fn part_in(&self, reader: &Reader, row: &EmergencyRow) -> Part {
        let people = self.people();
        let unit = people.get(reader.account).and_then(|person| person.unit.as_deref());
        let ledger = self.ledger(row.case).await.ok();
        let case = ledger.as_ref().map(|ledger| answering(&people, ledger));
        match self.opening_or_guess(row) {
            Some(opening) => part(reader, unit, &opening, case.as_ref()),
            None if reader.role == Role::DataProtectionOfficer => Part::Officer,
            None => Part::None,
        }
    }

    fn may_look_into(&self, reader: &Reader, row: &EmergencyRow, part: Part) -> bool {
        match self.opening_or_guess(row) {
            Some(opening) => may_review(reader, &opening, part),
            // Nobody knows any longer whose leader it would be.
            None => part == Part::Officer && reader.account != row.account,
        }
    }

    fn opening_or_guess(&self, row: &EmergencyRow) -> Option<EmergencyOpening> {
        if let Some(opening) = row.opening() {
            return Some(opening);
        }
        let people = self.people();
        let person = people.get(row.account)?;
        let leads = person.roles.contains(&Role::UnitLeader);
        Some(EmergencyOpening {
            id: row.id,
            case: row.case,
            account: row.account,
            role: if leads { Role::UnitLeader } else { Role::Employee },
            service: person.service.clone()?,
            unit: person.unit.clone(),
            opened_at: row.opened_at,
            ended_at: row.ended_at,
        })
    }

    fn emergency_item(&self, reader: &Reader, row: EmergencyRow, part: Part) -> EmergencyItem {
        let is_late = is_late(&row, self.now());
        let may_review = row.review.is_none() && self.may_look_into(reader, &row, part);
        let until = row.opening().map(|opening| opening.until());
        let (service, reason) = match row.content {
            Some(content) => (Some(content.service), Some(String::from(content.reason))),
            None => (None, None),
        };
        let review = row.review.map(|review| EmergencyReviewItem {
            by: self.person_name(review.by),
            at: review.at,
            was_needed: review.content.as_ref().map(|content| content.was_needed),
            finding: review.content.map(|content| String::from(content.finding)),
        });
        EmergencyItem {
            opening: row.id,
            case: row.case,
            opened_by: self.person_name(row.account),
            service,
            opened_at: row.opened_at,
            until,
            reason,
            is_own: row.account == reader.account,
            may_review,
            is_late,
            review,
        }
    }
}

fn is_late(row: &EmergencyRow, now: UnixMillis) -> bool {
    row.review.is_none() && now > row.opened_at.plus(EMERGENCY_REVIEW_MS)
}
