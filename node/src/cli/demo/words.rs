//! Every word that the demonstration shows, in three languages. A text that is missing in one of
//! them does not compile.

mod en;
mod nb;
mod nn;

use clap::ValueEnum;
use stafett_config::Names;

/// The language in which the story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// Bokmål
    Nb,
    /// Nynorsk
    Nn,
    /// English
    En,
}

impl Language {
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::Nb => &nb::WORDS,
            Self::Nn => &nn::WORDS,
            Self::En => &en::WORDS,
        }
    }

    /// The language of the nodes' own pages, which are Norwegian.
    pub(super) fn of_nodes(self) -> stafett_config::Language {
        match self {
            Self::Nb | Self::En => stafett_config::Language::Nb,
            Self::Nn => stafett_config::Language::Nn,
        }
    }
}

/// What stands above one beat: a sentence about a person.
pub(super) struct Telling {
    pub(super) title: &'static str,
    pub(super) told: &'static str,
}

/// All texts of one language. Words in braces are filled in by [`fill`].
pub(super) struct Words {
    pub(super) first_line: &'static str,
    pub(super) preparing: &'static str,
    pub(super) linked: &'static str,
    pub(super) nobody_to_ask: &'static str,
    pub(super) enter: &'static str,
    /// Inderøy, PPT Steinkjer, Steinkjer skole, Snåsa.
    pub(super) columns: [&'static str; 4],
    pub(super) nothing: &'static str,
    pub(super) beats: [Telling; 9],
    pub(super) held: &'static str,
    pub(super) not_held: &'static str,
    pub(super) all_held: &'static str,
    pub(super) not_all_held: &'static str,
    pub(super) titles: Titles,
    pub(super) notes: Notes,
    pub(super) moving: MovingWords,
    pub(super) search: SearchWords,
    pub(super) end: EndWords,
}

/// What the persons write, and how an entry shows in a table.
pub(super) struct Titles {
    pub(super) language: &'static str,
    pub(super) goal: &'static str,
    pub(super) learning: &'static str,
    pub(super) home: &'static str,
    pub(super) health: &'static str,
    pub(super) measure: &'static str,
    pub(super) measure_text: &'static str,
    pub(super) marte_adds: &'static str,
    pub(super) ole_adds: &'static str,
    pub(super) mahtte_language: &'static str,
    pub(super) mahtte_home: &'static str,
    pub(super) purpose: &'static str,
    pub(super) card: &'static str,
    pub(super) deadline: &'static str,
    pub(super) deadline_conflict: &'static str,
    pub(super) or: &'static str,
}

/// What is told within a beat.
pub(super) struct Notes {
    pub(super) ask_sentence: &'static str,
    pub(super) own_sentence: &'static str,
    pub(super) sentence_too_short: &'static str,
    pub(super) your_sentence: &'static str,
    pub(super) missing_father: &'static str,
    pub(super) becomes_visible: &'static str,
    pub(super) stays_hidden: &'static str,
    pub(super) inbox: &'static str,
    pub(super) assigned: &'static str,
    pub(super) waits_for_owner: &'static str,
    pub(super) cut: &'static str,
    pub(super) while_cut: &'static str,
    pub(super) reads: &'static str,
    pub(super) healed: &'static str,
    pub(super) both_texts: &'static str,
    pub(super) settled: &'static str,
    pub(super) same_answer: &'static str,
    pub(super) not_confirmed: &'static str,
    pub(super) confirmed: &'static str,
    pub(super) backup: &'static str,
}

/// What the second story has of its own.
pub(super) struct MovingWords {
    pub(super) beats: [Telling; 9],
    /// What the family is asked for, what Marte writes to Tor, and what Tor writes.
    pub(super) purpose_of_health: &'static str,
    pub(super) purpose: &'static str,
    pub(super) note: &'static str,
    pub(super) first_meeting: &'static str,
    pub(super) siri_reads: &'static str,
    pub(super) goes_along: &'static str,
    pub(super) stays: &'static str,
    pub(super) too_early: &'static str,
    pub(super) primary_school: &'static str,
    pub(super) inquiry: &'static str,
    /// What a service is called.
    pub(super) service: fn(&Names) -> &str,
    pub(super) looked_for: &'static str,
    pub(super) looked_for_what_goes: &'static str,
    pub(super) looked_for_what_stays: &'static str,
    pub(super) accepted: &'static str,
    pub(super) arrived: &'static str,
    pub(super) consents: &'static str,
    pub(super) over: &'static str,
    pub(super) counted: &'static str,
}

/// The heads of the table of findings.
pub(super) struct SearchWords {
    pub(super) columns: [&'static str; 3],
    pub(super) sentence_stores: &'static str,
    pub(super) sentence_links: &'static str,
    pub(super) control_stores: &'static str,
    pub(super) control_links: &'static str,
    pub(super) offer_stores: &'static str,
    pub(super) offer_links: &'static str,
    pub(super) looked_through: &'static str,
}

/// What is told when the story is over.
pub(super) struct EndWords {
    pub(super) still_running: &'static str,
    pub(super) node: &'static str,
    pub(super) token: &'static str,
    pub(super) example: &'static str,
    pub(super) enter_ends: &'static str,
    pub(super) goes_with_them: &'static str,
    pub(super) kept: &'static str,
}

/// Puts values in place of their names in braces.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names in braces, text by text in the order of the fields.
    fn names(words: &Words) -> Vec<BTreeSet<&'static str>> {
        let Words { titles, notes, moving, search, end, .. } = words;
        let texts = [
            words.held,
            words.not_held,
            words.all_held,
            words.not_all_held,
            titles.card,
            titles.deadline,
            titles.deadline_conflict,
            notes.your_sentence,
            notes.inbox,
            notes.assigned,
            notes.cut,
            notes.reads,
            notes.healed,
            notes.both_texts,
            notes.settled,
            notes.same_answer,
            notes.not_confirmed,
            notes.confirmed,
            notes.backup,
            moving.too_early,
            moving.inquiry,
            moving.looked_for,
            moving.looked_for_what_goes,
            moving.looked_for_what_stays,
            moving.accepted,
            moving.arrived,
            moving.consents,
            moving.over,
            moving.counted,
            search.looked_through,
            end.node,
            end.token,
            end.example,
            end.goes_with_them,
            end.kept,
            words.nobody_to_ask,
        ];
        let inside = |text: &'static str| {
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
        };
        texts.into_iter().map(inside).collect()
    }

    #[test]
    fn each_text_fills_in_the_same_in_every_language() {
        let bokmal = names(Language::Nb.words());

        assert_eq!(names(Language::Nn.words()), bokmal);
        assert_eq!(names(Language::En.words()), bokmal);
    }

    #[test]
    fn the_story_begins_by_saying_that_its_persons_are_invented() {
        assert_eq!(Language::Nb.words().first_line, "Oppdiktede personer. Kommunene har ikke deltatt.");
    }

    #[test]
    fn values_take_the_place_of_their_names() {
        assert_eq!(
            fill("{erased} slettet, {locked} låst", &[("erased", "4"), ("locked", "1")]),
            "4 slettet, 1 låst"
        );
    }
}
