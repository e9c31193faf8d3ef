//! `[[moving_reminders]]`: what services do in their own systems when a family moves and nothing of the
//! stafettlogg goes with it. Text with a date: laws change, and municipalities divide work differently.

use jiff::civil::Date;

use crate::document::Section;
use crate::error::ConfigError;
use crate::names::Names;
use crate::templates::standard_moving_reminders;
use crate::value::Name;

/// One reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovingReminder {
    /// Who does it, as people call them.
    pub who: Names,
    /// What is to be done, in one sentence.
    pub what: Names,
    /// The rule that it follows from, if one was given.
    pub basis: Option<String>,
    /// The day as of which it tells the rule.
    pub as_of: Date,
}

pub(crate) const KEYS: &[&str] = &["who", "what", "basis", "as_of"];
const REMINDERS_MAX: usize = 32;

impl MovingReminder {
    pub(crate) fn read_all(root: &Section<'_>) -> Result<Vec<Self>, ConfigError> {
        let sections = root.sections("moving_reminders")?;
        if sections.is_empty() {
            return Ok(standard_moving_reminders());
        }
        if sections.len() > REMINDERS_MAX {
            let expected = format!("at most {REMINDERS_MAX} reminders");
            return Err(root.refuse("moving_reminders", expected, sections.len().to_string()));
        }
        sections.iter().map(Self::read).collect()
    }

    fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        Ok(Self {
            who: Names::read(&section.section("who")?)?,
            what: Names::read(&section.section("what")?)?,
            basis: section.get::<Name>("basis")?.map(|basis| basis.value.0),
            as_of: section.require::<Date>("as_of")?.value,
        })
    }
}
