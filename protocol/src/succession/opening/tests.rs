use std::cell::Cell;

use serde_json::{Value, json};

use super::*;
use crate::entry::read_genesis;
use crate::limits::PACKAGE_ENTRIES_MAX;
use crate::succession::package::tests::{FROM, Held, Old, TO, area, day, organisation};

fn areas() -> BTreeSet<AreaCode> {
    BTreeSet::from([area("language"), area("play")])
}

fn level(level: u8) -> Level {
    Level::try_from(level).expect("a level")
}

fn here(areas: &BTreeSet<AreaCode>) -> Here<'_> {
    let (from, own) = (organisation(FROM), organisation(TO));
    Here { from, own, areas, entry_level: level(1), top_level: level(3) }
}

fn random() -> impl FnMut() -> RandomBytes {
    let drawn = Cell::new(0u128);
    move || {
        drawn.set(drawn.get() + 1);
        drawn.get().to_be_bytes()
    }
}

fn opened(document: &[u8]) -> Result<Opened, OpeningError> {
    open(document, &here(&areas()), random())
}

/// The usual package after a change of its JSON.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Opened, OpeningError> {
    let mut document: Value = serde_json::from_slice(&Old::usual().bytes()).expect("JSON");
    change(&mut document);
    opened(&serde_json::to_vec(&document).expect("JSON"))
}

/// How many entries of the usual package could not be read after a change of the goal.
fn unreadable(change: impl FnOnce(&mut Value)) -> u32 {
    let opened = changed(|document| {
        let entries = document["entries"].as_array_mut().expect("entries");
        let goal = entries.iter_mut().find(|entry| entry["kind"] == "goal").expect("the goal");
        change(goal);
    });
    let opened = opened.expect("the frame holds");
    assert_eq!(opened.entries.len() + opened.unreadable as usize, 6);
    let goals = opened.entries.iter().filter(|entry| entry.kind == EntryKind::Goal).count();
    assert_eq!(goals + opened.unreadable as usize, 1, "what cannot be read is the goal, or nothing");
    assert_eq!(opened.relations.len(), goals, "its relation goes with it");
    opened.unreadable
}

#[test]
fn what_was_packed_is_opened() {
    let old = Old::usual();

    let opened = opened(&old.bytes()).expect("opens");

    assert_eq!(opened.subject.name, "Ante Myr");
    assert_eq!(opened.subject.school.as_deref(), Some("Myra skole"));
    assert_eq!(opened.parties.len(), 2);
    assert_eq!(opened.parties[0].person, opened.subject.person);
    assert_eq!(opened.guardians[0].person, opened.parties[1].person);
    assert_eq!(opened.guardians[0].name, "Siv Myr");
    assert_eq!(opened.note.as_str(), old.note);
    assert_eq!(opened.level, level(2));
    assert_eq!(opened.contact.name.as_str(), "Marte Dal");
    assert_eq!(opened.consent.given, [(opened.guardians[0].person, day("2027-06-01"), Channel::Written)]);
    assert_eq!((opened.entries.len(), opened.unreadable), (6, 0));
    assert!(opened.areas_elsewhere.is_empty());
    for held in &old.entries {
        let of_kind = opened.entries.iter().find(|entry| entry.kind == held.facts.kind).expect("there");
        let view = read_genesis(of_kind.kind, &of_kind.genesis).expect("reads");
        assert!(view == held.view, "{}", of_kind.kind);
        assert_eq!(of_kind.areas, held.facts.areas);
        assert_eq!(of_kind.hidden_from_guardians, held.facts.hidden_from_guardians);
        assert_eq!(of_kind.genesis.change().deps, []);
        let facts = of_kind.facts(CaseId::from_bytes([9; 16]));
        assert_eq!((facts.written_by, facts.changes), (None, 1));
    }
    let input = opened.entries.iter().find(|entry| entry.kind == EntryKind::GuardianInput).expect("one");
    let mother = About::Guardian(opened.guardians[0].person);
    assert_eq!(input.about, BTreeSet::from([About::Subject, mother]));
    let one = opened.relations[0];
    let kind = |id| opened.entries.iter().find(|entry| entry.entry == id).expect("there").kind;
    assert_eq!((kind(one.from), kind(one.to)), (EntryKind::Measure, EntryKind::Goal));
}

