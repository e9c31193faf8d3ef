//! One form makes one thing: an entry, a case, a question to the family. The id of what a form makes
//! is drawn from the form's own id and from what was written, so what is committed is itself the
//! memory: the same form with the same words comes to the same thing, however often it is sent, and
//! other words to another.

use serde::Serialize;
use sha2::{Digest, Sha256};
use stafett_protocol::id::{CaseId, DraftId, EntryId, ProposalId, RandomBytes};
use stafett_protocol::person::Reader;

use crate::clock::random;
use crate::engine::request::NewEntry;
use crate::engine::{Engine, EngineError};

/// Digits of a form's id.
const DIGITS: usize = 32;
/// What begins the hash, so that no other hash is the same.
const DOMAIN: &[u8] = b"stafett entry of a form 1";
/// What begins the hash of a press.
const PRESS_DOMAIN: &[u8] = b"stafett press of a form 1";

/// The id of a form that somebody has open: 128 random bits, drawn when it is first shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormId(u128);

impl FormId {
    /// Draws one.
    pub(crate) fn draw() -> Self {
        Self(u128::from_be_bytes(random()))
    }

    /// Reads what a form brings back; nothing if it is no id of a form.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_id = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u128::from_str_radix(text, 16).ok().filter(|_| is_id).map(Self)
    }
}

impl std::fmt::Display for FormId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Where an entry that is published was written.
#[derive(Clone, Copy, Default)]
pub(crate) struct WrittenIn {
    /// The draft that it was; it is gone in the same commit.
    pub(crate) draft: Option<DraftId>,
    /// The form; none for a program, which sends once what it means once.
    pub(crate) form: Option<FormId>,
}

/// A form's button, pressed with certain words: the same however often it is pressed.
pub(crate) struct Press([u8; 32]);

impl Press {
    /// The press of a form with these fields.
    pub(crate) fn of<'a>(FormId(form): FormId, fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hash = Sha256::new().chain_update(PRESS_DOMAIN).chain_update(form.to_be_bytes());
        for text in fields.flat_map(|(name, value)| [name, value]) {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }

    /// The bytes of the id of what this person makes by it; `case` is the one that it belongs to, and
    /// `time` counts from 0 how often something came of this press and is over.
    pub(in crate::engine) fn id_bytes(
        &self,
        reader: &Reader,
        case: Option<CaseId>,
        time: u32,
    ) -> RandomBytes {
        let case = case.map(|case| *case.as_bytes()).unwrap_or_default();
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(reader.account.as_bytes())
            .chain_update(case)
            .chain_update(time.to_be_bytes())
            .finalize();
        first_bytes(hash)
    }
}

fn first_bytes(hash: impl IntoIterator<Item = u8>) -> RandomBytes {
    let mut bytes = RandomBytes::default();
    for (byte, of_hash) in bytes.iter_mut().zip(hash) {
        *byte = of_hash;
    }
    bytes
}

/// What a form publishes: everything that the hash of its entry's id is over.
#[derive(Serialize)]
struct Content<'a>(
    stafett_protocol::entry::EntryKind,
    &'a std::collections::BTreeSet<stafett_protocol::municipality::AreaCode>,
    &'a std::collections::BTreeSet<stafett_protocol::entry::About>,
    &'a std::collections::BTreeMap<stafett_protocol::entry::FieldKey, stafett_protocol::entry::FieldValue>,
    Option<EntryId>,
    bool,
);

/// What became of a form's proposal.
pub(super) enum Proposed {
    /// None was made.
    Never,
    /// It waits for its owner, or was answered.
    Sent(ProposalId),
    /// It was given back: whoever presses again wants it sent anew.
    Returned,
}

/// The bytes of a new entry's id: of the form that it was written in, else random.
pub(super) fn id_bytes(
    reader: &Reader,
    case: CaseId,
    request: &NewEntry,
    form: Option<FormId>,
) -> Result<RandomBytes, EngineError> {
    let Some(FormId(form)) = form else { return Ok(random()) };
    let NewEntry { kind, areas, about, fields, towards, hidden_from_guardians } = request;
    let content = Content(*kind, areas, about, fields, *towards, *hidden_from_guardians);
    let content = serde_json::to_vec(&content)
        .map_err(|error| EngineError::Invalid { field: "fields", reason: error.to_string() })?;
    let hash = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(form.to_be_bytes())
        .chain_update(reader.account.as_bytes())
        .chain_update(case.as_bytes())
        .chain_update(content)
        .finalize();
    Ok(first_bytes(hash))
}

impl Engine {
    /// The entry that a form has published already.
    pub(super) async fn published_before(&self, bytes: RandomBytes) -> Result<Option<EntryId>, EngineError> {
        let entry = EntryId::from_random(bytes);
        Ok(self.inner.store.entry(entry).await?.map(|record| record.facts.entry))
    }

    /// What became of the proposal that a form has made already, answered or not.
    pub(super) async fn proposed_before(&self, bytes: RandomBytes) -> Result<Proposed, EngineError> {
        let id = ProposalId::from_random(bytes);
        Ok(match self.inner.store.was_returned(id).await? {
            None => Proposed::Never,
            Some(false) => Proposed::Sent(id),
            Some(true) => Proposed::Returned,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_id_reads_back_what_it_shows_and_nothing_else() {
        let id = FormId::draw();

        assert!(FormId::read(&id.to_string()) == Some(id));
        for wrong in ["", "1", "+0000000000000000000000000000001", &"g".repeat(32), &"0".repeat(33)] {
            assert!(FormId::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn press_is_another_with_another_form_or_other_words_wherever_they_are_cut() {
        let press = |form: u128, fields: &[(&'static str, &'static str)]| {
            Press::of(FormId(form), fields.iter().copied()).0
        };
        let fields = [("name", "Ane"), ("unit", "")];

        assert_eq!(press(1, &fields), press(1, &fields));
        assert_ne!(press(1, &fields), press(2, &fields));
        for others in [
            [("name", "An"), ("eunit", "")],
            [("nameAne", ""), ("unit", "")],
            [("unit", ""), ("name", "Ane")],
        ] {
            assert_ne!(press(1, &fields), press(1, &others), "{others:?}");
        }
    }
}
