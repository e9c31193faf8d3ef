use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::bounded::TooManyError;
use super::document::PackagedEntry;
use super::making::{check, make_within};
use super::*;
use crate::access::succeeding::permit_unasked;
use crate::access::{EntryFacts, OnlyFor};
use crate::case::{GuardianDetails, PrivateCase, Relation as Kinship, Subject};
use crate::consent::rule::{Capacity, Party, SubjectKind};
use crate::consent::{Consent, ConsentKind, Evidence};
use crate::entry::value::FieldValue;
use crate::entry::{About, CardField, ContentError, EntryKind, EntryView, FieldKey};
use crate::id::{CaseId, ConsentId, EntryId, GenerationId, PersonId, RelationId};
use crate::ledger::statement::Level;
use crate::limits::{
    CASE_GUARDIANS_MAX, HANDOVER_NOTE_BYTES_MAX, PACKAGE_ENTRIES_MAX, PACKAGE_RELATIONS_MAX,
    PURPOSE_BYTES_MAX,
};
use crate::municipality::{AreaCode, OrganisationNumber, Service, ServiceCode};
use crate::succession::CivilDay;
use crate::time::UnixMillis;
use crate::transaction::Relation;

/// The old owner, the new one, and a partner that has nothing to do with the move.
pub(crate) const FROM: &str = "310000000";
pub(crate) const TO: &str = "310000019";
const OTHER: &str = "123456785";

pub(crate) fn organisation(number: &str) -> OrganisationNumber {
    number.parse().expect("an organisation number")
}

pub(crate) fn area(code: &str) -> AreaCode {
    code.parse().expect("a code")
}

fn service(host: &str, code: &str) -> Service {
    Service { host: organisation(host), code: code.parse().expect("a code") }
}

pub(crate) fn day(text: &str) -> CivilDay {
    text.parse().expect("a day")
}

/// An id as random ones are: no two alike, and in no order.
fn id(label: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(label)[..16]);
    bytes
}

pub(crate) fn entry_id(label: &str) -> EntryId {
    EntryId::from_random(id(label))
}

pub(crate) fn person(label: &str) -> PersonId {
    PersonId::from_random(id(label))
}

/// What one entry is before it is taken.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) facts: EntryFacts,
    pub(crate) view: EntryView,
    pub(crate) by_family: bool,
}

impl Held {
    pub(crate) fn new(label: &str, kind: EntryKind, fields: &str) -> Self {
        let facts = EntryFacts {
            entry: entry_id(label),
            case: CaseId::from_random(id("case")),
            kind,
            areas: BTreeSet::from([area("language")]),
            about: BTreeSet::from([About::Subject]),
            written_by: Some(service(FROM, "school")),
            only_for: None,
            hidden_from_guardians: false,
            generation: GenerationId::from_random(id(&format!("generation of {label}"))),
            changes: 3,
        };
        let fields = serde_json::from_str(fields).expect("fields");
        Self { facts, view: EntryView { fields, conflicts: BTreeMap::new() }, by_family: false }
    }

    pub(crate) fn note(label: &str, text: &str) -> Self {
        let mut held = Self::new(label, EntryKind::Note, "{}");
        held.view.fields.insert(FieldKey::Description, text.into());
        held
    }
}

/// A case as its old owner has it.
pub(crate) struct Old {
    pub(crate) case: PrivateCase,
    pub(crate) parties: Vec<Party>,
    pub(crate) consent: Consent,
    /// Under which consent and to whom the gate let the entries go.
    let_go_under: (ConsentId, OrganisationNumber),
    pub(crate) areas: BTreeSet<AreaCode>,
    pub(crate) evidence: Evidence,
    pub(crate) subject_kind: SubjectKind,
    pub(crate) closed: BTreeMap<PersonId, BTreeSet<AreaCode>>,
    pub(crate) withholds_place: bool,
    pub(crate) note: String,
    pub(crate) level: u8,
    pub(crate) area_names: BTreeMap<AreaCode, String>,
    pub(crate) entries: Vec<Held>,
    pub(crate) relations: Vec<Relation>,
}

