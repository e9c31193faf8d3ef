//! Names in what somebody is about to publish: of people and services that take part, which a
//! reader of the text may not know to take part (law 2). A warning for the writer, not a block.

use std::collections::BTreeSet;

use stafett_protocol::consent::ConsentKind;
use stafett_protocol::entry::{About, FieldValue};
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::Service;
use stafett_protocol::person::Reader;

use crate::engine::answer::EntryPreview;
use crate::engine::reading::Here;
use crate::engine::request::NewEntry;
use crate::engine::{Engine, EngineError};

/// Letters that a first name has at least, to be looked for alone.
const FIRST_NAME_MIN: usize = 3;

/// The words of a text, in lower case.
struct Said(Vec<String>);

impl Said {
    fn in_fields(request: &NewEntry) -> Self {
        let mut words = Vec::new();
        for value in request.fields.values() {
            match value {
                FieldValue::Text(text) => words.extend(split(text)),
                FieldValue::Lines(lines) => words.extend(lines.iter().flat_map(|line| split(line))),
                FieldValue::Flag(_) | FieldValue::Number(_) | FieldValue::Records(_) => {}
            }
        }
        Self(words)
    }

    fn has(&self, words: &[String]) -> bool {
        !words.is_empty() && self.0.windows(words.len()).any(|window| window == words)
    }

    /// A person by the whole name or the first.
    fn names_person(&self, name: &str) -> bool {
        let words: Vec<_> = split(name).collect();
        let first =
            words.get(..1).filter(|first| first.iter().all(|word| word.chars().count() >= FIRST_NAME_MIN));
        self.has(&words) || first.is_some_and(|first| self.has(first))
    }

    /// A service without the municipality that stands behind it in brackets.
    fn names_service(&self, name: &str) -> bool {
        let bare = name.split('(').next().unwrap_or_default();
        self.has(&split(bare).collect::<Vec<_>>())
    }
}

fn split(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase)
}

impl Engine {
    /// Lists who is named in an entry's text and is not among what all its readers may know. For
    /// the stafettholder only: nobody else is told who takes part.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn names_beyond_readers(
        &self,
        reader: &Reader,
        case: CaseId,
        request: &NewEntry,
        preview: &EntryPreview,
    ) -> Result<BTreeSet<String>, EngineError> {
        let Here::Own { ledger, .. } = self.here(reader, case).await? else { return Ok(BTreeSet::new()) };
        if ledger.baton().holder != reader.account {
            return Ok(BTreeSet::new());
        }
        let own = self.own_service(reader);
        let readers: BTreeSet<_> = preview.readers.iter().map(|item| &item.service).collect();
        let others_read = |named: Option<&Service>| {
            readers.iter().any(|service| Some(*service) != named && Some(*service) != own.as_ref())
        };
        let said = Said::in_fields(request);
        let mut named = BTreeSet::new();
        let shares = ledger.consents().values().map(|record| record.consent());
        for consent in shares.filter(|consent| consent.kind == ConsentKind::Share) {
            let service = &consent.recipient;
            let name = self.service_name(service);
            if Some(service) != own.as_ref() && others_read(Some(service)) && said.names_service(&name) {
                named.insert(name);
            }
        }
        let people = self.people();
        for row in self.inner.store.assignment_rows(case).await? {
            let Some(person) = people.get(row.account) else { continue };
            let service = Service { host: self.inner.own, code: row.service };
            if others_read(Some(&service)) && said.names_person(&person.name) {
                named.insert(person.name.clone());
            }
        }
        let Some(private) = self.private_case(case).await?.filter(|_| others_read(None)) else {
            return Ok(named);
        };
        let takes_part = private.view().participants.iter().map(|participant| &participant.name);
        let beside = private.view().guardians.iter();
        let beside = beside.filter(|guardian| !request.about.contains(&About::Guardian(guardian.person)));
        let names = takes_part.chain(beside.map(|guardian| &guardian.name));
        named.extend(names.filter(|name| said.names_person(name)).cloned());
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        Said(split(text).collect())
    }

    #[test]
    fn person_is_found_by_the_first_name_or_the_whole_and_never_inside_another_word() {
        let text = said("Møtte INGA i går, og Per Ås ringte.");

        assert!(text.names_person("Inga Testesen"));
        assert!(text.names_person("Per Ås"));
        assert!(!text.names_person("Ing Testesen"));
        assert!(!said("ingarden").names_person("Inga Testesen"));
        assert!(!said("bo og lære").names_person("Bo Li"), "a short first name is a word too");
        assert!(!text.names_person(""));
    }

    #[test]
    fn service_is_found_without_its_municipality() {
        assert!(said("Snakk med ppt først").names_service("PPT (Steinkjer kommune)"));
        assert!(!said("Snakk med Steinkjer").names_service("PPT (Steinkjer kommune)"));
        assert!(said("pp-tjenesten kommer").names_service("PP-tjenesten"));
    }
}
