//! Searching what a person may read. Nothing is indexed: what stands here is sealed, so every entry
//! that the gate lets the person read is opened and looked through (section 5 of the architecture).
//!
//! What was searched for is in no log and no address. Each case of which something is shown is in
//! the access log before.

use std::collections::BTreeSet;

use stafett_protocol::entry::{EntryKind, EntryView, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::EntryRecord;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::reading::Here;
use super::{Engine, EngineError};

/// Characters of what is searched for.
pub const QUERY_CHARACTERS_MAX: usize = 200;
/// Characters that a search needs at the least.
pub const QUERY_CHARACTERS_MIN: usize = 2;
/// Entries that one search shows.
const HITS_MAX: usize = 50;
/// Entries that one search opens; one takes a fraction of a millisecond.
const OPENED_MAX: usize = 5_000;
/// Entries that are in memory at the same time.
const OPENED_AT_ONCE: usize = 256;
/// Characters that are shown around what was found.
const AROUND: usize = 60;

/// What a search found.
pub struct Found {
    /// The cases with what was found in them.
    pub cases: Vec<FoundIn>,
    /// Whether there may be more: the search stopped at its bound.
    pub is_cut: bool,
}

/// What was found in one case.
pub struct FoundIn {
    /// The case.
    pub case: CaseId,
    /// The subject's name, as far as the reader may know it.
    pub subject_name: Option<String>,
    /// The owner's name.
    pub owner_name: String,
    /// The entries.
    pub entries: Vec<FoundEntry>,
}

/// One entry that was found.
pub struct FoundEntry {
    /// The entry.
    pub entry: EntryId,
    /// Its kind.
    pub kind: EntryKind,
    /// Its title, if it has one.
    pub title: String,
    /// The words around what was found.
    pub around: String,
}

/// Words to search for, folded.
struct Query(Vec<String>);

impl Query {
    fn new(text: &str) -> Result<Self, EngineError> {
        let characters = text.chars().count();
        let words: Vec<String> = fold(text).split_whitespace().map(str::to_owned).collect();
        let letters: usize = words.iter().map(|word| word.chars().count()).sum();
        if characters > QUERY_CHARACTERS_MAX || letters < QUERY_CHARACTERS_MIN {
            let reason = format!("expected {QUERY_CHARACTERS_MIN} to {QUERY_CHARACTERS_MAX} characters");
            return Err(EngineError::Invalid { field: "query", reason });
        }
        Ok(Self(words))
    }

    /// Returns the text in which the first word stands, if every word stands in one of them.
    fn find<'a>(&self, texts: &'a [String]) -> Option<(&'a str, &str)> {
        let folded: Vec<String> = texts.iter().map(|text| fold(text)).collect();
        let stands = |word: &String| folded.iter().position(|text| text.contains(word.as_str()));
        if !self.0.iter().all(|word| stands(word).is_some()) {
            return None;
        }
        let first = self.0.first()?;
        Some((texts.get(stands(first)?)?, first))
    }
}

impl Engine {
    /// Searches the entries that the person may read, case by case. All words must stand in an entry.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the query is too short or too long, [`EngineError::Store`] if the
    /// store cannot be read.
    pub async fn search(&self, reader: &Reader, query: &str) -> Result<Found, EngineError> {
        let query = Query::new(query)?;
        let mut found = Found { cases: Vec::new(), is_cut: false };
        let mut bounds = Bounds { opened: 0, hits: 0 };
        self.note(reader, None, "search".to_owned()).await?;
        for case in self.cases_of(reader).await? {
            tokio::task::yield_now().await;
            match self.search_case(reader, case, &query, &mut bounds).await {
                Ok(in_case) => found.cases.extend(in_case),
                Err(EngineError::NotFound | EngineError::Sealed(_)) => {}
                Err(error @ EngineError::Store(_)) => return Err(error),
                Err(error) => tracing::error!(%case, %error, "a case could not be searched"),
            }
            if bounds.are_reached() {
                found.is_cut = true;
                break;
            }
        }
        Ok(found)
    }

