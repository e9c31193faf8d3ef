//! A package is made of what the case holds at the moment: a function of its inputs, whose order does
//! not matter. Which entries are taken is decided by the gate before; what never goes over is refused
//! here a second time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::PACKAGE_FORMAT;
use super::bounded::{Few, Line, Prose, TooManyError};
use super::document::{
    Contact, Document, GivenBy, GuideLabel, NamedArea, PackagedConsent, PackagedEntry, PackagedPerson,
    PackagedSubject, Whom, WrittenBy,
};
use crate::access::succeeding::TransferPermit;
use crate::case::{GuardianDetails, PrivateCase, Subject};
use crate::consent::rule::{Capacity, Party, SubjectKind};
use crate::consent::{Channel, Consent, Evidence};
use crate::entry::schema::PLACE_CARD_FIELDS;
use crate::entry::value::ValueFault;
use crate::entry::{
    About, Actor, CardField, Content, ContentError, EntryDocument, EntryKind, EntryView, FieldKey,
};
use crate::id::{EntryId, PersonId, RelationId};
use crate::ledger::statement::Level;
use crate::limits::{AREAS_MAX, PACKAGE_BYTES_MAX, PACKAGE_ENTRIES_MAX, PACKAGE_ENTRY_BYTES_MAX};
use crate::municipality::{AreaCode, OrganisationNumber, Service, ServiceCode};
use crate::succession::CivilDay;
use crate::succession::sealed::SEAL_BYTES;
use crate::transaction::Relation;

/// Why no package can be made. Names entries and persons by id, and says nothing of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Concurrent values of one field are not settled; somebody must do that first (law 7).
    #[error("the entry {0} has a field in conflict")]
    InConflict(EntryId),
    /// Of a kind that stays, about a sibling or another, or without an area (law 4).
    #[error("the entry {0} does not go over")]
    Stays(EntryId),
    /// It is about a person who is not of the family.
    #[error("the entry {0} is about somebody who is not of the family")]
    AboutAnother(EntryId),
    /// Its present value lacks what its kind needs; somebody must write it first.
    #[error("the entry {entry} cannot be made anew")]
    Content {
        /// The entry.
        entry: EntryId,
        /// What is wrong.
        #[source]
        error: ContentError,
    },
    /// Its present value does not fit one change; it must be shortened (law 7: as with a cut).
    #[error("the entry {0} is too long to be made anew")]
    TooLong(EntryId),
    /// The gate's leave for it is of another move.
    #[error("the entry {0} was let go under another consent, or to another municipality")]
    OfAnotherMove(EntryId),
    /// An entry is named twice.
    #[error("the entry {0} is named twice")]
    Twice(EntryId),
    /// The private case knows no name of somebody of the family, or of somebody who said yes.
    #[error("nothing is known of the person {0}")]
    UnknownPerson(PersonId),
    /// A name or another text does not fit.
    #[error("a text of the package does not fit")]
    Text(#[from] ValueFault),
    /// Nobody there could be asked: a child without anybody who may say yes for it, or a youth without a
    /// birth date.
    #[error("expected somebody who may say yes for a child, and the birth date of a youth")]
    NobodyToAsk,
    /// The birth date of the subject is no day.
    #[error("expected the subject's birth date as a day")]
    BirthDate,
    /// Something is there more often than it may be.
    #[error("there is too much of something")]
    TooMany(#[from] TooManyError),
    /// All together it is larger than a package may be.
    #[error("expected at most {PACKAGE_BYTES_MAX} bytes")]
    TooLarge,
}

/// An entry that the gate lets go over, and what stands in it now.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The gate's leave: nothing goes into a package without it (law 3).
    pub permit: &'a TransferPermit<'a>,
    /// Its present value.
    pub view: &'a EntryView,
    /// Whether somebody of the family wrote it; asked where no service is known to have.
    pub by_family: bool,
    /// On which day it was written first.
    pub written_on: &'a CivilDay,
}

