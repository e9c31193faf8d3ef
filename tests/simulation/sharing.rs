//! What is shared, with whom, and what merges.

use stafett_protocol::entry::{About, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{EntryId, GenerationId, ProposalId};
use stafett_protocol::time::MINUTE;
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{Acknowledge, Carried, Changes, ChangesRefused, Frame, LetGo, Propose, Resend};
use stafett_tests::federation::{AskFor, NewEntry};
use stafett_tests::names::{FATHER, MOTHER, service};
use stafett_tests::tap::{Tap, holds};

use crate::story::Story;

#[test]
fn first_share_brings_what_is_in_scope_and_nothing_else() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let language = story.note("leser gjerne høyt");
        let wellbeing = story.world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "sover lite"));
        let both =
            story.world.publish(story.case, &NewEntry::note_in(&["language", "wellbeing"], "begge deler"));
        let none = story.world.publish(story.case, &NewEntry::note_in(&[], "uten område"));

        story.share("ppt", &["language"]);

        assert_eq!(story.world.text(story.partner, language).as_deref(), Some("leser gjerne høyt"));
        for hidden in [wellbeing, both, none] {
            assert_eq!(story.world.text(story.partner, hidden), None);
        }
        for text in ["sover lite", "begge deler", "uten område"] {
            assert!(!story.world.taps.iter().any(|tap| holds(tap.bytes(), text)), "{text}");
        }
        story.assert_no_alarm();
    }
}

#[test]
fn nothing_is_shared_until_both_guardians_have_said_yes() {
    let mut story = Story::new(1);
    let entry = story.note("leser gjerne høyt");
    let consent = story.world.ask(story.case, &AskFor::both(service(story.partner, "ppt"), &["language"]));
    story.world.give(story.case, consent, MOTHER, false);
    story.world.run();
    assert_eq!(story.world.text(story.partner, entry), None);

    story.world.give(story.case, consent, FATHER, false);
    story.world.run();

    assert!(story.world.text(story.partner, entry).is_some());
}

#[test]
fn entry_and_edit_made_after_sharing_come_by_themselves() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);

        let entry = story.note("først");
        story.world.edit(story.owner, entry, r#"{"description":"først, så mer"}"#);
        story.world.run();

        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("først, så mer"));
        story.assert_no_alarm();
    }
}

#[test]
fn entry_with_a_history_waits_for_a_generation_of_its_own() {
    let mut story = Story::new(2);
    let entry = story.note("et navn som ble strøket");
    story.world.edit(story.owner, entry, r#"{"description":"uten det"}"#);
    story.share("ppt", &["language"]);
    assert_eq!(story.world.text(story.partner, entry), None);

    story.world.renew(story.owner, entry);
    story.world.run();

    assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("uten det"));
    assert!(!story.world.taps.iter().any(|tap| holds(tap.bytes(), "et navn som ble strøket")));
}

#[test]
fn proposal_of_a_partner_comes_back_as_an_entry_with_an_id() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);

        story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("fra rådgiveren"), None);
        story.world.run();

        let store = &story.world.node(story.owner).store;
        let entry = *store.entries.keys().next().expect("the owner took it");
        assert_eq!(story.world.text(story.owner, entry).as_deref(), Some("fra rådgiveren"));
        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("fra rådgiveren"));
        assert!(story.world.node(story.partner).store.proposals.is_empty());
        story.assert_no_alarm();
    }
}

#[test]
fn childs_words_at_a_partner_that_are_not_for_guardians_are_kept_from_them_at_the_owner() {
    for withheld in [true, false] {
        let mut story = Story::new(3);
        story.share("ppt", &["language"]);
        let said = serde_json::json!({ "description": "ikke si det", "withheld_from_guardians": withheld });
        let voice = NewEntry { kind: EntryKind::ChildVoice, json: said.to_string(), ..NewEntry::note("") };

        story.world.propose(story.partner, story.case, "ppt", &voice, None);
        story.world.run();

        let kept = story.world.node(story.owner).store.entries.values().next().expect("the owner took it");
        assert_eq!(kept.record.facts.hidden_from_guardians, withheld);
    }
}