#[test]
fn no_two_ids_of_an_opened_case_are_the_same_and_none_is_the_old_ones() {
    let old = Old::usual();
    let opened = opened(&old.bytes()).expect("opens");

    let mut ids = BTreeSet::new();
    ids.extend(opened.parties.iter().map(|party| *party.person.as_bytes()));
    ids.extend(opened.entries.iter().flat_map(|one| [*one.entry.as_bytes(), *one.generation.as_bytes()]));
    ids.extend(opened.relations.iter().map(|one| *one.id.as_bytes()));
    assert_eq!(ids.len(), 2 + 6 * 2 + 1);
    let actors: BTreeSet<_> = opened.entries.iter().map(|one| one.genesis.change().actor).collect();
    assert_eq!(actors.len(), 6);
    assert!(old.entries.iter().all(|held| !ids.contains(held.facts.entry.as_bytes())));
}

#[test]
fn a_bad_frame_opens_nothing() {
    let refused = |change: &dyn Fn(&mut Value)| changed(|document| change(document)).expect_err("refused");

    assert_eq!(refused(&|it| it["format"] = json!("stafett-package/2")), OpeningError::Format);
    assert_eq!(refused(&|it| it["from"] = json!(TO)), OpeningError::Parties);
    assert_eq!(refused(&|it| it["to"] = json!(FROM)), OpeningError::Parties);
    let by_nobody = json!({"guardian": 1});
    assert_eq!(refused(&|it| it["consent"]["given"][0]["by"] = by_nobody.clone()), OpeningError::Number);
    assert_eq!(refused(&|it| it["relations"] = json!([[0, 6]])), OpeningError::Number);
    assert_eq!(refused(&|it| it["relations"] = json!([[1, 1]])), OpeningError::Number);
    for key in ["format", "from", "to", "subject", "family", "note", "entries", "relations", "consent"] {
        let gone = |it: &mut Value| drop(it.as_object_mut().expect("an object").remove(key));
        assert_eq!(refused(&gone), OpeningError::Form, "{key}");
    }
    let form: [&dyn Fn(&mut Value); 12] = [
        &|it| it["from"] = json!("310000001"),
        &|it| it["subject"]["name"] = json!(""),
        &|it| it["subject"]["name"] = json!("Ante\u{202e}ryM"),
        &|it| it["subject"]["name"] = json!("A\u{30a}se"),
        &|it| it["subject"]["name"] = json!("a".repeat(1_025)),
        &|it| it["subject"]["birth_date"] = json!("14.5.2016"),
        &|it| it["subject"]["national_identity_number"] = json!("15831250087"),
        &|it| it["guide"]["level"] = json!(4),
        &|it| it["family"][0]["capacity"] = json!("subject"),
        &|it| it["note"] = json!("a".repeat(16 * 1024 + 1)),
        &|it| it["areas"] = json!(vec![json!({"code": "a", "name": "A"}); 33]),
        &|it| it["consent"]["given"] = json!(vec![it["consent"]["given"][0].clone(); 18]),
    ];
    for change in form {
        assert_eq!(refused(change), OpeningError::Form);
    }
}

#[test]
fn a_child_without_a_family_opens_nothing_and_a_youth_may_be_alone() {
    let alone = |kind: &str| {
        changed(|document| {
            document["subject_kind"] = json!(kind);
            document["family"] = json!([]);
            document["consent"]["given"][0]["by"] = json!("subject");
            document["entries"] = json!([]);
            document["relations"] = json!([]);
        })
    };

    assert_eq!(alone("child"), Err(OpeningError::NobodyToAsk));
    let foster = changed(|document| document["family"][0]["capacity"] = json!("foster-parent"));
    assert_eq!(foster, Err(OpeningError::NobodyToAsk), "who cares for a child cannot say yes for it");
    let ageless = changed(|document| {
        document["subject_kind"] = json!("youth");
        document["subject"].as_object_mut().expect("an object").remove("birth_date");
    });
    assert_eq!(ageless, Err(OpeningError::NobodyToAsk), "nobody could tell who must say yes");
    let opened = alone("youth").expect("opens");
    assert_eq!(opened.consent.given[0].0, opened.subject.person);
}

