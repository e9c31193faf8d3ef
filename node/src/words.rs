//! The words that people read on pages, on paper and in notices, in bokmål and nynorsk side by
//! side: a text that is missing in one of them does not compile. The municipality's own names of
//! areas, services and levels are settings and are not here.

pub(crate) mod entry;
mod origin;
pub(crate) mod time;

pub(crate) use origin::origin;
use stafett_config::Language;
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::person::Role;

/// One text in each language. A name in braces is filled in by [`Words::fill`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    nb: &'static str,
    nn: &'static str,
}

impl Words {
    pub(crate) const fn new(nb: &'static str, nn: &'static str) -> Self {
        Self { nb, nn }
    }

    /// A text that is the same in both.
    pub(crate) const fn same(both: &'static str) -> Self {
        Self { nb: both, nn: both }
    }

    pub(crate) const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::Nb => self.nb,
            Language::Nn => self.nn,
        }
    }

    /// Fills names in braces with values, in one pass: braces in a value stay what they are.
    pub(crate) fn fill(self, language: Language, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        let mut rest = self.in_language(language);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((name, further)) = after.split_once('}') else {
                rest = after;
                break;
            };
            let value = values.iter().find(|(known, _)| *known == name);
            filled.push_str(value.map_or(name, |(_, value)| value));
            rest = further;
        }
        filled.push_str(rest);
        filled
    }
}

/// Joins words as a sentence does: `a, b og c`.
pub(crate) fn listed(language: Language, words: &[String]) -> String {
    const AND: Words = Words::same("og");
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {} {last}", first.join(", "), AND.in_language(language)),
    }
}

/// What a role is called.
pub(crate) const fn role(role: Role) -> Words {
    match role {
        Role::Employee => Words::new("ansatt", "tilsett"),
        Role::UnitLeader => Words::new("enhetsleder", "einingsleiar"),
        Role::ServiceLeader => Words::new("tjenesteleder", "tenesteleiar"),
        Role::BtiCoordinator => Words::same("BTI-koordinator"),
        Role::Archive => Words::new("arkivansvarlig", "arkivansvarleg"),
        Role::ItOperator => Words::same("IT-drift"),
        Role::DataProtectionOfficer => Words::new("personvernombud", "personvernombod"),
        Role::Guardian => Words::new("foresatt", "føresett"),
        Role::Subject => Words::new("den saken gjelder", "den saka gjeld"),
    }
}

/// Names things as the municipality does.
pub(crate) trait Namer {
    /// What an area is called, or its code.
    fn area(&self, area: &AreaCode, language: Language) -> String;
    /// What a service is called; with the municipality for a partner's.
    fn service(&self, service: &Service, language: Language) -> String;
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Words = Words::new("{who} og {what} {who}", "{what}{unknown");

    #[test]
    fn value_with_braces_is_not_filled_again() {
        let filled = TEXT.fill(Language::Nb, &[("who", "{what}"), ("what", "x")]);

        assert_eq!(filled, "{what} og x {what}");
    }

    #[test]
    fn brace_without_an_end_ends_the_filling() {
        assert_eq!(TEXT.fill(Language::Nn, &[("what", "x")]), "xunknown");
    }

    #[test]
    fn words_are_joined_as_a_sentence_does() {
        let list = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            listed(Language::Nb, &words)
        };

        assert_eq!(list(&[]), "");
        assert_eq!(list(&["mål"]), "mål");
        assert_eq!(list(&["mål", "tiltak", "møter"]), "mål, tiltak og møter");
    }
}