#[test]
fn proposal_outside_the_grant_goes_back_to_its_author() {
    let mut story = Story::new(1);
    story.share("ppt", &["language"]);

    let outside = NewEntry::note_in(&["wellbeing"], "utenfor");
    story.world.propose(story.partner, story.case, "ppt", &outside, None);
    story.world.run();

    assert!(story.world.node(story.owner).store.entries.is_empty());
}

#[test]
fn concurrent_edits_over_a_cut_link_converge_with_both_texts_and_a_conflict_of_deadlines() {
    for seed in 0..6 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.world.publish(story.case, &NewEntry::measure("Lesetrening", "2026-10-01"));
        story.world.run();
        story.world.cut(story.owner, story.partner);
        let at_owner = r#"{"title":"Daglig Lesetrening","deadline":"2026-11-01"}"#;
        let at_partner = r#"{"title":"Lesetrening med lydbok","deadline":"2026-12-01"}"#;
        assert!(story.world.edit(story.owner, entry, at_owner));
        assert!(story.world.edit(story.partner, entry, at_partner));

        story.world.heal(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        let at_owner = story.world.view(story.owner, entry).expect("its own");
        let at_partner = story.world.view(story.partner, entry).expect("shared");
        assert_eq!(at_owner, at_partner, "seed {seed}");
        assert_eq!(at_owner.text(FieldKey::Title), "Daglig Lesetrening med lydbok");
        let deadlines = vec![FieldValue::from("2026-11-01"), FieldValue::from("2026-12-01")];
        assert_eq!(at_owner.conflicts[&FieldKey::Deadline], deadlines);
        story.assert_no_alarm();
    }
}

#[test]
fn third_partner_never_sees_anything() {
    let mut story = Story::new(3);
    let before = story.world.taps_between(story.owner, story.third).len();
    story.share("ppt", &["language"]);
    let entry = story.note("bare til ppt");

    story.world.edit(story.partner, entry, r#"{"description":"bare til ppt, og endret"}"#);
    story.world.run();

    assert_eq!(story.world.taps_between(story.owner, story.third).len(), before);
    assert!(story.world.taps_between(story.partner, story.third).is_empty());
}

#[test]
fn edit_of_one_partner_reaches_another_with_the_same_scope() {
    let mut story = Story::new(1);
    story.share("ppt", &["language"]);
    let ask = AskFor::both(service(story.third, "ppt"), &["language"]);
    story.world.share(story.case, &ask);
    let entry = story.note("til begge");

    story.world.edit(story.partner, entry, r#"{"description":"til begge, endret"}"#);
    story.world.run();

    assert_eq!(story.world.text(story.third, entry).as_deref(), Some("til begge, endret"));
    story.assert_no_alarm();
}

#[test]
fn entry_excepted_for_one_service_goes_to_the_other_alone() {
    let mut story = Story::new(2);
    let entry = story.note("ikke til klinikken");
    let ask =
        AskFor { exceptions: &[entry], ..AskFor::both(service(story.partner, "clinic"), &["language"]) };
    story.world.share(story.case, &ask);
    story.world.run();
    assert_eq!(story.world.text(story.partner, entry), None);

    story.share("ppt", &["language"]);

    let under = &story.world.node(story.partner).store.entries[&entry].record.under;
    let received = &story.world.node(story.partner).store.received;
    let services: Vec<_> = under.iter().map(|grant| received[grant].grant.service.as_str()).collect();
    assert_eq!(services, ["ppt"]);
}

#[test]
fn relation_is_named_only_when_both_ends_are_shared() {
    let mut story = Story::new(1);
    let goal = story.note("målet");
    let measure = story.world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "tiltaket"));
    story.world.relate(story.case, measure, goal);
    story.share("ppt", &["language"]);
    assert!(story.world.node(story.partner).store.relations.is_empty());
    assert!(!story.sent_since(0).iter().any(|frame| matches!(frame, Frame::Relation(_))));

    story.share("clinic", &["wellbeing", "language"]);

    assert_eq!(story.world.node(story.partner).store.relations.len(), 1);
    story.assert_no_alarm();
}