    async fn search_case(
        &self,
        reader: &Reader,
        case: CaseId,
        query: &Query,
        bounds: &mut Bounds,
    ) -> Result<Option<FoundIn>, EngineError> {
        let Some(summary) = self.listed(reader, case).await? else { return Ok(None) };
        let here = self.here(reader, case).await?;
        let records = self.inner.store.whole_entries(case).await?.whole.into_iter();
        let searched = records
            .filter(|record| self.is_searched(&here, record) && self.may_read(reader, &here, record))
            .map(|record| record.facts.entry);
        let searched: Vec<EntryId> = searched.take(OPENED_MAX.saturating_sub(bounds.opened)).collect();
        let mut entries: Vec<FoundEntry> = Vec::new();
        for some in searched.chunks(OPENED_AT_ONCE) {
            for (content, view) in self.readable_views(reader, case, some.to_vec()).await? {
                if bounds.are_reached() {
                    break;
                }
                bounds.opened = bounds.opened.saturating_add(1);
                if let Some(hit) = found(&content.record, &view, query) {
                    bounds.hits = bounds.hits.saturating_add(1);
                    entries.push(hit);
                }
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        self.note(reader, Some(case), "search".to_owned()).await?;
        // What closed while this was written down is not shown.
        let named = entries.iter().map(|hit| hit.entry).collect();
        let open = self.readable_views(reader, case, named).await?;
        let open: BTreeSet<EntryId> = open.iter().map(|(content, _)| content.record.facts.entry).collect();
        entries.retain(|hit| open.contains(&hit.entry));
        let shown = (!entries.is_empty()).then_some(FoundIn {
            case,
            subject_name: summary.subject_name,
            owner_name: summary.owner_name,
            entries,
        });
        Ok(shown)
    }

    /// At the owner the cards that went to partners repeat what the case itself says.
    fn is_searched(&self, here: &Here, record: &EntryRecord) -> bool {
        matches!(here, Here::Received { .. }) || record.facts.kind != EntryKind::CaseCard
    }
}

fn found(record: &EntryRecord, view: &EntryView, query: &Query) -> Option<FoundEntry> {
    let texts = texts(view);
    query.find(&texts).map(|(text, word)| FoundEntry {
        entry: record.facts.entry,
        kind: record.facts.kind,
        title: view.text(FieldKey::Title).to_owned(),
        around: around(text, word),
    })
}

struct Bounds {
    opened: usize,
    hits: usize,
}

impl Bounds {
    const fn are_reached(&self) -> bool {
        self.opened >= OPENED_MAX || self.hits >= HITS_MAX
    }
}

/// Every text of an entry, those that wait for somebody to choose included.
fn texts(view: &EntryView) -> Vec<String> {
    let of_value = |value: &FieldValue| match value {
        FieldValue::Text(text) => vec![text.clone()],
        FieldValue::Lines(lines) => lines.clone(),
        FieldValue::Records(records) => records.iter().flat_map(|record| record.values().cloned()).collect(),
        FieldValue::Flag(_) | FieldValue::Number(_) => Vec::new(),
    };
    view.fields.values().chain(view.conflicts.values().flatten()).flat_map(of_value).collect()
}

/// Makes words alike that are written differently: case and accents do not count, `ä` and `ö` are
/// `æ` and `ø` as in Swedish and in Southern Sámi across the border, `aa` is `å`, `ï` is `i`, and
/// the letters of Northern Sámi stand for their nearest. `æ`, `ø` and `å` are letters of their own.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::new();
    for character in text.nfkc().flat_map(char::to_lowercase).nfc() {
        match character {
            'æ' | 'ä' => folded.push('æ'),
            'ø' | 'ö' => folded.push('ø'),
            'å' => folded.push('å'),
            'đ' | 'ð' => folded.push('d'),
            'ŋ' => folded.push('n'),
            'ŧ' => folded.push('t'),
            other => folded.extend(std::iter::once(other).nfd().filter(|part| !is_combining_mark(*part))),
        }
    }
    folded.replace("aa", "å")
}

/// The words around the first place where a folded word stands.
fn around(text: &str, word: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|one| fold(one).contains(word)).unwrap_or(0);
    let (before, after) = words.split_at(at);
    let mut left: Vec<&str> = Vec::new();
    let mut length = 0_usize;
    for one in before.iter().rev() {
        length = length.saturating_add(one.chars().count());
        if length > AROUND {
            break;
        }
        left.push(one);
    }
    left.reverse();
    let mut right: Vec<&str> = Vec::new();
    let mut length = 0_usize;
    for one in after {
        length = length.saturating_add(one.chars().count());
        if length > AROUND && !right.is_empty() {
            break;
        }
        right.push(one);
    }
    let starts = if left.len() < before.len() { "… " } else { "" };
    let ends = if right.len() < after.len() { " …" } else { "" };
    let shown: Vec<&str> = left.into_iter().chain(right).collect();
    let shown: String = shown.join(" ").chars().take(AROUND.saturating_mul(4)).collect();
    format!("{starts}{shown}{ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_norwegian_stay_apart_and_other_marks_fold() {
        for (one, other) in [
            ("Ørjan", "ørjan"),
            ("Aa\u{30a}se", "aåse"),
            ("Håkon", "HAAKON"),
            ("Ha\u{30a}kon", "håkon"),
            ("Eïra", "eira"),
            ("Bjørn", "Björn"),
            ("Æjla", "Äjla"),
            ("Idé", "ide"),
            ("Đorđe", "dorde"),
            ("Čáhppe", "cahppe"),
            ("ﬁn", "fin"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        for (one, other) in [("mål", "mal"), ("før", "for"), ("lærer", "larer"), ("båt", "bat")] {
            assert!(!fold(one).contains(&fold(other)), "{one} {other}");
        }
    }

    #[test]
    fn every_word_must_stand_in_the_entry_in_any_order() {
        let texts = ["Lesetrening hver dag".to_owned(), "Skole og hjem".to_owned()];
        let finds = |query: &str| Query::new(query).expect("a query").find(&texts).is_some();

        assert!(finds("hjem lese") && finds("HVER"));
        assert!(!finds("lese barnehage"));
    }

    #[test]
    fn query_has_two_letters_at_the_least_and_an_end() {
        for query in ["", " ", "a", " a ", &"ab".repeat(101)] {
            assert!(Query::new(query).is_err(), "{query}");
        }
        assert!(Query::new("ab").is_ok() && Query::new(&"ab".repeat(100)).is_ok());
    }

    #[test]
    fn words_around_are_cut_on_both_sides_and_a_long_word_ends() {
        let text = format!("{} nåla {}", "før ".repeat(60), "etter ".repeat(60));
        let shown = around(&text, "nål");
        assert!(
            shown.starts_with("… før") && shown.ends_with("etter …") && shown.contains(" nåla "),
            "{shown}"
        );
        assert!(shown.chars().count() < 200);
        assert_eq!(around("Nåla", "nål"), "Nåla");
        assert!(around(&"å".repeat(9_000), "å").chars().count() < 300);
    }
}
