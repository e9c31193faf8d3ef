//! Searching everything that was handed over for what nobody can guess: texts, ids, persons.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use stafett_protocol::id::{ConsentId, EntryId, PersonId};

use super::operation::Key;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// A text of an entry.
    Text(EntryId, u32),
    /// An entry's id.
    Entry(EntryId),
    /// A case's id.
    Case(Key),
    /// A consent's id.
    Consent(ConsentId),
    /// A person's id.
    Person(PersonId),
}

/// Bytes that begin every form of what is looked for.
const BEGIN: usize = 8;

/// Everything that is looked for, by how its forms begin.
#[derive(Debug)]
pub(super) struct Canary {
    /// Whether anything begins with these two bytes.
    begins: Vec<bool>,
    forms: HashMap<[u8; BEGIN], Vec<(Vec<u8>, Found)>>,
    /// The texts, in order.
    pub(super) texts: Vec<String>,
}

impl Default for Canary {
    fn default() -> Self {
        Self { begins: vec![false; 1 << 16], forms: HashMap::new(), texts: Vec::new() }
    }
}

impl Canary {
    fn look_for(&mut self, form: Vec<u8>, found: Found) {
        let begin: [u8; BEGIN] = form[..BEGIN].try_into().expect("long enough");
        self.begins[usize::from(form[0]) << 8 | usize::from(form[1])] = true;
        let forms = self.forms.entry(begin).or_default();
        if forms.iter().all(|(known, _)| *known != form) {
            forms.push((form, found));
        }
    }

    /// Looks for a text in every disguise.
    pub(super) fn hide_text(&mut self, text: &str, entry: EntryId) {
        let number = u32::try_from(self.texts.len()).expect("few texts");
        self.texts.push(text.to_owned());
        for form in crate::tap::disguises(text) {
            self.look_for(form, Found::Text(entry, number));
        }
    }

    /// Looks for an id: its bytes, its text, and both in base64, from the front and from behind.
    pub(super) fn hide_id(&mut self, id: &[u8; 16], text: &str, found: Found) {
        let reversed: Vec<u8> = id.iter().rev().copied().collect();
        for raw in [id.as_slice(), text.as_bytes(), reversed.as_slice()] {
            self.look_for(raw.to_vec(), found);
            for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                for (offset, cut) in [(0, 0), (1, 2), (2, 3)] {
                    let mut shifted = vec![0; offset];
                    shifted.extend(raw);
                    let whole = engine.encode(shifted).into_bytes();
                    self.look_for(whole[cut..whole.len() - 2].to_vec(), found);
                }
            }
        }
    }

    /// Finds what stands in bytes, each thing once.
    pub(super) fn search(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for (place, pair) in bytes.windows(BEGIN).enumerate() {
            if !self.begins[usize::from(pair[0]) << 8 | usize::from(pair[1])] {
                continue;
            }
            let begin: [u8; BEGIN] = pair.try_into().expect("as long");
            for (form, what) in self.forms.get(&begin).into_iter().flatten() {
                if bytes[place..].starts_with(form) && !found.contains(what) {
                    found.push(*what);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_text_and_an_id_is_found_between_other_bytes() {
        let entry = EntryId::from_bytes([0x5a; 16]);
        let mut canary = Canary::default();
        canary.hide_text("00112233445566778899aabbccddeeff", entry);
        canary.hide_id(entry.as_bytes(), &entry.to_string(), Found::Entry(entry));

        for form in crate::tap::disguises("00112233445566778899aabbccddeeff") {
            let bytes = [b"before".as_slice(), &form, b"after"].concat();
            assert_eq!(canary.search(&bytes), [Found::Text(entry, 0)]);
        }
        let token = URL_SAFE_NO_PAD.encode(format!("{{\"entry\":\"{entry}\"}}"));
        for bytes in [entry.as_bytes().as_slice(), entry.to_string().as_bytes(), token.as_bytes()] {
            assert_eq!(canary.search(bytes), [Found::Entry(entry)]);
        }
        assert_eq!(canary.search(b"nothing of it stands in here"), []);
    }
}
