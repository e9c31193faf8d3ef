//! What a municipality's law makes it keep of what it received (oppbevaringsplikt).
//!
//! Which kinds, for which service, from when and on what words: all of it is data that the
//! municipality sets and may change; none of it is decided here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::entry::EntryKind;
use crate::limits::{BASIS_TEXT_BYTES_MAX, RETENTION_RULES_MAX};
use crate::municipality::ServiceCode;
use crate::time::UnixMillis;

/// The words on which an entry is kept, with the law's reference: a line of 1 to
/// [`BASIS_TEXT_BYTES_MAX`] bytes that names no person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BasisText(String);

/// A text cannot be the basis of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a line of 1 to {BASIS_TEXT_BYTES_MAX} bytes without control characters")]
pub struct BasisTextError;

impl BasisText {
    /// Returns the words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BasisText {
    type Error = BasisTextError;

    fn try_from(text: String) -> Result<Self, BasisTextError> {
        let fits = (1..=BASIS_TEXT_BYTES_MAX).contains(&text.len()) && text.trim() == text;
        let is_line = crate::entry::value::check_line(&text).is_ok();
        if fits && is_line { Ok(Self(text)) } else { Err(BasisTextError) }
    }
}

impl std::str::FromStr for BasisText {
    type Err = BasisTextError;

    fn from_str(text: &str) -> Result<Self, BasisTextError> {
        text.to_owned().try_into()
    }
}

impl From<BasisText> for String {
    fn from(text: BasisText) -> Self {
        text.0
    }
}

impl std::fmt::Display for BasisText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One duty to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// The kinds of entry that are kept.
    pub kinds: BTreeSet<EntryKind>,
    /// The own service that must keep what it received; every one if none is named.
    pub service: Option<ServiceCode>,
    /// The words on which it is kept.
    pub basis: BasisText,
    /// The first millisecond on which the rule holds for a sharing that ends.
    pub from: UnixMillis,
    /// The first millisecond on which it no longer does.
    pub until: UnixMillis,
}

impl RetentionRule {
    fn keeps(&self, kind: EntryKind, service: &ServiceCode, now: UnixMillis) -> bool {
        self.from <= now
            && now < self.until
            && self.kinds.contains(&kind)
            && self.service.as_ref().is_none_or(|named| named == service)
    }
}

/// A municipality has set more duties to keep than can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {RETENTION_RULES_MAX} duties to keep, found {found}")]
pub struct TooManyRules {
    /// How many there are.
    pub found: usize,
}

/// All duties to keep of one municipality; none unless it has set some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention(Vec<RetentionRule>);

impl Retention {
    /// Takes the rules; where several hold, the first gives its words.
    ///
    /// # Errors
    /// [`TooManyRules`] above [`RETENTION_RULES_MAX`]: a receipt must have room for all words.
    pub fn new(rules: Vec<RetentionRule>) -> Result<Self, TooManyRules> {
        if rules.len() > RETENTION_RULES_MAX {
            return Err(TooManyRules { found: rules.len() });
        }
        Ok(Self(rules))
    }

    /// Returns the words on which a service keeps an entry of this kind when a sharing ends at
    /// `now`; none if it must erase it.
    pub fn basis_for(&self, kind: EntryKind, service: &ServiceCode, now: UnixMillis) -> Option<&BasisText> {
        self.0.iter().find(|rule| rule.keeps(kind, service, now)).map(|rule| &rule.basis)
    }

    /// Returns the rules in the order in which they are asked.
    pub fn rules(&self) -> &[RetentionRule] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kinds: &[EntryKind], service: Option<&str>, basis: &str) -> RetentionRule {
        RetentionRule {
            kinds: kinds.iter().copied().collect(),
            service: service.map(|code| code.parse().expect("a code")),
            basis: basis.parse().expect("a line"),
            from: UnixMillis(1_000),
            until: UnixMillis(2_000),
        }
    }

    fn basis(retention: &Retention, kind: EntryKind, service: &str, now: u64) -> Option<String> {
        let code = service.parse().expect("a code");
        retention.basis_for(kind, &code, UnixMillis(now)).map(ToString::to_string)
    }

    #[test]
    fn rule_holds_for_its_kinds_its_service_and_its_days_alone() {
        let retention =
            Retention::new(vec![rule(&[EntryKind::Note], Some("ppt"), "arkivlova § 1")]).expect("few");
        let kept = Some("arkivlova § 1".to_owned());

        assert_eq!(basis(&retention, EntryKind::Note, "ppt", 1_000), kept);
        assert_eq!(basis(&retention, EntryKind::Note, "ppt", 1_999), kept);
        assert_eq!(basis(&retention, EntryKind::Note, "ppt", 999), None);
        assert_eq!(basis(&retention, EntryKind::Note, "ppt", 2_000), None);
        assert_eq!(basis(&retention, EntryKind::Goal, "ppt", 1_000), None);
        assert_eq!(basis(&retention, EntryKind::Note, "clinic", 1_000), None);
    }

    #[test]
    fn rule_without_a_service_holds_for_every_service_and_the_first_one_speaks() {
        let retention = Retention::new(vec![
            rule(&[EntryKind::Note], Some("ppt"), "for ppt"),
            rule(&[EntryKind::Note], None, "for alle"),
        ])
        .expect("few");

        assert_eq!(basis(&retention, EntryKind::Note, "ppt", 1_500).as_deref(), Some("for ppt"));
        assert_eq!(basis(&retention, EntryKind::Note, "clinic", 1_500).as_deref(), Some("for alle"));
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_set() {
        assert_eq!(basis(&Retention::default(), EntryKind::Note, "ppt", 1_500), None);
    }

    #[test]
    fn basis_is_a_line_of_bounded_length() {
        let fits = |text: &str| text.parse::<BasisText>().is_ok();

        assert!(fits("arkivlova § 1: sakkyndige vurderinger bevares"));
        assert!(fits(&"a".repeat(BASIS_TEXT_BYTES_MAX)));
        for wrong in ["", " rundt ", "to\nlinjer", "snudd \u{202e}", &"a".repeat(BASIS_TEXT_BYTES_MAX + 1)] {
            assert!(!fits(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn more_rules_than_a_receipt_has_room_for_are_refused() {
        let rules = |count| vec![rule(&[EntryKind::Note], None, "grunn"); count];

        assert!(Retention::new(rules(RETENTION_RULES_MAX)).is_ok());
        let found = RETENTION_RULES_MAX + 1;
        assert_eq!(Retention::new(rules(found)), Err(TooManyRules { found }));
    }
}