pub(crate) fn guardian(label: &str, name: &str) -> GuardianDetails {
    GuardianDetails {
        person: person(label),
        name: name.to_owned(),
        relation: Kinship::Mother,
        parental_responsibility: None,
        national_identity_number: "22921650071".parse().ok(),
        address: Some("Myrveien 2".to_owned()),
        phone: Some("99 00 00 02".to_owned()),
        email: Some("siv@example.no".to_owned()),
        language: Some("sma".to_owned()),
        interpreter: None,
    }
}

impl Old {
    /// A child, its mother, a goal with a measure, a partner's note and the child's voice.
    pub(crate) fn usual() -> Self {
        let mut subject = Subject::named(person("child"), "Ante Myr".to_owned());
        subject.birth_date = Some("2016-05-14".to_owned());
        subject.national_identity_number = "15831250086".parse().ok();
        subject.school = Some("Myra skole".to_owned());
        subject.address = Some("Myrveien 1".to_owned());
        subject.phone = Some("99 00 00 01".to_owned());
        subject.interpreter = Some(true);
        let mut case = PrivateCase::about(subject);
        case.guardians = vec![guardian("mother", "Siv Myr"), guardian("once", "Jan Vik")];
        let id = ConsentId::from_random(id("consent"));
        let recipient = service(TO, "school");
        let mut consent = Consent::sharing(id, recipient, UnixMillis(0), UnixMillis(9));
        consent.kind = ConsentKind::Transfer;
        consent.purpose = "Skolen skal kunne gå videre.".to_owned();
        consent.reservations = Some("Ikke noe om bror.".to_owned());
        consent.areas = BTreeSet::from([area("language"), area("play")]);
        consent.kinds = BTreeSet::from([EntryKind::Goal, EntryKind::Measure, EntryKind::Note]);
        let chosen = [FieldKey::School, FieldKey::Interpreter, FieldKey::Level];
        consent.card_fields = chosen.map(|key| CardField::try_from(key).expect("a field")).into();
        let party = |label, capacity| Party { person: person(label), capacity };
        Self {
            case,
            parties: vec![
                party("child", Capacity::Subject),
                party("mother", Capacity::GuardianWithParentalResponsibility),
            ],
            let_go_under: (consent.id, organisation(TO)),
            areas: consent.areas.clone(),
            consent,
            evidence: Evidence::Filed { reference: "Sak 26/117".to_owned() },
            subject_kind: SubjectKind::Child,
            closed: BTreeMap::new(),
            withholds_place: false,
            note: "Han leser best om morgenen.\n\nRing meg gjerne.".to_owned(),
            level: 2,
            area_names: BTreeMap::from([(area("language"), "Språk".to_owned())]),
            entries: usual_entries(),
            relations: vec![relation("reads for", "measure", "goal"), relation("of", "note", "elsewhere")],
        }
    }

    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Source<'_>) -> T) -> T {
        let (made_on, written_on) = (day("2027-06-20"), day("2026-11-03"));
        let (consent, to) = self.let_go_under;
        let permits = self.entries.iter().map(|held| permit_unasked(&held.facts, consent, to));
        let permits: Vec<_> = permits.collect();
        let taken = self.entries.iter().zip(&permits);
        let entries: Vec<Taken<'_>> = taken
            .map(|(held, permit)| Taken {
                permit,
                view: &held.view,
                by_family: held.by_family,
                written_on: &written_on,
            })
            .collect();
        let school: ServiceCode = "school".parse().expect("a code");
        ask(&Source {
            from: (organisation(FROM), "Inderøy"),
            to: organisation(TO),
            made_on: &made_on,
            level: (Level::try_from(self.level).expect("a level"), "Nivå 2"),
            subject_kind: self.subject_kind,
            case: &self.case,
            parties: &self.parties,
            closed: &self.closed,
            withholds_place: self.withholds_place,
            contact: ("Marte Dal", "Myra skole", Some("99 00 00 03")),
            consent: &self.consent,
            areas: &self.areas,
            given: &[(person("mother"), day("2027-06-01"), &self.evidence)],
            note: &self.note,
            area_names: &self.area_names,
            service_names: &BTreeMap::from([(school, "Skole".to_owned())]),
            entries: &entries,
            relations: &self.relations,
        })
    }

    pub(crate) fn made(&self) -> Result<Vec<u8>, PackageError> {
        self.with(make)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.made().expect("a package")
    }

    fn document(&self) -> Document<PackagedEntry> {
        serde_json::from_slice(&self.bytes()).expect("a document")
    }
}

