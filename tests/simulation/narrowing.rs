//! A part of a consent is taken back: the partner keeps the rest, and its other services theirs.

use std::collections::BTreeSet;

use stafett_protocol::consent::{Channel, WithdrawnPart};
use stafett_protocol::entry::About;
use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::id::{ConsentId, EntryId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::time::MINUTE;
use stafett_protocol::transaction::EntryState;
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::{FATHER, MOTHER, areas, service};

use crate::story::Story;

const LOCKED: EntryState = EntryState::Locked { basis: LockBasis::OwnWriting };

/// What two areas hold: one entry of the owner's and one of the partner's own in each.
struct Shared {
    consent: ConsentId,
    kept: EntryId,
    closed: EntryId,
    own_kept: EntryId,
    own_closed: EntryId,
}

fn entries(story: &Story) -> BTreeSet<EntryId> {
    story.world.node(story.owner).store.entries.keys().copied().collect()
}

fn written_at_partner(story: &mut Story, area: &str, text: &str) -> EntryId {
    let before = entries(story);
    story.world.propose(story.partner, story.case, "ppt", &NewEntry::note_in(&[area], text), None);
    story.world.run();
    *entries(story).difference(&before).next().expect("the owner took it")
}

fn shared(story: &mut Story) -> Shared {
    let consent = story.share("ppt", &["language", "wellbeing"]);
    let kept = story.note("om språk");
    let closed = story.world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "om trivsel"));
    story.world.run();
    let own_kept = written_at_partner(story, "language", "rådgiveren om språk");
    let own_closed = written_at_partner(story, "wellbeing", "rådgiveren om trivsel");
    Shared { consent, kept, closed, own_kept, own_closed }
}

fn take_back(story: &mut Story, consent: ConsentId, area: &str) {
    let part = WithdrawnPart::Areas { areas: areas(&[area]) };
    let said = Said::ConsentWithdrawn { consent, giver: FATHER, channel: Channel::Oral, part };
    story.world.say_of(story.case, said);
}

fn except(story: &mut Story, consent: ConsentId, entry: EntryId) {
    story.world.say_of(story.case, Said::EntryExcepted { consent, giver: MOTHER, entry });
}

fn text(story: &Story, entry: EntryId) -> Option<String> {
    story.world.text(story.partner, entry)
}

#[test]
fn area_taken_back_is_erased_there_and_the_rest_comes_again_with_own_writing() {
    for seed in 0..6 {
        let mut story = Story::new(seed);
        let Shared { consent, kept, closed, own_kept, own_closed } = shared(&mut story);

        take_back(&mut story, consent, "wellbeing");
        story.world.run();

        assert_eq!(text(&story, kept).as_deref(), Some("om språk"), "seed {seed}");
        assert_eq!(text(&story, own_kept).as_deref(), Some("rådgiveren om språk"), "seed {seed}");
        let store = &story.world.node(story.partner).store;
        assert!(!store.entries.contains_key(&closed), "seed {seed}");
        assert_eq!(store.entries[&own_closed].record.state, LOCKED, "seed {seed}");
        assert_eq!(store.entries.len(), 3, "seed {seed}");
        let filed: Vec<_> = story.world.node(story.owner).store.filed.values().collect();
        assert_eq!(filed.len(), 1, "seed {seed}");
        let items = &filed[0].statement().items;
        assert_eq!(
            items.keys().copied().collect::<BTreeSet<_>>(),
            [kept, closed, own_kept, own_closed].into()
        );
        assert_eq!(items[&closed], Done::Erased);
        assert_eq!(items[&own_closed], Done::Locked { basis: LockBasis::OwnWriting });
        story.assert_no_alarm();
    }
}

