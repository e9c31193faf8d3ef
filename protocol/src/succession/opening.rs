//! What a package says, for the new owner: read from bytes that may be anybody's, and made into what
//! a new case is opened from.
//!
//! Size comes first; every list ends at its bound while it is read, and every text is held against its own. The frame must hold as
//! a whole. Each entry is read by itself: one that cannot be read is left out and counted, and never
//! changed. An area that does not exist here stays with its entries, which no consent opens until
//! somebody has said what it is here (law 4): to drop it would open them to more.
//!
//! Ids are the new owner's own, drawn by the caller's generator: nothing of the old case's can stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::CivilDay;
use super::package::document::{
    Contact, Document, GuideLabel, PackagedConsent, PackagedEntry, PackagedPerson, PackagedSubject, Whom,
    WrittenBy,
};
use super::package::making::{can_be_opened, may_say_yes, stays};
use super::package::{Line, PACKAGE_FORMAT, Prose};
use super::sealed::SEAL_BYTES;
use crate::access::EntryFacts;
use crate::case::{GuardianDetails, Subject};
use crate::consent::Channel;
use crate::consent::rule::{Capacity, Party, SubjectKind};
use crate::entry::content::is_withheld_from_guardians;
use crate::entry::{About, Actor, CheckedChange, Content, EntryDocument, EntryKind};
use crate::id::{CaseId, EntryId, GenerationId, PersonId, RandomBytes, RelationId};
use crate::ledger::statement::Level;
use crate::limits::{
    AREAS_MAX, HANDOVER_NOTE_BYTES_MAX, PACKAGE_BYTES_MAX, PACKAGE_ENTRY_BYTES_MAX, PURPOSE_BYTES_MAX,
};
use crate::municipality::{AreaCode, OrganisationNumber};

/// Why a document opens no case. Says nothing of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// It is larger than a package may be.
    #[error("expected at most {PACKAGE_BYTES_MAX} bytes")]
    TooLarge,
    /// It is no package, or its frame lacks something or does not fit.
    #[error("the document is no whole package")]
    Form,
    /// It is of another format: the program here is older, or it is something else.
    #[error("expected a package of the format {PACKAGE_FORMAT}")]
    Format,
    /// It is of another municipality, or for another.
    #[error("the package is of or for another municipality")]
    Parties,
    /// Nobody could be asked: a child without anybody who may say yes for it, or a youth without a birth
    /// date.
    #[error("expected somebody who may say yes for a child, and the birth date of a youth")]
    NobodyToAsk,
    /// It names a person or an entry by a number that nobody and nothing has.
    #[error("a number that stands for nobody and nothing")]
    Number,
}

/// What the new owner knows beside the package.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// The municipality that the package must be of.
    pub from: OrganisationNumber,
    /// The own municipality.
    pub own: OrganisationNumber,
    /// The areas that exist here.
    pub areas: &'a BTreeSet<AreaCode>,
    /// The lowest level on which a stafettlogg may be opened here.
    pub entry_level: Level,
    /// The highest level that the action guide here has.
    pub top_level: Level,
}

/// Everything that a new case is opened from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What the old owner is called.
    pub from_name: Line,
    /// When the package was made.
    pub made_on: CivilDay,
    /// Whom the case is about.
    pub subject_kind: SubjectKind,
    /// The subject.
    pub subject: Subject,
    /// The family's names.
    pub guardians: Vec<GuardianDetails>,
    /// The family and the subject, as the old ledger had them.
    pub parties: Vec<Party>,
    /// The areas that the youth has closed to a guardian.
    pub closed: BTreeMap<PersonId, BTreeSet<AreaCode>>,
    /// The level that the case has here.
    pub level: Level,
    /// The level that it had, as the old owner calls it.
    pub guide: GuideLabel,
    /// Whom to ask.
    pub contact: Contact,
    /// What the family said yes to.
    pub consent: ConsentShown,
    /// What the old stafettholder writes.
    pub note: Prose<HANDOVER_NOTE_BYTES_MAX>,
    /// Areas of entries or of the consent that do not exist here, with what the old owner calls them.
    pub areas_elsewhere: BTreeMap<AreaCode, Option<Line>>,
    /// The entries that could be read, in their order.
    pub entries: Vec<OpenedEntry>,
    /// Which of them belong together.
    pub relations: Vec<OpenedRelation>,
    /// How many entries could not be read.
    pub unreadable: u32,
}

/// The consent under which the case moved. It is shown, and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentShown {
    /// What it is for.
    pub purpose: Prose<PURPOSE_BYTES_MAX>,
    /// Which areas.
    pub areas: BTreeSet<AreaCode>,
    /// Which kinds of entry.
    pub kinds: BTreeSet<EntryKind>,
    /// Who said yes, when and how.
    pub given: Vec<(PersonId, CivilDay, Channel)>,
}