#[test]
fn an_entry_that_cannot_be_read_is_left_out_and_counted() {
    assert_eq!(unreadable(|_| ()), 0);
    let bad: [&dyn Fn(&mut Value); 19] = [
        &|it| *it = json!(7),
        &|it| it["kind"] = json!("secret"),
        &|it| it["kind"] = json!("case-card"),
        &|it| {
            *it = json!({"kind": "participants", "fields": {"participants": []}, "areas": ["language"],
            "about": ["subject"], "written_by": "partner", "written_on": "2026-11-03",
            "hidden_from_guardians": false})
        },
        &|it| it["about"] = json!([]),
        &|it| it["about"] = json!(["sibling"]),
        &|it| it["about"] = json!([{"guardian": 1}]),
        &|it| it["areas"] = json!([]),
        &|it| it["areas"] = json!(["Språk"]),
        &|it| it["areas"] = (0..33).map(|number| format!("a{number}")).collect(),
        &|it| it["fields"] = json!({}),
        &|it| it["fields"]["title"] = json!(" "),
        &|it| it["fields"]["title"] = json!("A\u{30a}se"),
        &|it| it["fields"]["title"] = json!("to\r\nlinjer"),
        &|it| it["fields"]["title"] = json!("a\u{0}"),
        &|it| it["fields"]["title"] = json!("a".repeat(20_001)),
        &|it| it["fields"]["deadline"] = json!("2027-01-01"),
        &|it| it["fields"]["set_on"] = json!("i går"),
        &|it| it["written_by"] = json!({"own": "Skole\u{202e}"}),
    ];
    for (number, change) in bad.into_iter().enumerate() {
        assert_eq!(unreadable(change), 1, "change {number}");
    }
    assert_eq!(unreadable(|it| it["fields"]["title"] = json!("a".repeat(19_900))), 0);
    assert_eq!(unreadable(|it| it["areas"] = (0..32).map(|number| format!("a{number}")).collect()), 0);
    // Free text may change its direction, as it may where it is written.
    assert_eq!(unreadable(|it| it["fields"]["title"] = json!("\u{202e}tilbake")), 0);
}