pub(crate) fn relation(label: &str, from: &str, to: &str) -> Relation {
    Relation {
        id: RelationId::from_random(id(label)),
        owner: organisation(FROM),
        case: CaseId::from_random(id("case")),
        from: entry_id(from),
        to: entry_id(to),
    }
}

fn usual_entries() -> Vec<Held> {
    let goal = Held::new("goal", EntryKind::Goal, r#"{"title":"Lese en bok"}"#);
    let measure = r#"{"title":"Lesegruppe","responsible":"Marte Dal","deadline":"2027-01-15",
        "status":"started","at_home":true}"#;
    let measure = Held::new("measure", EntryKind::Measure, measure);
    let mut note = Held::note("note", "PPT har prøvd «Leselyst» – og det virket.\n\tSe \"plan\".");
    note.facts.written_by = Some(service(OTHER, "ppt"));
    let mut voice = r#"{"description":"Jeg liker å tegne.","withheld_from_guardians":true}"#;
    let mut heard = Held::new("voice", EntryKind::ChildVoice, voice);
    heard.facts.hidden_from_guardians = true;
    voice = r#"{"description":"Vi leser hver kveld.","date":"2026-11-01"}"#;
    let mut input = Held::new("input", EntryKind::GuardianInput, voice);
    (input.facts.written_by, input.by_family) = (None, true);
    input.facts.about.insert(About::Guardian(person("mother")));
    let mut theirs = Held::new("theirs", EntryKind::BrightSpot, r#"{"description":"Sola skinte."}"#);
    theirs.facts.written_by = Some(service(TO, "clinic"));
    theirs.facts.areas.insert(area("play"));
    vec![goal, measure, note, heard, input, theirs]
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// RFC 4648, without padding, in both alphabets.
fn base64(bytes: &[u8], last: [u8; 2]) -> Vec<u8> {
    let letters: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(last).collect();
    let bits = |bytes: &[u8]| bytes.iter().fold(0u32, |all, byte| all << 8 | u32::from(*byte));
    let group = |group: &[u8]| {
        let all = bits(group) << (8 * (3 - group.len()));
        (0..=group.len()).map(|place| letters[(all >> (18 - 6 * place) & 63) as usize]).collect::<Vec<_>>()
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[test]
fn a_package_says_what_the_case_holds_and_names_nobody_by_the_old_ids() {
    let document = Old::usual().document();

    assert_eq!(document.subject.name.as_str(), "Ante Myr");
    assert_eq!(document.subject.birth_date, Some(day("2016-05-14")));
    assert_eq!(document.family.len(), 1);
    assert_eq!(document.family.at(0).expect("one").name.as_str(), "Siv Myr");
    assert_eq!(document.entries.len(), 6);
    assert_eq!(document.relations.len(), 1);
    let (from, to) = document.relations.iter().next().expect("one");
    let kind = |number: &u32| document.entries.at(*number).expect("an entry").kind;
    assert_eq!((kind(from), kind(to)), (EntryKind::Measure, EntryKind::Goal));
    let by = document.consent.given.iter().next().expect("one");
    assert_eq!((by.by, by.channel), (Whom::Guardian(0), crate::consent::Channel::Written));
}

#[test]
fn only_what_the_consent_names_of_the_subject_goes_over() {
    let mut old = Old::usual();
    let subject = old.document().subject;
    assert_eq!(subject.school.expect("chosen").as_str(), "Myra skole");
    assert_eq!(subject.interpreter, Some(true));
    assert!(subject.national_identity_number.is_none() && subject.address.is_none());

    old.consent.card_fields = CardField::all().collect();
    let subject = old.document().subject;
    assert!(subject.national_identity_number.is_some() && subject.address.is_some());

    old.withholds_place = true;
    let subject = old.document().subject;
    assert!(subject.address.is_none() && subject.school.is_none() && subject.phone.is_none());
    assert!(subject.national_identity_number.is_some());
}

#[test]
fn the_age_of_a_grown_up_goes_over_only_if_the_consent_names_it() {
    let mut old = Old::usual();
    old.subject_kind = SubjectKind::Parent;
    assert_eq!(old.document().subject.birth_date, None);

    old.consent.card_fields.insert(CardField::try_from(FieldKey::BirthDate).expect("a field"));
    assert!(old.document().subject.birth_date.is_some());
}

#[test]
fn the_order_of_what_goes_in_changes_nothing() {
    let mut old = Old::usual();
    old.relations.push(relation("also", "theirs", "goal"));
    let before = old.bytes();

    old.entries.reverse();
    old.relations.reverse();
    old.case.guardians.reverse();
    old.parties.reverse();

    assert_eq!(old.bytes(), before);
}

#[test]
fn nothing_that_was_not_taken_and_no_id_stands_in_a_package() {
    let old = Old::usual();
    let bytes = old.bytes();
    assert!(contains(&bytes, "Lese en bok".as_bytes()), "the search finds what is there");

    let mut ids: Vec<[u8; 16]> =
        vec![*old.consent.id.as_bytes(), *CaseId::from_random(id("case")).as_bytes()];
    for held in &old.entries {
        ids.extend([*held.facts.entry.as_bytes(), *held.facts.generation.as_bytes()]);
    }
    ids.extend(old.relations.iter().flat_map(|one| [*one.id.as_bytes(), *one.to.as_bytes()]));
    ids.extend(["child", "mother", "once"].map(|label| *person(label).as_bytes()));
    for id in ids {
        let text = EntryId::from_bytes(id).to_string();
        let hex = text.replace('-', "");
        let forms = [id.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), text.into_bytes()];
        for form in forms.into_iter().chain([base64(&id, *b"+/"), base64(&id, *b"-_")]) {
            assert!(!contains(&bytes, &form), "an id stands there");
        }
    }
    // Somebody who is no party any more, how to reach the family, where the paper is, what was reserved,
    // and the partner that nobody named.
    for text in ["Jan Vik", "Myrveien", "99 00 00 02", "siv@example.no", "22921650071", "15831250086"] {
        assert!(!contains(&bytes, text.as_bytes()), "{text}");
    }
    for text in ["26/117", "bror", OTHER, "\"ppt\""] {
        assert!(!contains(&bytes, text.as_bytes()), "{text}");
    }
    assert_eq!(base64(b"stafett", *b"+/"), b"c3RhZmV0dA");
}

#[test]
fn a_package_does_not_say_that_something_was_left_out() {
    let mut old = Old::usual();
    let before = old.bytes();

    old.relations.push(relation("to one that stays", "goal", "elsewhere too"));
    old.case.guardians.retain(|guardian| guardian.person != person("once"));

    assert_eq!(old.bytes(), before);
}

#[test]
fn an_entry_in_conflict_is_not_taken_until_it_is_settled() {
    let mut old = Old::usual();
    let values = vec![FieldValue::from("2027-01-15"), FieldValue::from("2027-02-15")];
    old.entries[1].view.conflicts.insert(FieldKey::Deadline, values);

    assert_eq!(old.made(), Err(PackageError::InConflict(entry_id("measure"))));
}

#[test]
fn cards_lists_of_participants_and_what_is_about_others_never_go() {
    let refused = |change: &dyn Fn(&mut Held)| {
        let mut old = Old::usual();
        old.entries.push(Held::note("one", "Hei"));
        assert!(old.made().is_ok());
        change(old.entries.last_mut().expect("the note"));
        let one = old.entries.last().expect("the note").clone();
        old.entries.truncate(6);
        old.entries.push(one);
        old.made().expect_err("stays")
    };
    let stays = PackageError::Stays(entry_id("one"));

    assert_eq!(refused(&|one| one.facts.kind = EntryKind::CaseCard), stays);
    assert_eq!(refused(&|one| one.facts.kind = EntryKind::Participants), stays);
    for about in [About::Sibling, About::Other] {
        assert_eq!(refused(&|one| assert!(one.facts.about.insert(about))), stays);
    }
    assert_eq!(refused(&|one| one.facts.about.clear()), stays);
    assert_eq!(refused(&|one| one.facts.areas.clear()), stays);
    let only_for = OnlyFor { service: service(TO, "school"), consent: None };
    assert_eq!(refused(&|one| one.facts.only_for = Some(only_for.clone())), stays);
    let once = About::Guardian(person("once"));
    assert_eq!(
        refused(&|one| assert!(one.facts.about.insert(once))),
        PackageError::AboutAnother(entry_id("one"))
    );
}

#[test]
fn who_wrote_an_entry_is_said_of_both_sides_and_of_nobody_else() {
    let document = Old::usual().document();
    let writer = |kind| {
        let found = document.entries.iter().find(|entry| entry.kind == kind);
        found.expect("an entry").written_by.clone()
    };

    assert_eq!(writer(EntryKind::Goal), WrittenBy::Own(Line::of("Skole").expect("a line")));
    assert_eq!(writer(EntryKind::BrightSpot), WrittenBy::Yours("clinic".parse().expect("a code")));
    assert_eq!(writer(EntryKind::Note), WrittenBy::Partner);
    assert_eq!(writer(EntryKind::GuardianInput), WrittenBy::Family);
    let mut old = Old::usual();
    old.entries[0].facts.written_by = None;
    let document = old.document();
    let goal = document.entries.iter().find(|entry| entry.kind == EntryKind::Goal);
    assert_eq!(goal.expect("a goal").written_by, WrittenBy::Partner);
}

#[test]
fn an_entry_that_could_not_be_made_anew_is_refused() {
    let of = |held: Held| {
        let mut old = Old::usual();
        old.entries = vec![held];
        old.made().map(drop)
    };
    let entry = entry_id("one");

    assert_eq!(of(Held::note("one", &"å".repeat(19_000))), Ok(()));
    assert_eq!(of(Held::note("one", &"å".repeat(20_001))), Err(PackageError::TooLong(entry)));
    let error = ContentError::Missing { kind: EntryKind::Note, field: FieldKey::Description };
    assert_eq!(of(Held::note("one", " ")), Err(PackageError::Content { entry, error }));
    let mut old = Old::usual();
    old.entries.push(old.entries[2].clone());
    assert_eq!(old.made(), Err(PackageError::Twice(entry_id("note"))));
}

#[test]
fn the_preview_asks_each_entry_what_the_package_asks() {
    let mut old = Old::usual();
    let values = vec![FieldValue::from("planned"), FieldValue::from("done")];
    old.entries[1].view.conflicts.insert(FieldKey::Status, values);

    let asked: Vec<bool> =
        old.with(|source| source.entries.iter().map(|taken| check(taken).is_ok()).collect());

    assert_eq!(asked, [true, false, true, true, true, true]);
}

#[test]
fn each_bound_holds_at_its_edge_and_not_one_over() {
    let too_many = |max| Err(PackageError::TooMany(TooManyError { max }));
    let made = |change: &dyn Fn(&mut Old)| {
        let mut old = Old::usual();
        change(&mut old);
        old.made().map(drop)
    };
    let family = |count: usize| {
        move |old: &mut Old| {
            let more = (2..=count).map(|number| guardian(&format!("guardian {number}"), "Liv Li"));
            old.case.guardians.extend(more);
            old.parties = old.case.guardians.iter().map(|one| one.person).map(other_party).collect();
            old.parties.retain(|party| party.person != person("once"));
        }
    };
    assert_eq!(made(&family(CASE_GUARDIANS_MAX)), Ok(()));
    assert_eq!(made(&family(CASE_GUARDIANS_MAX + 1)), too_many(CASE_GUARDIANS_MAX));

    let too_long = |bytes_max| Err(PackageError::Text(crate::entry::ValueFault::TooLong { bytes_max }));
    assert_eq!(made(&|old| old.note = "a".repeat(HANDOVER_NOTE_BYTES_MAX)), Ok(()));
    assert_eq!(
        made(&|old| old.note = "a".repeat(HANDOVER_NOTE_BYTES_MAX + 1)),
        too_long(HANDOVER_NOTE_BYTES_MAX)
    );
    assert_eq!(made(&|old| old.consent.purpose = "a".repeat(PURPOSE_BYTES_MAX)), Ok(()));
    assert_eq!(
        made(&|old| old.consent.purpose = "a".repeat(PURPOSE_BYTES_MAX + 1)),
        too_long(PURPOSE_BYTES_MAX)
    );
    let areas = |count: usize| {
        move |old: &mut Old| {
            old.areas = (0..count).map(|number| area(&format!("a{number}"))).collect();
            old.entries.clear();
        }
    };
    assert_eq!(made(&areas(32)), Ok(()));
    assert_eq!(made(&areas(33)), too_many(32));
    let relations = |count: usize| {
        move |old: &mut Old| {
            let one = |number| relation(&format!("relation {number}"), "measure", "goal");
            old.relations = (0..count).map(one).collect();
        }
    };
    assert_eq!(made(&relations(PACKAGE_RELATIONS_MAX)), Ok(()));
    assert_eq!(made(&relations(PACKAGE_RELATIONS_MAX + 1)), too_many(PACKAGE_RELATIONS_MAX));
}

fn other_party(person: PersonId) -> Party {
    Party { person, capacity: Capacity::GuardianWithParentalResponsibility }
}

#[test]
fn a_package_holds_five_thousand_entries_and_not_one_more() {
    let mut old = Old::usual();
    old.relations.clear();
    old.entries = (0..PACKAGE_ENTRIES_MAX).map(|number| Held::note(&format!("{number}"), "Hei")).collect();
    assert_eq!(old.document().entries.len(), PACKAGE_ENTRIES_MAX);

    old.entries.push(Held::note("one more", "Hei"));

    let max = PACKAGE_ENTRIES_MAX;
    assert_eq!(old.made(), Err(PackageError::TooMany(TooManyError { max })));
}

#[test]
fn a_package_has_its_bytes_and_not_one_more() {
    let old = Old::usual();
    let bytes = old.bytes();

    assert_eq!(old.with(|source| make_within(source, bytes.len())), Ok(bytes.clone()));
    let refused = old.with(|source| make_within(source, bytes.len() - 1));
    assert_eq!(refused, Err(PackageError::TooLarge));
}

#[test]
fn a_package_prints_nothing_of_what_it_holds() {
    let old = Old::usual();
    let printed =
        old.with(|source| format!("{source:?} {:?}", source.entries)) + &format!("{:?}", old.document());

    for text in ["Ante", "Siv", "Lese", "Marte", "Ring meg", "Skolen skal"] {
        assert!(!printed.contains(text), "{text}");
    }
}

#[test]
fn entry_that_was_let_go_by_another_move_is_not_taken() {
    let (consent, to) = Old::usual().let_go_under;
    let other = ConsentId::from_random(id("another consent"));
    for let_go_under in [(other, to), (consent, organisation(OTHER))] {
        let old = Old { let_go_under, ..Old::usual() };
        assert!(matches!(old.made(), Err(PackageError::OfAnotherMove(_))), "{:?}", old.made());
    }
}

#[test]
fn package_says_which_areas_went_and_not_which_were_asked_for() {
    let narrowed = Old { areas: BTreeSet::from([area("language")]), entries: Vec::new(), ..Old::usual() };
    let mut asked_for_less = Old { entries: Vec::new(), ..Old::usual() };
    asked_for_less.consent.areas = BTreeSet::from([area("language")]);
    asked_for_less.areas = asked_for_less.consent.areas.clone();

    assert_eq!(narrowed.bytes(), asked_for_less.bytes());
}

#[test]
fn confidential_address_is_not_said_by_the_name_of_a_service() {
    let secret = Old { withholds_place: true, ..Old::usual() }.document();

    assert_eq!(secret.contact.service_name.as_str(), "Inderøy");
    let own = secret.entries.iter().filter_map(|entry| match &entry.written_by {
        WrittenBy::Own(name) => Some(name.as_str()),
        _ => None,
    });
    let own: BTreeSet<&str> = own.collect();
    assert_eq!(own, BTreeSet::from(["Inderøy"]));
}

#[test]
fn case_that_nobody_there_could_be_asked_about_is_not_packed() {
    let mut alone = Old::usual();
    alone.parties.retain(|party| party.capacity == Capacity::Subject);
    alone.entries.clear();
    assert_eq!(alone.made(), Err(PackageError::NobodyToAsk));

    let mut ageless = Old { subject_kind: SubjectKind::Youth, ..Old::usual() };
    ageless.case.subject.birth_date = None;
    assert_eq!(ageless.made(), Err(PackageError::NobodyToAsk));
}
