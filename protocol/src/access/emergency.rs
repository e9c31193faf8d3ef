//! The emergency opening (nødåpning): what an employee without a task reads of one case in need.
//!
//! It opens to one person, for half an hour and for reading alone, what somebody assigned in the same
//! service could read at that moment: consents go on deciding, and so does the gate of
//! [`person`]. It gives no task: nothing is written, asked for, printed or handed over
//! by it, and it opens nothing to a partner, because no grant, ledger or frame knows of it. Under a
//! strictly confidential address there is none (law 15).
//!
//! Whoever leads the unit of the person, or answers for the case, is told and writes what was found;
//! nobody reviews an opening of one's own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::leader::{Answering, Place, answers_for};
use crate::access::person::{self, ReadPermit, ReceivedFacts};
use crate::access::{Denial, EntryFacts};
use crate::grant::ReceivedGrant;
use crate::id::{AccountId, CaseId, EmergencyOpeningId};
use crate::ledger::LedgerView;
use crate::limits::{
    EMERGENCY_FINDING_CHARACTERS_MAX, EMERGENCY_FINDING_CHARACTERS_MIN, EMERGENCY_OPENING_MS,
    EMERGENCY_REASON_CHARACTERS_MAX, EMERGENCY_REASON_CHARACTERS_MIN, EMERGENCY_REVIEW_MS,
};
use crate::municipality::{Service, ServiceCode};
use crate::person::{Reader, Role};
use crate::protection::AddressProtection;
use crate::time::UnixMillis;

/// One opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyOpening {
    /// Which.
    pub id: EmergencyOpeningId,
    /// The one case that it opens.
    pub case: CaseId,
    /// To whom.
    pub account: AccountId,
    /// In which role the person opened it.
    pub role: Role,
    /// The service that the person works in.
    pub service: ServiceCode,
    /// The unit within it, if it has units.
    pub unit: Option<String>,
    /// Since when.
    pub opened_at: UnixMillis,
    /// When another opening of the same person took its place.
    pub ended_at: Option<UnixMillis>,
}

impl EmergencyOpening {
    /// The first moment at which it opens nothing any more.
    pub fn until(&self) -> UnixMillis {
        let over = self.opened_at.plus(EMERGENCY_OPENING_MS);
        self.ended_at.map_or(over, |ended| ended.min(over))
    }

    /// Since when a review is late.
    pub fn review_due(&self) -> UnixMillis {
        self.opened_at.plus(EMERGENCY_REVIEW_MS)
    }

    /// The service in whose name the person reads now.
    fn opens_to(&self, reader: &Reader, now: UnixMillis) -> Result<Service, Denial> {
        let is_theirs = reader.account == self.account && reader.service.as_ref() == Some(&self.service);
        let is_open = self.opened_at <= now && now < self.until();
        if may_open(reader) && is_theirs && is_open {
            Ok(Service { host: reader.organisation, code: self.service.clone() })
        } else {
            Err(Denial::NoTask)
        }
    }
}

/// Whether somebody may open a case in an emergency at all: who works in a service.
pub fn may_open(reader: &Reader) -> bool {
    matches!(reader.role, Role::Employee | Role::UnitLeader) && reader.service.is_some()
}

/// Asks whether an opening opens anything of an own case at this moment.
///
/// # Errors
/// [`Denial::NoTask`] if it is another's, of another case, or over;
/// [`Denial::AddressProtected`] under a strictly confidential address.
pub fn opens(
    reader: &Reader,
    opening: &EmergencyOpening,
    ledger: &LedgerView,
    now: UnixMillis,
) -> Result<(), Denial> {
    opening.opens_to(reader, now)?;
    if opening.case != ledger.case() {
        return Err(Denial::NoTask);
    }
    match ledger.address_protection() {
        AddressProtection::StrictlyConfidential => Err(Denial::AddressProtected),
        AddressProtection::None | AddressProtection::Confidential => Ok(()),
    }
}