/// An entry of the new case: one change, by an actor of the new owner's (laws 9, 10).
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedEntry {
    /// The entry.
    pub entry: EntryId,
    /// Its first generation.
    pub generation: GenerationId,
    /// Its only change.
    pub genesis: CheckedChange,
    /// What it is.
    pub kind: EntryKind,
    /// Its areas, also those that do not exist here.
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<About>,
    /// Whether the child asked that guardians do not see it.
    pub hidden_from_guardians: bool,
    /// Who wrote it, as far as the old owner says.
    pub written_by: WrittenBy,
    /// On which day.
    pub written_on: CivilDay,
}

impl fmt::Debug for OpenedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedEntry({}, {}, «redacted»)", self.entry, self.kind)
    }
}

impl OpenedEntry {
    /// Returns what the gate must know of it. Nobody here wrote it.
    pub fn facts(&self, case: CaseId) -> EntryFacts {
        EntryFacts {
            entry: self.entry,
            case,
            kind: self.kind,
            areas: self.areas.clone(),
            about: self.about.clone(),
            written_by: None,
            only_for: None,
            hidden_from_guardians: self.hidden_from_guardians,
            generation: self.generation,
            changes: 1,
        }
    }
}

/// Two entries that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedRelation {
    /// The relation.
    pub id: RelationId,
    /// From, such as the measure.
    pub from: EntryId,
    /// To, such as the goal.
    pub to: EntryId,
}

/// What is read of a document before anything else, so that an older program says what is the matter.
#[derive(Deserialize)]
struct Head {
    format: Line,
}

/// Reads a document that was opened with its key. `random` is the caller's generator.
///
/// # Errors
/// The [`OpeningError`] that was found first: then there is nothing to open a case from.
pub fn open(
    document: &[u8],
    here: &Here<'_>,
    mut random: impl FnMut() -> RandomBytes,
) -> Result<Opened, OpeningError> {
    if document.len() > PACKAGE_BYTES_MAX.saturating_sub(SEAL_BYTES) {
        return Err(OpeningError::TooLarge);
    }
    let text = std::str::from_utf8(document).map_err(|_| OpeningError::Form)?;
    let head: Head = serde_json::from_str(text).map_err(|_| OpeningError::Form)?;
    if head.format.as_str() != PACKAGE_FORMAT {
        return Err(OpeningError::Format);
    }
    let package: Document<&RawValue> = serde_json::from_str(text).map_err(|_| OpeningError::Form)?;
    if (package.from, package.to) != (here.from, here.own) {
        return Err(OpeningError::Parties);
    }
    let may_be_asked = package.family.iter().any(|one| may_say_yes(one.capacity));
    let can_ask = can_be_opened(package.subject_kind, may_be_asked, package.subject.birth_date.is_some());
    let family = Family::of(package.subject, package.family, &mut random)?;
    if !can_ask {
        return Err(OpeningError::NobodyToAsk);
    }
    let consent = family.consent(package.consent)?;
    let entries: Vec<Option<OpenedEntry>> =
        package.entries.iter().map(|raw| family.entry(raw, &mut random)).collect();
    let relations = relations(package.relations.iter(), &entries, &mut random)?;
    let entries: Vec<OpenedEntry> = entries.into_iter().flatten().collect();
    let unreadable = package.entries.len().saturating_sub(entries.len());
    let names: BTreeMap<AreaCode, Line> =
        package.areas.into_iter().map(|area| (area.code, area.name)).collect();
    let named = entries.iter().flat_map(|entry| &entry.areas).chain(&consent.areas);
    let elsewhere = named.filter(|area| !here.areas.contains(*area));
    Ok(Opened {
        from_name: package.from_name,
        made_on: package.made_on,
        subject_kind: package.subject_kind,
        level: package.guide.level.max(here.entry_level).min(here.top_level),
        guide: package.guide,
        contact: package.contact,
        note: package.note,
        areas_elsewhere: elsewhere.map(|area| (area.clone(), names.get(area).cloned())).collect(),
        unreadable: u32::try_from(unreadable).unwrap_or(u32::MAX),
        consent,
        entries,
        relations,
        subject: family.subject,
        guardians: family.guardians,
        parties: family.parties,
        closed: family.closed,
    })
}

/// The subject and the family, with their new ids.
struct Family {
    subject: Subject,
    /// In the order of the package's numbers.
    guardians: Vec<GuardianDetails>,
    parties: Vec<Party>,
    closed: BTreeMap<PersonId, BTreeSet<AreaCode>>,
}