#[test]
fn after_an_area_is_taken_back_only_the_rest_is_written_to_and_fro() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let Shared { consent, kept, closed, own_kept, .. } = shared(&mut story);
        take_back(&mut story, consent, "wellbeing");
        story.world.run();
        let start = story.world.taps.len();

        story.world.edit(story.owner, kept, r#"{"description":"om språk, mer"}"#);
        story.world.edit(story.owner, closed, r#"{"description":"om trivsel, mer"}"#);
        story.world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "nytt om trivsel"));
        let both = NewEntry::note_in(&["language", "wellbeing"], "om begge deler");
        story.world.publish(story.case, &both);
        story.world.edit(story.partner, own_kept, r#"{"description":"rådgiveren skriver videre"}"#);
        story.world.run();

        assert_eq!(text(&story, kept).as_deref(), Some("om språk, mer"), "seed {seed}");
        let at_owner = story.world.text(story.owner, own_kept);
        assert_eq!(at_owner.as_deref(), Some("rådgiveren skriver videre"), "seed {seed}");
        let sent: BTreeSet<EntryId> = story.entries_sent_since(start).into_iter().collect();
        assert!(sent.is_subset(&[kept, own_kept].into()), "seed {seed}: {sent:?}");
        story.assert_no_alarm();
    }
}