#[test]
fn proposal_towards_a_shared_entry_is_related_to_it() {
    let mut story = Story::new(2);
    let goal = story.note("målet");
    story.share("ppt", &["language"]);

    story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("tiltaket"), Some(goal));
    story.world.run();

    let relation = *story.world.node(story.owner).store.relations.values().next().expect("related");
    assert_eq!(relation.to, goal);
    assert_eq!(story.world.node(story.partner).store.relations[&relation.id], relation);
}

#[test]
fn entry_about_a_guardian_waits_for_that_guardians_own_yes() {
    let mut story = Story::new(1);
    let about = [About::Guardian(MOTHER)];
    let new = NewEntry { about: &about, ..NewEntry::note("om mor") };
    let entry = story.world.publish(story.case, &new);
    story.share("ppt", &["language"]);
    assert_eq!(story.world.text(story.partner, entry), None);

    let consent = story.world.ask(story.case, &AskFor::both(service(story.partner, "clinic"), &["language"]));
    story.world.give(story.case, consent, MOTHER, true);
    story.world.give(story.case, consent, FATHER, false);
    story.world.run();

    assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("om mor"));
}

/// The answers to frames about an id, in a world where the id is hidden and in one where there is
/// no such entry.
fn answers_to(seed: u64, is_there: bool, frame: impl Fn(EntryId) -> Frame) -> Vec<Tap> {
    let mut story = Story::new(seed);
    let partners_case = story.world.open_case(story.partner);
    story.note("delt");
    story.share("ppt", &["language"]);
    if seed >= 2 {
        let ask = AskFor::both(service(story.owner, "school"), &["language"]);
        story.world.share(partners_case, &ask);
        story.world.run();
    }
    let hidden = story.world.hidden(|world| {
        let new = NewEntry::note_in(&["wellbeing"], "skjult");
        if is_there {
            world.publish(story.case, &new)
        } else {
            let label = "hidden operation 1 entry";
            EntryId::from_random(world.chance.half(label))
        }
    });
    story.world.run_for(MINUTE);
    let start = story.world.taps.len();
    for _ in 0..3 {
        story.world.forge(story.partner, story.owner, &frame(hidden));
        story.world.run_for(MINUTE);
    }
    assert_eq!(story.world.node(story.owner).store.entries.contains_key(&hidden), is_there);
    let taps = story.world.taps[start..].iter().filter(|tap| tap.from == story.owner);
    taps.cloned().collect()
}