/// Everything that a package is made of.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The municipality that gives the case away, and what it is called.
    pub from: (OrganisationNumber, &'a str),
    /// The municipality that takes it.
    pub to: OrganisationNumber,
    /// The day.
    pub made_on: &'a CivilDay,
    /// The level, and what the action guide here calls it.
    pub level: (Level, &'a str),
    /// Whom the case is about.
    pub subject_kind: SubjectKind,
    /// The private case; of its guardians only those of the parties go over.
    pub case: &'a PrivateCase,
    /// The family as the ledger has it.
    pub parties: &'a [Party],
    /// The areas that the youth has closed to a guardian.
    pub closed: &'a BTreeMap<PersonId, BTreeSet<AreaCode>>,
    /// Whether the address is confidential: then nothing says where the family lives or goes, whatever
    /// the consent names (law 15).
    pub withholds_place: bool,
    /// Name, service and telephone of the stafettholder. The service is left out where the place is.
    pub contact: (&'a str, &'a str, Option<&'a str>),
    /// The consent under which the case moves.
    pub consent: &'a Consent,
    /// The areas of it whose entries may go along.
    pub areas: &'a BTreeSet<AreaCode>,
    /// Who gave it: on which day, and how.
    pub given: &'a [(PersonId, CivilDay, &'a Evidence)],
    /// What the stafettholder writes to the next one.
    pub note: &'a str,
    /// What areas are called here.
    pub area_names: &'a BTreeMap<AreaCode, String>,
    /// What services are called here.
    pub service_names: &'a BTreeMap<ServiceCode, String>,
    /// The entries.
    pub entries: &'a [Taken<'a>],
    /// Relations of the case; those with an end that is not taken are passed over.
    pub relations: &'a [Relation],
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source(«redacted»)")
    }
}

/// Makes a package: the bytes of its document.
///
/// # Errors
/// The [`PackageError`] that was found first. Those that name an entry are for the stafettholder to
/// mend, entry by entry ([`check`]); nothing was made.
pub fn make(source: &Source<'_>) -> Result<Vec<u8>, PackageError> {
    make_within(source, PACKAGE_BYTES_MAX.saturating_sub(SEAL_BYTES))
}

/// As [`make`], in so many bytes.
pub(super) fn make_within(source: &Source<'_>, room: usize) -> Result<Vec<u8>, PackageError> {
    let persons = family(source)?;
    let subject = subject(source)?;
    let may_be_asked = persons.values().any(|one| may_say_yes(one.capacity));
    if !can_be_opened(source.subject_kind, may_be_asked, subject.birth_date.is_some()) {
        return Err(PackageError::NobodyToAsk);
    }
    let whom = |person: PersonId| match persons.keys().position(|other| *other == person) {
        _ if person == source.case.subject.person => Some(Whom::Subject),
        place => place.and_then(|place| u32::try_from(place).ok()).map(Whom::Guardian),
    };
    let (entries, numbers) = entries(source, &whom)?;
    let document = Document {
        format: Line::of(PACKAGE_FORMAT)?,
        from: source.from.0,
        from_name: Line::of(source.from.1)?,
        to: source.to,
        made_on: source.made_on.clone(),
        guide: GuideLabel { level: source.level.0, level_name: Line::of(source.level.1)? },
        subject_kind: source.subject_kind,
        subject,
        contact: Contact {
            name: Line::of(source.contact.0)?,
            service_name: Line::of(if source.withholds_place { source.from.1 } else { source.contact.1 })?,
            phone: source.contact.2.map(Line::of).transpose()?,
        },
        consent: consent(source, &whom)?,
        note: Prose::of(source.note)?,
        areas: areas(source, &entries)?,
        family: Few::of(persons.into_values())?,
        entries: Few::of(entries)?,
        relations: relations(source.relations, &numbers)?,
    };
    let bytes = serde_json::to_vec(&document).map_err(|_| PackageError::TooLarge)?;
    if bytes.len() > room { Err(PackageError::TooLarge) } else { Ok(bytes) }
}

/// Returns what of an entry goes over, if it can: for the preview, entry by entry.
///
/// # Errors
/// As [`make`], of this entry alone.
pub fn check(taken: &Taken<'_>) -> Result<Content, PackageError> {
    let facts = taken.permit.facts();
    let entry = facts.entry;
    if !taken.view.conflicts.is_empty() {
        return Err(PackageError::InConflict(entry));
    }
    let is_for_one = facts.only_for.is_some() || stays(facts.kind);
    let is_of_another = facts.about.iter().any(|about| matches!(about, About::Sibling | About::Other));
    if is_for_one || is_of_another || facts.about.is_empty() || facts.areas.is_empty() {
        return Err(PackageError::Stays(entry));
    }
    let content = Content::new(facts.kind, taken.view.fields.clone())
        .map_err(|error| PackageError::Content { entry, error })?;
    // The new owner makes a document of one change of it; the actor is nobody's, and thrown away.
    EntryDocument::create(Actor([0; 16]), &content).map_err(|_| PackageError::TooLong(entry))?;
    Ok(content)
}

