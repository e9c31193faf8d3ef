//! Names in what somebody is about to publish: of people and services that take part, which a
//! reader of the text may not know to take part (law 2). A warning for the writer, not a block.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::consent::ConsentKind;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::entry::{About, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::Service;
use stafett_protocol::person::{Reader, Role};

use crate::engine::answer::{ConsentView, EntryItem, EntryPreview};
use crate::engine::reading::Here;
use crate::engine::request::{EditEntry, NewEntry};
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

    /// Whether the words stand there in their order, the last perhaps in the genitive.
    fn has(&self, words: &[String]) -> bool {
        let Some((last, others)) = words.split_last() else { return false };
        self.0.windows(words.len()).any(|window| {
            window.split_last().is_some_and(|(end, before)| before == others && is_form_of(end, last))
        })
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

/// Whether a word is a name, or its genitive, which Norwegian writes without an apostrophe: Olas. A
/// name that ends in s takes one, and nothing behind it.
fn is_form_of(word: &str, name: &str) -> bool {
    word == name || word.strip_suffix('s') == Some(name)
}

fn split(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase)
}

/// Somebody or something that takes part in a case, as far as the writer may know.
enum Part {
    /// A service that a consent names.
    Service(Service),
    /// A person, of a service of this node or of none.
    Person { name: String, of: Option<Service> },
    /// Whoever writes.
    Writer { name: String },
}

/// Whom a text names that not all its readers may know to take part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NamedBeyond {
    /// Persons and services.
    pub(crate) others: BTreeSet<String>,
    /// Whether it names whoever writes it.
    pub(crate) writer: bool,
}

impl NamedBeyond {
    /// Whether it names nobody.
    pub(crate) fn is_empty(&self) -> bool {
        self.others.is_empty() && !self.writer
    }

    /// All of it in one line that is the same for the same names, for what a form brings back.
    pub(crate) fn line(&self) -> String {
        let others = self.others.iter().map(String::as_str);
        others.chain(self.writer.then_some("+")).collect::<Vec<_>>().join("|")
    }

    fn without(self, known: &Self) -> Self {
        Self {
            others: self.others.difference(&known.others).cloned().collect(),
            writer: self.writer && !known.writer,
        }
    }
}