#[test]
fn what_a_later_version_says_beside_is_passed_over() {
    let deep = format!("{}1{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let text = String::from_utf8(Old::usual().bytes()).expect("text");
    let more = text.replacen('{', &format!("{{\"later\":{deep},\"also\":null,"), 1);

    assert_eq!(opened(more.as_bytes()), opened(text.as_bytes()));
    let in_an_entry = changed(|document| {
        document["entries"][0]["later"] = json!({"a": [1, 2]});
        document["subject"]["later"] = json!("b");
    });
    assert_eq!(in_an_entry.expect("opens").unreadable, 0);
}

#[test]
fn a_hostile_document_is_refused_or_its_entry_left_out() {
    let usual = Old::usual().bytes();
    let with_entries = |entries: &str| {
        let mut document: Value = serde_json::from_slice(&usual).expect("JSON");
        (document["entries"], document["relations"]) = (json!([]), json!([]));
        let text = document.to_string();
        assert!(text.contains("\"entries\":[]"));
        opened(text.replacen("\"entries\":[]", &format!("\"entries\":[{entries}]"), 1).as_bytes())
    };
    let many = |count: usize| vec!["0"; count].join(",");

    assert_eq!(with_entries(&many(PACKAGE_ENTRIES_MAX)).expect("opens").unreadable, 5_000);
    assert_eq!(with_entries(&many(PACKAGE_ENTRIES_MAX + 1)), Err(OpeningError::Form));
    assert_eq!(with_entries(&many(10_000)), Err(OpeningError::Form));
    let depth = 1_000_000;
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(with_entries(&deep).expect("opens").unreadable, 1);
    let shallow = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(with_entries(&shallow).expect("opens").unreadable, 1);
    assert_eq!(opened("[".repeat(depth).as_bytes()), Err(OpeningError::Form));
    assert_eq!(opened("{\"format\":".repeat(depth).as_bytes()), Err(OpeningError::Form));
    let huge = format!("\"{}\"", "a".repeat(30_000_000));
    assert_eq!(with_entries(&huge).expect("opens").unreadable, 1);
    // As a list of a field, nine million empty lists would take over 300 MB if they were read.
    let lists =
        format!("{{\"kind\":\"meeting\",\"fields\":{{\"invited\":[{}[]]}}}}", "[],".repeat(9_000_000));
    assert_eq!(with_entries(&lists).expect("opens").unreadable, 1);
    assert_eq!(opened(b"\xff\xfe{}"), Err(OpeningError::Form));
    assert_eq!(opened(b""), Err(OpeningError::Form));
}

#[test]
fn a_document_has_its_bytes_and_not_one_more() {
    let mut document = Old::usual().bytes();
    document.resize(PACKAGE_BYTES_MAX - SEAL_BYTES, b' ');
    assert!(opened(&document).is_ok());

    document.push(b' ');

    assert_eq!(opened(&document), Err(OpeningError::TooLarge));
}

#[test]
fn an_entry_has_its_bytes_and_not_one_more() {
    let of_bytes = |bytes: usize| {
        let mut old = Old::usual();
        (old.entries, old.relations) = (vec![Held::note("one", "Hei")], Vec::new());
        let text = String::from_utf8(old.bytes()).expect("text");
        let raw: Value = serde_json::from_str(&text).expect("JSON");
        let length = raw["entries"][0].to_string().len();
        let padded = format!("[{{{}\"kind\"", " ".repeat(bytes - length));
        let opened = opened(text.replacen("[{\"kind\"", &padded, 1).as_bytes()).expect("opens");
        (opened.entries.len(), opened.unreadable)
    };

    assert_eq!(of_bytes(PACKAGE_ENTRY_BYTES_MAX), (1, 0));
    assert_eq!(of_bytes(PACKAGE_ENTRY_BYTES_MAX + 1), (0, 1));
}

#[test]
fn an_area_that_does_not_exist_here_is_named_and_stays_with_its_entries() {
    let mut old = Old::usual();
    old.area_names.insert(area("play"), "Lek og venner".to_owned());
    let only = BTreeSet::from([area("language")]);

    let opened = open(&old.bytes(), &here(&only), random()).expect("opens");

    let name = Line::of("Lek og venner").expect("a line");
    assert_eq!(opened.areas_elsewhere, BTreeMap::from([(area("play"), Some(name))]));
    let theirs = opened.entries.iter().find(|entry| entry.kind == EntryKind::BrightSpot).expect("there");
    assert_eq!(theirs.areas, areas());
    assert_eq!((opened.entries.len(), opened.unreadable), (6, 0));
}

#[test]
fn the_level_is_one_that_the_action_guide_here_has() {
    let level_of = |said: u8, entry_level: u8, top: u8| {
        let mut old = Old::usual();
        old.level = said;
        let areas = areas();
        let here = Here { entry_level: level(entry_level), top_level: level(top), ..here(&areas) };
        let opened = open(&old.bytes(), &here, random()).expect("opens");
        assert_eq!(opened.guide.level, level(said));
        opened.level
    };

    assert_eq!(level_of(0, 1, 3), level(1));
    assert_eq!(level_of(2, 1, 3), level(2));
    assert_eq!(level_of(3, 1, 2), level(2));
}

#[test]
fn what_a_child_asked_to_keep_from_its_guardians_stays_hidden_whatever_the_package_says() {
    let mut old = Old::usual();
    let voice = old.entries.iter_mut().find(|held| held.facts.kind == EntryKind::ChildVoice);
    voice.expect("there").facts.hidden_from_guardians = false;

    let opened = opened(&old.bytes()).expect("opens");

    let voice = opened.entries.iter().find(|entry| entry.kind == EntryKind::ChildVoice).expect("there");
    assert!(voice.hidden_from_guardians);
}

#[test]
fn the_longest_entry_that_can_be_packed_can_be_opened() {
    // Every character is one that JSON writes in two.
    let mut old = Old::usual();
    old.relations.clear();
    old.entries = vec![Held::note("one", &"\"".repeat(19_900)), Held::note("two", &"𝔰".repeat(15_000))];

    let opened = opened(&old.bytes()).expect("opens");

    assert_eq!((opened.entries.len(), opened.unreadable), (2, 0));
}

#[test]
fn an_opened_case_prints_nothing_of_what_it_holds() {
    let printed = format!("{:?}", opened(&Old::usual().bytes()));

    for text in ["Ante", "Siv", "Lese", "Marte", "Ring meg", "Skolen skal"] {
        assert!(!printed.contains(text), "{text}");
    }
    assert!(printed.contains("redacted"));
}

#[test]
fn what_a_youth_closed_to_a_guardian_stays_closed_where_the_case_goes() {
    let mut old = Old::usual();
    let mother =
        old.parties.iter().find(|party| party.capacity != Capacity::Subject).expect("a mother").person;
    old.closed = BTreeMap::from([(mother, BTreeSet::from([area("language"), area("grief")]))]);
    let document = old.bytes();

    let opened = opened(&document).expect("opens");

    let closed = BTreeMap::from([(opened.guardians[0].person, BTreeSet::from([area("language")]))]);
    assert_eq!(opened.closed, closed, "under the new id, and of what the package is about alone");
    assert!(!String::from_utf8(document).expect("text").contains("grief"));
    assert!(changed(|_| {}).expect("opens").closed.is_empty());
}