/// Asks whether an opening opens anything of a received case at this moment.
///
/// # Errors
/// [`Denial::NoTask`] if it is another's, of another case, or over; [`Denial::NoConsent`] if no grant
/// to the service counts.
pub fn opens_received(
    reader: &Reader,
    opening: &EmergencyOpening,
    grants: &[ReceivedGrant],
    now: UnixMillis,
) -> Result<(), Denial> {
    let service = opening.opens_to(reader, now)?;
    let mut of_case = grants.iter().filter(|received| received.grant.case == opening.case);
    let counts = of_case.any(|received| received.counts(now) && received.grant.service == service.code);
    if counts { Ok(()) } else { Err(Denial::NoConsent) }
}

/// Asks whether a person may read an entry of an own case by an opening.
///
/// # Errors
/// As [`opens`], and otherwise as whoever is assigned in the same service is refused.
pub fn permit_reading<'step>(
    reader: &Reader,
    opening: &EmergencyOpening,
    ledger: &LedgerView,
    entry: &'step EntryFacts,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    opens(reader, opening, ledger, now)?;
    if entry.case != opening.case {
        return Err(Denial::NoTask);
    }
    person::permit_assigned(reader, ledger, entry, now)
}

/// Asks whether a person may read an entry of a received case by an opening.
///
/// # Errors
/// As [`opens_received`], and otherwise as whoever is assigned in the same service is refused.
pub fn permit_reading_received<'step>(
    reader: &Reader,
    opening: &EmergencyOpening,
    received: &ReceivedFacts<'step>,
    now: UnixMillis,
) -> Result<ReadPermit<'step>, Denial> {
    opens_received(reader, opening, received.grants, now)?;
    if received.entry.case != opening.case {
        return Err(Denial::NoTask);
    }
    person::permit_received(&opening.opens_to(reader, now)?, received, now)
}

/// What somebody has to do with an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Leads the unit or service of whoever opened, or a unit that answers for the case.
    Leader,
    /// Oversees all of them.
    Officer,
    /// Nothing.
    None,
}

/// Says what somebody has to do with an opening. `unit` is the leader's own; `case` is none for a
/// received one, for which nobody here answers.
pub fn part(
    reader: &Reader,
    unit: Option<&str>,
    opening: &EmergencyOpening,
    case: Option<&Answering<'_>>,
) -> Part {
    let opened = Place { service: &opening.service, unit: opening.unit.as_deref() };
    let of_opener = Answering { opened, holder: None };
    let leads_service =
        reader.role == Role::ServiceLeader && reader.service.as_ref() == Some(&opening.service);
    let leads = leads_service
        || answers_for(reader, unit, &of_opener)
        || case.is_some_and(|case| answers_for(reader, unit, case));
    match reader.role {
        _ if leads => Part::Leader,
        Role::DataProtectionOfficer => Part::Officer,
        _ => Part::None,
    }
}

/// Whether somebody may write what a review of an opening found: a leader who is told of it, and of a
/// leader's also the data protection officer, but never who opened.
pub fn may_review(reader: &Reader, opening: &EmergencyOpening, part: Part) -> bool {
    let reviews = match part {
        Part::Leader => true,
        Part::Officer => opening.role == Role::UnitLeader,
        Part::None => false,
    };
    reviews && reader.account != opening.account
}

/// A text is too short, too long, or has characters that no text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {min} to {max} characters without control characters")]
pub struct EmergencyTextError {
    /// Characters at the least.
    pub min: usize,
    /// Characters at the most.
    pub max: usize,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:ident to $max:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the words.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(«redacted»)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = EmergencyTextError;

            fn try_from(text: String) -> Result<Self, EmergencyTextError> {
                let fits = ($min..=$max).contains(&text.chars().count()) && text.trim() == text;
                let is_text = crate::entry::value::check_text(&text).is_ok();
                if fits && is_text { Ok(Self(text)) } else { Err(EmergencyTextError { min: $min, max: $max }) }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    )+};
}

texts! {
    /// Why a case is opened in an emergency: no spaces around it, form C, without control characters. It
    /// is about a child, so it does not print itself.
    EmergencyReason: EMERGENCY_REASON_CHARACTERS_MIN to EMERGENCY_REASON_CHARACTERS_MAX;
    /// What a review found, in the same form.
    EmergencyFinding: EMERGENCY_FINDING_CHARACTERS_MIN to EMERGENCY_FINDING_CHARACTERS_MAX;
}

#[cfg(test)]
mod tests;