impl Family {
    fn of(
        subject: PackagedSubject,
        others: impl IntoIterator<Item = PackagedPerson>,
        random: &mut impl FnMut() -> RandomBytes,
    ) -> Result<Self, OpeningError> {
        let subject = of_subject(subject, PersonId::from_random(random()));
        let mut parties = vec![Party { person: subject.person, capacity: Capacity::Subject }];
        let (mut guardians, mut closed) = (Vec::new(), BTreeMap::new());
        for other in others {
            if other.capacity == Capacity::Subject {
                return Err(OpeningError::Form);
            }
            let person = PersonId::from_random(random());
            parties.push(Party { person, capacity: other.capacity });
            if !other.closed.is_empty() {
                closed.insert(person, other.closed.into_iter().collect());
            }
            guardians.push(GuardianDetails {
                person,
                name: other.name.into(),
                relation: other.relation,
                parental_responsibility: None,
                national_identity_number: None,
                address: None,
                phone: None,
                email: None,
                language: None,
                interpreter: None,
            });
        }
        Ok(Self { subject, guardians, parties, closed })
    }

    fn person(&self, whom: Whom) -> Option<PersonId> {
        match whom {
            Whom::Subject => Some(self.subject.person),
            Whom::Guardian(number) => {
                self.guardians.get(usize::try_from(number).ok()?).map(|guardian| guardian.person)
            }
        }
    }

    fn about(&self, whom: Whom) -> Option<About> {
        match whom {
            Whom::Subject => Some(About::Subject),
            Whom::Guardian(_) => self.person(whom).map(About::Guardian),
        }
    }

    fn consent(&self, consent: PackagedConsent) -> Result<ConsentShown, OpeningError> {
        let given = consent.given.into_iter().map(|given| {
            let person = self.person(given.by).ok_or(OpeningError::Number)?;
            Ok((person, given.on, given.channel))
        });
        Ok(ConsentShown {
            purpose: consent.purpose,
            areas: consent.areas.into_iter().collect(),
            kinds: consent.kinds.into_iter().collect(),
            given: given.collect::<Result<_, OpeningError>>()?,
        })
    }

    /// Reads one entry; nothing if it cannot be read, or is one that never goes over.
    fn entry(&self, raw: &RawValue, random: &mut impl FnMut() -> RandomBytes) -> Option<OpenedEntry> {
        if raw.get().len() > PACKAGE_ENTRY_BYTES_MAX {
            return None;
        }
        let read: PackagedEntry = serde_json::from_str(raw.get()).ok()?;
        if stays(read.kind) || read.about.is_empty() || !(1..=AREAS_MAX).contains(&read.areas.len()) {
            return None;
        }
        let about = read.about.iter().map(|whom| self.about(*whom)).collect::<Option<BTreeSet<_>>>()?;
        let content = Content::new(read.kind, read.fields.clone()).ok()?;
        // What was written into a document was in form C.
        if *content.fields() != read.fields {
            return None;
        }
        let (_, genesis) = EntryDocument::create(Actor(random()), &content).ok()?;
        Some(OpenedEntry {
            entry: EntryId::from_random(random()),
            generation: GenerationId::from_random(random()),
            genesis,
            kind: read.kind,
            areas: read.areas,
            about,
            hidden_from_guardians: read.hidden_from_guardians || is_withheld_from_guardians(content.fields()),
            written_by: read.written_by,
            written_on: read.written_on,
        })
    }
}

fn of_subject(subject: PackagedSubject, person: PersonId) -> Subject {
    let text = |line: Option<Line>| line.map(String::from);
    Subject {
        person,
        name: subject.name.into(),
        birth_date: subject.birth_date.map(String::from),
        national_identity_number: subject.national_identity_number,
        unit: text(subject.unit),
        group: text(subject.group),
        school: text(subject.school),
        language: text(subject.language),
        interpreter: subject.interpreter,
        address: text(subject.address),
        phone: text(subject.phone),
    }
}

/// Relations of entries that could be read; one with an end that could not goes with that end.
fn relations<'a>(
    numbers: impl Iterator<Item = &'a (u32, u32)>,
    entries: &[Option<OpenedEntry>],
    random: &mut impl FnMut() -> RandomBytes,
) -> Result<Vec<OpenedRelation>, OpeningError> {
    let at = |number: u32| usize::try_from(number).ok().and_then(|place| entries.get(place));
    let mut relations = Vec::new();
    for (from, to) in numbers {
        let (Some(one), Some(other)) = (at(*from), at(*to)) else { return Err(OpeningError::Number) };
        if from == to {
            return Err(OpeningError::Number);
        }
        if let (Some(one), Some(other)) = (one, other) {
            let id = RelationId::from_random(random());
            relations.push(OpenedRelation { id, from: one.entry, to: other.entry });
        }
    }
    Ok(relations)
}

#[cfg(test)]
mod tests;