impl Engine {
    /// Lists who is named in an entry's text and is not among what all its readers may know, of those
    /// whom the writer may know to take part: all of them for the stafettholder, for somebody of the
    /// family what the person's own pages name. Nobody else is told who takes part.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn names_beyond_readers(
        &self,
        reader: &Reader,
        case: CaseId,
        request: &NewEntry,
        preview: &EntryPreview,
    ) -> Result<NamedBeyond, EngineError> {
        let Here::Own { ledger, .. } = self.here(reader, case).await? else {
            return Ok(NamedBeyond::default());
        };
        let own = self.own_service(reader);
        let readers: BTreeSet<_> = preview.readers.iter().map(|item| &item.service).collect();
        let others_read = |named: Option<&Service>| {
            readers.iter().any(|service| Some(*service) != named && Some(*service) != own.as_ref())
        };
        if !others_read(None) {
            return Ok(NamedBeyond::default());
        }
        let parts = if ledger.baton().is_held_by(reader.account) {
            self.parts_for_holder(case, &ledger, &request.about).await?
        } else if let Some(person) = self.person_of_family(reader, &ledger) {
            self.parts_for_family(reader, &ledger, person, &request.about).await?
        } else {
            Vec::new()
        };
        let said = Said::in_fields(request);
        let mut named = NamedBeyond::default();
        for part in parts {
            match part {
                Part::Service(service) => {
                    let name = self.service_name(&service);
                    let is_another = Some(&service) != own.as_ref() && others_read(Some(&service));
                    named.others.extend((is_another && said.names_service(&name)).then_some(name));
                }
                Part::Person { name, of } => {
                    named
                        .others
                        .extend((others_read(of.as_ref()) && said.names_person(&name)).then_some(name));
                }
                Part::Writer { name } => named.writer |= said.names_person(&name),
            }
        }
        Ok(named)
    }

    /// As [`names_beyond_readers`](Self::names_beyond_readers), of what an edit puts into an entry
    /// and did not stand there before.
    ///
    /// # Errors
    /// As [`names_beyond_readers`](Self::names_beyond_readers).
    pub(crate) async fn names_edited_in(
        &self,
        reader: &Reader,
        item: &EntryItem,
        edit: &EditEntry,
    ) -> Result<NamedBeyond, EngineError> {
        let preview =
            EntryPreview { readers: item.readers.clone(), not_readers: Vec::new(), waiting: Vec::new() };
        let written = |fields: BTreeMap<FieldKey, FieldValue>| NewEntry {
            kind: item.kind,
            areas: item.areas.clone(),
            about: item.about.clone(),
            fields,
            towards: None,
            hidden_from_guardians: false,
        };
        let after = edit.fields.iter().filter_map(|(key, value)| Some((*key, value.clone()?)));
        let before = edit.fields.keys().filter_map(|key| Some((*key, item.view.fields.get(key)?.clone())));
        let (after, before) = (written(after.collect()), written(before.collect()));
        let named = self.names_beyond_readers(reader, item.case, &after, &preview).await?;
        if named.is_empty() {
            return Ok(named);
        }
        let known = self.names_beyond_readers(reader, item.case, &before, &preview).await?;
        Ok(named.without(&known))
    }

    async fn parts_for_holder(
        &self,
        case: CaseId,
        ledger: &LedgerView,
        about: &BTreeSet<About>,
    ) -> Result<Vec<Part>, EngineError> {
        let shares = ledger.consents().values().map(|record| record.consent());
        let shares = shares.filter(|consent| consent.kind == ConsentKind::Share);
        let mut parts: Vec<_> = shares.map(|consent| Part::Service(consent.recipient.clone())).collect();
        let people = self.people();
        for row in self.inner.store.assignment_rows(case, self.now()).await? {
            let Some(person) = people.get(row.account) else { continue };
            let service = Service { host: self.inner.own, code: row.service };
            parts.push(Part::Person { name: person.name.clone(), of: Some(service) });
        }
        let Some(private) = self.private_case(case).await? else { return Ok(parts) };
        let takes_part = private.view().participants.iter().map(|participant| &participant.name);
        let beside = private.view().guardians.iter();
        let beside = beside.filter(|guardian| !about.contains(&About::Guardian(guardian.person)));
        let names = takes_part.chain(beside.map(|guardian| &guardian.name));
        parts.extend(names.map(|name| Part::Person { name: name.clone(), of: None }));
        Ok(parts)
    }

    /// The services that the person's own consents name and the person's own name; for a youth who
    /// decides what guardians read, the guardians too. A hit on anything else would tell the writer
    /// that somebody takes part.
    async fn parts_for_family(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        person: PersonId,
        about: &BTreeSet<About>,
    ) -> Result<Vec<Part>, EngineError> {
        let case = ledger.case();
        let own = self.consent_views(reader, case).await?.into_iter().filter_map(|view| match view {
            ConsentView::Own(item) if item.kind == ConsentKind::Share => Some(item.recipient),
            _ => None,
        });
        let mut parts: Vec<_> = own.map(Part::Service).collect();
        let knows_guardians = reader.role == Role::Subject && self.is_youth(ledger);
        let Some(private) = self.private_case(case).await? else { return Ok(parts) };
        let known = private.view().guardians.iter().filter(|guardian| {
            let is_known =
                guardian.person == person || knows_guardians && reads_by_right(ledger, guardian.person);
            is_known && !about.contains(&About::Guardian(guardian.person))
        });
        parts.extend(known.map(|guardian| match guardian.name.clone() {
            name if guardian.person == person => Part::Writer { name },
            name => Part::Person { name, of: None },
        }));
        Ok(parts)
    }
}

/// Whether somebody is one of the guardians about whom a youth decides.
fn reads_by_right(ledger: &LedgerView, person: PersonId) -> bool {
    let mut parties = ledger.parties().iter().filter(|party| party.person == person);
    parties.any(|party| {
        matches!(party.capacity, Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian)
    })
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
    fn name_is_found_in_the_genitive_as_norwegian_writes_it() {
        for text in ["Olas mor ringte", "OLAS bok", "Ola's bok", "boken er Olas", "Ola Nordmanns bok"] {
            assert!(said(text).names_person("Ola Nordmann"), "{text}");
        }
        assert!(said("Jens' bok").names_person("Jens Ås") && said("Jens bok").names_person("Jens Ås"));
        assert!(said("PPTs vurdering").names_service("PPT (Steinkjer kommune)"));
        for text in ["Olasen", "Olass", "Nordmanns", "ol s"] {
            assert!(!said(text).names_person("Ola Nordmann"), "{text}");
        }
    }

    #[test]
    fn service_is_found_without_its_municipality() {
        assert!(said("Snakk med ppt først").names_service("PPT (Steinkjer kommune)"));
        assert!(!said("Snakk med Steinkjer").names_service("PPT (Steinkjer kommune)"));
        assert!(said("pp-tjenesten kommer").names_service("PP-tjenesten"));
    }
}
