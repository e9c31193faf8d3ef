//! What is asked about a case that moves (law 18).

use serde::Deserialize;
use stafett_protocol::id::{AccountId, ConsentId};
use stafett_protocol::succession::statement::Stage;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// Offers a case to the municipality that a consent names.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferCase {
    /// Under which consent.
    #[schema(value_type = doc::ConsentId)]
    pub consent: ConsentId,
    /// What the other side is told of whom it is about: in a small place this alone can tell who it is.
    #[schema(value_type = doc::Stage)]
    pub stage: Stage,
    /// From which day somebody there should be responsible, `YYYY-MM-DD`: within two years.
    pub wished: String,
    /// What the stafettholder writes to whoever takes over, at most 16,384 bytes. It goes when the case goes.
    #[serde(default)]
    pub note: String,
}

impl std::fmt::Debug for OfferCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OfferCase({}, «redacted»)", self.consent)
    }
}

/// Writes the note to whoever takes a case over.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteMoveNote {
    /// At most 16,384 bytes.
    pub note: String,
}

impl std::fmt::Debug for WriteMoveNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WriteMoveNote(«redacted»)")
    }
}

/// Makes a package for the hand, for a municipality without a node.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakePackage {
    /// The consent to the move; it names the municipality.
    #[schema(value_type = doc::ConsentId)]
    pub consent: ConsentId,
    /// What goes along to whoever takes the case over; at most 16,384 bytes.
    #[serde(default)]
    pub note: String,
}

impl std::fmt::Debug for MakePackage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MakePackage({}, «redacted»)", self.consent)
    }
}

/// Registers that the other municipality has said in writing that it takes the case over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterAcceptance {
    /// Where its letter is filed: 1 to 200 bytes.
    pub archive: String,
    /// The day on which it took the case over, `YYYY-MM-DD`: today or before, and not before the package.
    pub on: String,
}

/// Asks an employee whether she takes a case that another municipality offers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskToTake {
    /// Who.
    #[schema(value_type = doc::AccountId)]
    pub account: AccountId,
}

/// Says that nobody here takes a case that another municipality offers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineMove {
    /// Why, if it is said: one line, at most 1,024 bytes. The stafettholder at the owner reads it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Opens a package for the hand that came here.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenPackage {
    /// The code word, as the old stafettholder told it: 20 letters and digits; groups, hyphens and small letters
    /// do not matter.
    pub code_word: String,
}