#[test]
fn entry_closed_later_is_erased_there_and_nothing_else_is() {
    for seed in 0..6 {
        let mut story = Story::new(seed);
        let Shared { consent, kept, closed, own_kept, own_closed } = shared(&mut story);

        except(&mut story, consent, kept);
        story.world.run();

        let store = &story.world.node(story.partner).store;
        assert!(!store.entries.contains_key(&kept), "seed {seed}");
        for (entry, words) in
            [(closed, "om trivsel"), (own_kept, "rådgiveren om språk"), (own_closed, "rådgiveren om trivsel")]
        {
            assert_eq!(text(&story, entry).as_deref(), Some(words), "seed {seed}");
        }
        assert_eq!(story.world.node(story.owner).store.filed.len(), 1, "seed {seed}");
        let start = story.world.taps.len();
        story.world.edit(story.owner, kept, r#"{"description":"skal ikke frem"}"#);
        story.world.run();
        assert_eq!(story.entries_sent_since(start), Vec::new(), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn other_service_of_the_partner_keeps_what_its_own_consent_opens() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("clinic", &["language", "wellbeing"]);
        let Shared { consent, kept, closed, own_closed, .. } = shared(&mut story);

        take_back(&mut story, consent, "wellbeing");
        story.world.run();
        except(&mut story, consent, kept);
        story.world.run();
        story.world.edit(story.owner, closed, r#"{"description":"til klinikken"}"#);
        story.world.run();

        assert_eq!(text(&story, closed).as_deref(), Some("til klinikken"), "seed {seed}");
        assert_eq!(text(&story, kept).as_deref(), Some("om språk"), "seed {seed}");
        let store = &story.world.node(story.partner).store;
        for entry in [kept, closed, own_closed] {
            let under = &store.entries[&entry].record.under;
            let services: BTreeSet<_> = under
                .iter()
                .filter(|grant| store.received[*grant].counts(story.world.now()))
                .map(|grant| store.received[grant].grant.service.to_string())
                .collect();
            assert_eq!(services, ["clinic".to_owned()].into(), "seed {seed}");
        }
        let filed = &story.world.node(story.owner).store.filed;
        let kept_there = filed
            .values()
            .filter(|receipt| receipt.statement().items.get(&closed) == Some(&Done::KeptForAnotherService));
        assert_eq!(kept_there.count(), 1, "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn narrowing_while_the_line_is_cut_closes_at_once_and_is_carried_out_when_it_heals() {
    for (seed, crash) in [(0, Crash::BeforeCommits), (1, Crash::AfterCommits), (2, Crash::AfterCommits)] {
        let mut story = Story::new(seed);
        let Shared { consent, kept, closed, .. } = shared(&mut story);
        story.world.cut(story.owner, story.partner);
        take_back(&mut story, consent, "wellbeing");
        story.world.edit(story.owner, kept, r#"{"description":"skrevet mens linjen var brutt"}"#);
        let start = story.world.taps.len();

        story.world.heal(story.owner, story.partner);
        story.world.run_for(story.world.chance.below(3_000, "when"));
        story.world.restart(story.partner, crash);
        story.world.run_for(30 * MINUTE);

        assert!(!story.entries_sent_since(start).contains(&closed), "seed {seed}");
        assert!(!story.world.node(story.partner).store.entries.contains_key(&closed), "seed {seed}");
        let words = text(&story, kept);
        // An entry with a history waits for a generation of one change.
        assert!(words.is_none() || words.as_deref() == Some("skrevet mens linjen var brutt"), "seed {seed}");
        story.world.renew(story.owner, kept);
        story.world.run_for(2 * MINUTE);
        assert_eq!(text(&story, kept).as_deref(), Some("skrevet mens linjen var brutt"), "seed {seed}");
        assert_eq!(story.world.waiting(story.owner, story.partner).1, 0, "seed {seed}");
        assert_eq!(story.world.node(story.owner).store.filed.len(), 1, "seed {seed}");
    }
}

#[test]
fn guardian_who_closes_what_is_about_the_guardian_leaves_the_childs_own() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
        let consent = story.world.ask(story.case, &ask);
        story.world.give(story.case, consent, MOTHER, false);
        story.world.give(story.case, consent, FATHER, true);
        let about = [About::Guardian(FATHER)];
        let about_father = NewEntry { about: &about, ..NewEntry::note("om far") };
        let of_father = story.world.publish(story.case, &about_father);
        let of_child = story.note("om barnet");
        assert_eq!(text(&story, of_father).as_deref(), Some("om far"));

        let part = WithdrawnPart::AboutSelf;
        let said = Said::ConsentWithdrawn { consent, giver: FATHER, channel: Channel::Digital, part };
        story.world.say_of(story.case, said);
        story.world.run();

        assert!(!story.world.node(story.partner).store.entries.contains_key(&of_father), "seed {seed}");
        assert_eq!(text(&story, of_child).as_deref(), Some("om barnet"), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn entry_closed_under_one_of_two_consents_to_a_service_is_erased_there_and_stays_away() {
    for seed in 0..6 {
        let mut story = Story::new(seed);
        let first = story.share("ppt", &["language", "wellbeing"]);
        let second = story.share("ppt", &["language"]);
        let (kept, closed) = (story.note("blir"), story.note("lukkes"));
        story.world.run();
        assert_eq!(text(&story, closed).as_deref(), Some("lukkes"), "seed {seed}");

        except(&mut story, first, closed);
        story.world.run();

        assert!(!story.world.node(story.partner).store.entries.contains_key(&closed), "seed {seed}");
        assert_eq!(text(&story, kept).as_deref(), Some("blir"), "seed {seed}");
        story.world.withdraw(story.case, first);
        story.world.run();
        assert!(!story.world.node(story.partner).store.entries.contains_key(&closed), "seed {seed}");
        assert_eq!(text(&story, kept).as_deref(), Some("blir"), "seed {seed}: under the second");
        story.world.withdraw(story.case, second);
        story.world.run();
        assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn agreement_that_gets_fewer_areas_recalls_them_and_leaves_the_rest() {
    for seed in 0..6 {
        let mut story = Story::new(seed);
        let Shared { kept, closed, own_kept, own_closed, .. } = shared(&mut story);

        story.world.change_standing(story.owner, story.partner, |agreement, _| {
            let agreement = agreement.as_mut().expect("an agreement");
            agreement.areas.retain(|area| area.as_str() != "wellbeing");
        });
        story.world.sweep(story.case);
        story.world.run();

        let store = &story.world.node(story.partner).store;
        assert!(!store.entries.contains_key(&closed), "seed {seed}");
        assert_eq!(store.entries[&own_closed].record.state, LOCKED, "seed {seed}");
        assert_eq!(text(&story, kept).as_deref(), Some("om språk"), "seed {seed}");
        assert_eq!(text(&story, own_kept).as_deref(), Some("rådgiveren om språk"), "seed {seed}");

        story.world.change_standing(story.owner, story.partner, |agreement, _| {
            agreement.as_mut().expect("an agreement").areas.extend(areas(&["wellbeing"]));
        });
        let orders = story.world.node(story.owner).store.filed.len();
        story.world.sweep(story.case);
        story.world.run();
        assert_eq!(text(&story, closed).as_deref(), Some("om trivsel"), "seed {seed}: agreed again");
        assert_eq!(story.world.node(story.owner).store.filed.len(), orders, "seed {seed}: nothing recalled");
        story.assert_no_alarm();
    }
}