/// Whether entries of a kind stay where they are: a card is made for one consent, and a list of
/// participants names the people of others (law 2).
pub(in crate::succession) const fn stays(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::CaseCard | EntryKind::Participants)
}

/// Whether whoever takes a case could ask somebody: for a child somebody of the family must be able to say
/// yes, and how old a youth is decides who must.
pub(in crate::succession) const fn can_be_opened(
    kind: SubjectKind,
    may_be_asked: bool,
    is_age_known: bool,
) -> bool {
    match kind {
        SubjectKind::Child => may_be_asked,
        SubjectKind::Youth => is_age_known,
        _ => true,
    }
}

/// Whether somebody of a capacity may say yes for a child.
pub(in crate::succession) const fn may_say_yes(capacity: Capacity) -> bool {
    matches!(
        capacity,
        Capacity::GuardianWithParentalResponsibility
            | Capacity::AppointedGuardian
            | Capacity::ChildWelfareService
    )
}

fn family(source: &Source<'_>) -> Result<BTreeMap<PersonId, PackagedPerson>, PackageError> {
    let subject = source.case.subject.person;
    let others = source.parties.iter().filter(|party| party.capacity != Capacity::Subject);
    others
        .filter(|party| party.person != subject)
        .map(|party| {
            let unknown = PackageError::UnknownPerson(party.person);
            let details: &GuardianDetails = source.case.guardian(party.person).ok_or(unknown)?;
            let closed = source.closed.get(&party.person).into_iter().flatten();
            let packaged = PackagedPerson {
                capacity: party.capacity,
                relation: details.relation,
                name: Line::of(&details.name)?,
                closed: Few::of(closed.filter(|area| source.areas.contains(*area)).cloned())?,
            };
            Ok((party.person, packaged))
        })
        .collect()
}

fn subject(source: &Source<'_>) -> Result<PackagedSubject, PackageError> {
    let subject: &Subject = &source.case.subject;
    let chosen = |key: FieldKey| {
        let is_named = source.consent.card_fields.iter().copied().map(CardField::key).any(|own| own == key);
        is_named && !(source.withholds_place && PLACE_CARD_FIELDS.contains(&key))
    };
    let line = |key: FieldKey, value: &Option<String>| {
        value.as_deref().filter(|_| chosen(key)).map(Line::of).transpose()
    };
    // Without it nobody could tell who must say yes.
    let by_age = matches!(source.subject_kind, SubjectKind::Child | SubjectKind::Youth);
    let birth_date = subject.birth_date.as_deref().filter(|_| by_age || chosen(FieldKey::BirthDate));
    let number = subject.national_identity_number.as_ref();
    Ok(PackagedSubject {
        name: Line::of(&subject.name)?,
        birth_date: birth_date.map(str::parse).transpose().map_err(|_| PackageError::BirthDate)?,
        national_identity_number: number.filter(|_| chosen(FieldKey::NationalIdentityNumber)).cloned(),
        unit: line(FieldKey::Unit, &subject.unit)?,
        group: line(FieldKey::Group, &subject.group)?,
        school: line(FieldKey::School, &subject.school)?,
        language: line(FieldKey::Language, &subject.language)?,
        interpreter: subject.interpreter.filter(|_| chosen(FieldKey::Interpreter)),
        address: line(FieldKey::Address, &subject.address)?,
        phone: line(FieldKey::Phone, &subject.phone)?,
    })
}

fn consent(
    source: &Source<'_>,
    whom: &impl Fn(PersonId) -> Option<Whom>,
) -> Result<PackagedConsent, PackageError> {
    let given = source.given.iter().map(|(person, on, evidence)| {
        let by = whom(*person).ok_or(PackageError::UnknownPerson(*person))?;
        Ok(GivenBy { by, on: on.clone(), channel: channel(evidence) })
    });
    let given: BTreeSet<GivenBy> = given.collect::<Result<_, PackageError>>()?;
    Ok(PackagedConsent {
        purpose: Prose::of(&source.consent.purpose)?,
        areas: Few::of(source.areas.iter().cloned())?,
        kinds: Few::of(source.consent.kinds.iter().copied())?,
        given: Few::of(given)?,
    })
}

/// How a yes was said; what paper it stands on is the old owner's to know.
const fn channel(evidence: &Evidence) -> Channel {
    match evidence {
        Evidence::Paper { .. } | Evidence::Filed { .. } => Channel::Written,
        Evidence::Oral => Channel::Oral,
        Evidence::ElectronicId { .. } => Channel::Digital,
    }
}

