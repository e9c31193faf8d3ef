//! `[consent]`: what a new consent starts from.

use crate::document::Section;
use crate::error::ConfigError;
use crate::value::from_words;

/// Defaults of a consent; practice differs between municipalities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentConfig {
    /// Full years of age from which the youth consents; 15 and 16 are both in use.
    pub youth_age: u8,
    /// What a consent is in law.
    pub legal_character: LegalCharacter,
    /// Days that a consent lasts unless its form says less.
    pub default_duration_days: u16,
}

/// What a consent is in law. Which of them holds is disputed, so it is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalCharacter {
    /// A release from confidentiality (forvaltningsloven 1967 § 13 a).
    FvlWaiver,
    /// A basis for processing (GDPR Art. 6(1)(a)).
    Gdpr,
    /// Both.
    Both,
}

from_words! {
    LegalCharacter: "fvl-waiver, gdpr or both",
    "fvl-waiver" => LegalCharacter::FvlWaiver,
    "gdpr" => LegalCharacter::Gdpr,
    "both" => LegalCharacter::Both,
}

pub(crate) const KEYS: &[&str] = &["youth_age", "legal_character", "default_duration_days"];

impl ConsentConfig {
    pub(crate) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let youth_age = section.integer("youth_age", 12..=18, "years")?;
        let days = section.integer("default_duration_days", 1..=1095, "days")?;
        Ok(Self {
            youth_age: youth_age.and_then(|age| u8::try_from(age.value).ok()).unwrap_or(16),
            legal_character: section.get_or("legal_character", LegalCharacter::FvlWaiver)?,
            default_duration_days: days.and_then(|days| u16::try_from(days.value).ok()).unwrap_or(365),
        })
    }
}