#[test]
fn hidden_entry_and_no_entry_give_the_same_bytes() {
    let generation = GenerationId::from_bytes([7; 16]);
    let json = serde_json::from_str(r#"{"description":"gjettet"}"#).expect("fields");
    let content = stafett_protocol::entry::Content::new(EntryKind::Note, json).expect("content");
    let (_, guess) =
        stafett_protocol::entry::EntryDocument::create(stafett_protocol::entry::Actor([9; 16]), &content)
            .expect("a change");
    let frames: [&dyn Fn(EntryId) -> Frame; 7] = [
        &|entry| Frame::Changes(Changes { entry, generation, changes: vec![guess.change().clone()] }),
        &|entry| Frame::Acknowledge(Acknowledge { entry, generation, heads: vec![guess.hash()] }),
        &|entry| Frame::Resend(Resend { entry, generation }),
        &|entry| {
            let (heads, into) = (vec![guess.hash()], GenerationId::from_bytes([6; 16]));
            Frame::Carried(Carried { entry, generation, heads, into, onto: Vec::new() })
        },
        &|entry| Frame::LetGo(LetGo { entry, generation }),
        &|entry| Frame::ChangesRefused(ChangesRefused { entry, generation, code: ErrorCode::NotShared }),
        &|entry| {
            Frame::Propose(Box::new(Propose {
                proposal: ProposalId::from_bytes([8; 16]),
                grant: stafett_protocol::id::GrantId::from_bytes([8; 16]),
                case: stafett_protocol::id::CaseId::from_bytes([8; 16]),
                schema: stafett_protocol::entry::SchemaVersion::CURRENT,
                kind: EntryKind::Note,
                areas: stafett_tests::names::areas(&["language"]),
                about: std::collections::BTreeSet::from([About::Subject]),
                towards: Some(entry),
                change: guess.change().clone(),
            }))
        },
    ];
    for seed in 0..4 {
        for (number, frame) in frames.iter().enumerate() {
            let there = answers_to(seed, true, frame);
            let not_there = answers_to(seed, false, frame);

            assert_eq!(there, not_there, "seed {seed}, frame {number}");
        }
    }
}

#[test]
fn revoked_partner_hands_over_nothing() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("først");
        story.world.change_standing(story.partner, story.owner, |_, standing| {
            *standing = stafett_protocol::agreement::Standing::Revoked;
        });
        story.share("clinic", &["language"]);
        story.world.edit(story.owner, entry, r#"{"description":"etterpå"}"#);
        let new = story.note("ny");
        story.world.relate(story.case, new, entry);
        story.world.run_for(2 * MINUTE);

        let store = &story.world.node(story.partner).store;
        assert_eq!(store.received.len(), 1, "seed {seed}");
        assert_eq!(store.entries.keys().copied().collect::<Vec<_>>(), [entry], "seed {seed}");
        assert_eq!(store.entries[&entry].changes.len(), 1, "seed {seed}");
        assert!(store.relations.is_empty(), "seed {seed}");
    }
}

#[test]
fn grant_for_a_service_that_only_one_agreement_names_is_refused_and_told() {
    use stafett_protocol::link::output::Alarm;
    let mut story = Story::new(1);
    story.world.change_standing(story.partner, story.owner, |agreement, _| {
        let agreement = agreement.as_mut().expect("an agreement");
        agreement.our_services.retain(|code| code.as_str() != "clinic");
    });
    story.world.run_for(2 * MINUTE);

    story.share("clinic", &["language"]);

    let alarms = &story.world.node(story.owner).alarms;
    assert_eq!(alarms.as_slice(), [(story.partner, Alarm::GrantRefused)]);
    assert!(story.world.node(story.partner).store.received.is_empty());
    assert!(story.world.is_live(story.owner, story.partner));
}

#[test]
fn entry_whose_row_could_not_be_written_goes_out_a_while_later() {
    let mut story = Story::new(1);
    story.share("ppt", &["language"]);
    let entry = story.world.publish(story.case, &NewEntry::note("disken var full"));
    story.world.node_mut(story.owner).store.fails_next = Some(stafett_protocol::transaction::Fault::Store);
    story.world.run();
    assert_eq!(story.world.text(story.partner, entry), None);

    story.world.run_for(MINUTE);

    assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("disken var full"));
}

#[test]
fn agreement_that_begins_later_opens_at_its_first_moment_and_not_with_the_next_event() {
    let mut story = Story::new(1);
    story.share("ppt", &["language"]);
    let begins = story.world.now().plus(MINUTE);
    story.world.change_standing(story.owner, story.partner, |agreement, _| {
        agreement.as_mut().expect("agreed").from = begins;
    });
    let start = story.world.taps.len();
    let entry = story.note("snart");
    story.world.run_for(MINUTE - 1_000);
    assert_eq!(story.entries_sent_since(start), Vec::new());

    story.world.run_for(2_000);

    assert_eq!(story.entries_sent_since(start), [entry]);
}
