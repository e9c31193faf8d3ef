//! Identifiers: 128 random bits each, made by the caller, never counted.
//!
//! An id says nothing about order, time or number (law 5), so a partner that sees one learns
//! only that one thing exists. The text form is that of a version 4 UUID (RFC 9562, 5.4).

use serde::{Deserialize, Serialize};

/// 16 bytes of randomness from the caller's generator.
pub type RandomBytes = [u8; 16];

/// A text was not an identifier in UUID form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier in UUID form")]
pub struct IdError;

macro_rules! random_id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            Serialize, Deserialize, bincode::Encode, bincode::Decode,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes an identifier from 16 random bytes; six bits become the UUID version mark.
            pub fn from_random(bytes: RandomBytes) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes())
            }

            /// Takes bytes that were an identifier before, from a frame or a row.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Returns the 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid::Uuid::parse_str(text).map(|id| Self(id.into_bytes())).map_err(|_| IdError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    )+};
}

random_id! {
    /// One case (sak) and its stafettlogg.
    CaseId;
    /// One entry (oppføring) of a stafettlogg.
    EntryId;
    /// One generation of an entry: one Automerge document.
    GenerationId;
    /// One version of a consent (samtykke).
    ConsentId;
    /// One grant (deling): what the owner's node signed for a partner's node.
    GrantId;
    /// One order to erase.
    OrderId;
    /// A new entry that a partner proposed; scoped to the link it came on.
    ProposalId;
    /// A person in a case: the subject, a guardian, a sibling, another.
    PersonId;
    /// A person with access to this node, from its table of people.
    AccountId;
    /// A relation between two entries, such as goal and measure.
    RelationId;
    /// One row of the disclosure log.
    DisclosureId;
    /// An offer of the baton (stafettpinne).
    BatonOfferId;
    /// A registration of who has custody, which a leader must approve.
    RegistrationId;
    /// A token for the HTTP API.
    TokenId;
    /// One draft (kladd), which never leaves its node.
    DraftId;
    /// One emergency opening (nødåpning) of a case.
    EmergencyOpeningId;
    /// A move of a case to another municipality.
    SuccessionId;
    /// A package for the hand, in which a case goes to a municipality without a node.
    PackageId;
    /// The file of a package for the hand that came here: named by its own bytes, so that one file is one.
    HandArrivalId;
    /// A transition of a child from one service or unit to another.
    TransitionId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let id = CaseId::from_random([7; 16]);

        let again: CaseId = id.to_string().parse().expect("its own text form");

        assert_eq!(id, again);
    }

    #[test]
    fn text_that_is_no_uuid_is_refused() {
        assert_eq!("ante".parse::<EntryId>(), Err(IdError));
    }
}
