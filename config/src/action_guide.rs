//! `[action_guide]`: the levels of the municipality's action guide (handlingsveileder).

use crate::document::Section;
use crate::error::ConfigError;
use crate::names::Names;

/// The levels and where a stafettlogg begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionGuideConfig {
    /// The lowest level on which a stafettlogg may be opened; an index of `levels`.
    pub entry_level: u8,
    /// What each level is called, from level 0 up; stored values hold the number.
    pub levels: Vec<Names>,
}

pub(crate) const KEYS: &[&str] = &["entry_level", "levels"];
const LEVELS_MAX: usize = 10;

impl Default for ActionGuideConfig {
    fn default() -> Self {
        let names =
            |level| Names { en: Some(format!("Level {level}")), ..Names::same(format!("Nivå {level}")) };
        Self { entry_level: 1, levels: (0..4).map(names).collect() }
    }
}

impl ActionGuideConfig {
    /// Returns what `level` is called, if the guide has it.
    pub fn level(&self, level: u8) -> Option<&Names> {
        self.levels.get(usize::from(level))
    }

    pub(crate) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let default = Self::default();
        let levels = section.sections("levels")?.iter().map(Names::read).collect::<Result<Vec<_>, _>>()?;
        let levels = if levels.is_empty() { default.levels } else { levels };
        if levels.len() > LEVELS_MAX {
            let (expected, found) = (format!("at most {LEVELS_MAX} levels"), levels.len().to_string());
            return Err(section.refuse("levels", expected, found));
        }
        let top = u8::try_from(levels.len().saturating_sub(1)).unwrap_or(0);
        let entry_level = section.integer("entry_level", 0..=u64::from(top), "as the number of a level")?;
        let entry_level = entry_level.and_then(|level| u8::try_from(level.value).ok());
        Ok(Self { entry_level: entry_level.unwrap_or(default.entry_level.min(top)), levels })
    }
}
