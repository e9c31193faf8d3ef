//! Names in the languages of the pages.

use crate::document::Section;
use crate::error::ConfigError;
use crate::value::{Name, from_words};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Bokmål.
    Nb,
    /// Nynorsk.
    Nn,
}

from_words! { Language: "nb or nn", "nb" => Language::Nb, "nn" => Language::Nn, }

/// What something is called. Stored values and frames hold its code, never a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// In bokmål; every name has it, so no page shows a blank.
    pub nb: String,
    /// In nynorsk, if it differs or was given.
    pub nn: Option<String>,
    /// In English, if it was given.
    pub en: Option<String>,
}

pub(crate) const KEYS: &[&str] = &["nb", "nn", "en"];

impl Names {
    /// Makes a name that is the same in bokmål and nynorsk.
    pub fn same(name: impl Into<String>) -> Self {
        let nb = name.into();
        Self { nn: Some(nb.clone()), nb, en: None }
    }

    /// Returns the name in `language`, or in bokmål if it was not given.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Nb => &self.nb,
            Language::Nn => self.nn.as_deref().unwrap_or(&self.nb),
        }
    }

    pub(crate) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        Ok(Self {
            nb: section.require::<Name>("nb")?.value.0,
            nn: section.get::<Name>("nn")?.map(|name| name.value.0),
            en: section.get::<Name>("en")?.map(|name| name.value.0),
        })
    }
}