type Numbers = BTreeMap<EntryId, u32>;

fn entries(
    source: &Source<'_>,
    whom: &impl Fn(PersonId) -> Option<Whom>,
) -> Result<(Vec<PackagedEntry>, Numbers), PackageError> {
    if source.entries.len() > PACKAGE_ENTRIES_MAX {
        return Err(TooManyError { max: PACKAGE_ENTRIES_MAX }.into());
    }
    let mut in_order: BTreeMap<EntryId, &Taken<'_>> = BTreeMap::new();
    for taken in source.entries {
        let entry = taken.permit.entry();
        if (taken.permit.consent(), taken.permit.to()) != (source.consent.id, source.to) {
            return Err(PackageError::OfAnotherMove(entry));
        }
        if in_order.insert(entry, taken).is_some() {
            return Err(PackageError::Twice(entry));
        }
    }
    let numbers = in_order.keys().zip(0..).map(|(entry, number)| (*entry, number)).collect();
    let entries = in_order.values().map(|taken| packaged(source, taken, whom)).collect::<Result<_, _>>()?;
    Ok((entries, numbers))
}

fn packaged(
    source: &Source<'_>,
    taken: &Taken<'_>,
    whom: &impl Fn(PersonId) -> Option<Whom>,
) -> Result<PackagedEntry, PackageError> {
    let facts = taken.permit.facts();
    let content = check(taken)?;
    let place = |about: &About| match about {
        About::Subject => Ok(Whom::Subject),
        About::Guardian(person) => whom(*person).ok_or(PackageError::AboutAnother(facts.entry)),
        About::Sibling | About::Other => Err(PackageError::Stays(facts.entry)),
    };
    let entry = PackagedEntry {
        kind: facts.kind,
        areas: facts.areas.clone(),
        about: facts.about.iter().map(place).collect::<Result<_, _>>()?,
        fields: content.fields().clone(),
        written_by: written_by(source, taken)?,
        written_on: taken.written_on.clone(),
        hidden_from_guardians: facts.hidden_from_guardians,
    };
    let bytes = serde_json::to_vec(&entry).map_or(usize::MAX, |json| json.len());
    if bytes > PACKAGE_ENTRY_BYTES_MAX || facts.areas.len() > AREAS_MAX {
        return Err(PackageError::TooLong(facts.entry));
    }
    Ok(entry)
}

/// Who else has a part in the case is never said (law 2).
fn written_by(source: &Source<'_>, taken: &Taken<'_>) -> Result<WrittenBy, PackageError> {
    Ok(match &taken.permit.facts().written_by {
        // A service may be the school, and so say where the family lives (law 15).
        Some(Service { host, .. }) if *host == source.from.0 && source.withholds_place => {
            WrittenBy::Own(Line::of(source.from.1)?)
        }
        Some(Service { host, code }) if *host == source.from.0 => {
            let name = source.service_names.get(code).map_or(code.as_str(), String::as_str);
            WrittenBy::Own(Line::of(name)?)
        }
        Some(Service { host, code }) if *host == source.to => WrittenBy::Yours(code.clone()),
        None if taken.by_family => WrittenBy::Family,
        Some(_) | None => WrittenBy::Partner,
    })
}

fn areas(source: &Source<'_>, entries: &[PackagedEntry]) -> Result<Few<NamedArea, AREAS_MAX>, PackageError> {
    let named: BTreeSet<&AreaCode> =
        entries.iter().flat_map(|entry| &entry.areas).chain(source.areas).collect();
    let areas = named.into_iter().map(|code| {
        let name = source.area_names.get(code).map_or(code.as_str(), String::as_str);
        Ok(NamedArea { code: code.clone(), name: Line::of(name)? })
    });
    Ok(Few::of(areas.collect::<Result<Vec<_>, PackageError>>()?)?)
}

fn relations<const MAX: usize>(
    relations: &[Relation],
    numbers: &Numbers,
) -> Result<Few<(u32, u32), MAX>, TooManyError> {
    let in_order: BTreeMap<RelationId, &Relation> =
        relations.iter().map(|relation| (relation.id, relation)).collect();
    let both = |relation: &&Relation| {
        Some((*numbers.get(&relation.from)?, *numbers.get(&relation.to)?)).filter(|(from, to)| from != to)
    };
    Few::of(in_order.values().filter_map(both))
}
